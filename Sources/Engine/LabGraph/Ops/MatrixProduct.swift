import LabCore

/// The product of two matrices, or of two equally long batches of matrices.
///
/// ## Shapes
/// - `a`: `[M, K]` or `[B, M, K]` (`[K, M]` when transposed); `b`: `[K, N]` or `[B, K, N]` (`[N, K]` when transposed);
///   result `[M, N]` or `[B, M, N]`.
public struct MatrixProduct: Operation {
  public static let name = "matrix_product"
  /// Whether the left operand is read transposed.
  public var transposesLeft: Bool
  /// Whether the right operand is read transposed.
  public var transposesRight: Bool

  /// Creates the operation.
  public init(transposesLeft: Bool = false, transposesRight: Bool = false) {
    self.transposesLeft = transposesLeft
    self.transposesRight = transposesRight
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      inputs[0].shape.rank == inputs[1].shape.rank, inputs[0].shape.rank == 2 || inputs[0].shape.rank == 3,
      inputs[0].shape.rank == 2 || inputs[0].shape[0] == inputs[1].shape[0],
      inputs[0].shape[transposesLeft ? -2 : -1] == inputs[1].shape[transposesRight ? -1 : -2]
    else { throw shapeError(expected: "two matrices whose inner extents agree", actual: inputs) }
    var shape = inputs[0].shape
    shape[-2] = inputs[0].shape[transposesLeft ? -1 : -2]
    shape[-1] = inputs[1].shape[transposesRight ? -2 : -1]
    return [TensorType(shape)]
  }

  public func multiplyAdds(inputs: [TensorType], outputs: [TensorType]) -> Int {
    outputs[0].shape.elementCount * inputs[0].shape[transposesLeft ? -2 : -1]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let (a, b, upstream) = (context.inputs[0], context.inputs[1], context.outputGradient)
    let builder = context.builder
    var gradients: [Tensor?] = [nil, nil]
    if context.needsGradient[0] {
      gradients[0] =
        transposesLeft
        ? try builder.apply(MatrixProduct(transposesLeft: transposesRight, transposesRight: true), b, upstream)
        : try builder.apply(MatrixProduct(transposesRight: !transposesRight), upstream, b)
    }
    if context.needsGradient[1] {
      gradients[1] =
        transposesRight
        ? try builder.apply(MatrixProduct(transposesLeft: true, transposesRight: transposesLeft), upstream, a)
        : try builder.apply(MatrixProduct(transposesLeft: !transposesLeft), a, upstream)
    }
    return gradients
  }
}
