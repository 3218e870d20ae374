import LabCore

/// The same elements in row-major order under another shape.
///
/// ## Shapes
/// - `x`: any shape with as many elements as the target; result: the target.
public struct Reshape: Operation {
  public static let name = "reshape"
  /// The result's shape.
  public var shape: Shape

  /// Creates the operation.
  public init(_ shape: Shape) { self.shape = shape }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].shape.elementCount == shape.elementCount else {
      throw shapeError(expected: "a tensor of \(shape.elementCount) elements for \(shape)", actual: inputs)
    }
    return [TensorType(shape, inputs[0].element)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    [try context.builder.apply(Reshape(context.inputs[0].shape), context.outputGradient)]
  }
}
