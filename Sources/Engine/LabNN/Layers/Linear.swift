import LabCore
import LabGraph

/// A matrix product with parameters `weight` `[O, I]` and, by option, `bias` `[O]`.
///
/// ## Shapes
/// - `x`: `[N, I]`; result `[N, O]`.
public struct Linear: Layer, Hashable {
  /// The number of results a sample.
  public var outputFeatures: Int
  /// Whether a number a result is added.
  public var hasBias: Bool
  /// How the parameters start.
  public var initialization: WeightInitialization
  /// Whether the weight is declared as a 1×1 kernel `[O, I, 1, 1]`, as networks that write it as a convolution name it.
  public var isPointwiseConvolution: Bool

  /// Creates the layer.
  public init(
    outputFeatures: Int, hasBias: Bool = true, initialization: WeightInitialization = .torchDefault,
    isPointwiseConvolution: Bool = false
  ) {
    self.outputFeatures = outputFeatures
    self.hasBias = hasBias
    self.initialization = initialization
    self.isPointwiseConvolution = isPointwiseConvolution
  }

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    guard x.shape.rank == 2 else {
      throw GraphError.shape(
        operation: "linear", path: context.builder.path, expected: "a matrix [N, I]", actual: x.type.description)
    }
    let matrix: Shape = [outputFeatures, x.shape[1]]
    let declared: Shape = isPointwiseConvolution ? [outputFeatures, x.shape[1], 1, 1] : matrix
    let weight = try context.parameter("weight", declared, initialization.weight(declared))
    let product = try x.multiplied(byTransposed: weight.reshaped(to: matrix))
    guard hasBias else { return product }
    return try product.adding(
      context.parameter("bias", [outputFeatures], initialization.bias(matrix), category: .bias))
  }
}
