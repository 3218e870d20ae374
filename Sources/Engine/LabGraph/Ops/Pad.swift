import LabCore

/// Zeros before and after the positions along an axis.
///
/// ## Shapes
/// - `x`: f32 with the axis `axis`; result: `before + after` more positions there.
public struct Pad: Operation {
  public static let name = "pad"
  /// The axis that is extended.
  public var axis: Int
  /// The number of zeros before the first position.
  public var before: Int
  /// The number of zeros after the last position.
  public var after: Int

  /// Creates the operation.
  public init(axis: Int, before: Int, after: Int) {
    self.axis = axis
    self.before = before
    self.after = after
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, axis >= 0, axis < inputs[0].shape.rank, before >= 0,
      after >= 0
    else { throw shapeError(expected: "one float tensor that has the axis \(axis)", actual: inputs) }
    var shape = inputs[0].shape
    shape[axis] += before + after
    return [TensorType(shape)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let operation = Slice(axis: axis, start: before, count: context.inputs[0].shape[axis])
    return [try context.builder.apply(operation, context.outputGradient)]
  }
}
