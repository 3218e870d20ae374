import LabCore

/// A contiguous range of positions along an axis.
///
/// ## Shapes
/// - `x`: f32 with at least `start + count` positions along `axis`; result: `count` positions there.
public struct Slice: Operation {
  public static let name = "slice"
  /// The axis that is cut.
  public var axis: Int
  /// The first position that is kept.
  public var start: Int
  /// The number of positions that are kept.
  public var count: Int

  /// Creates the operation.
  public init(axis: Int, start: Int, count: Int) {
    self.axis = axis
    self.start = start
    self.count = count
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, axis >= 0, axis < inputs[0].shape.rank, start >= 0,
      count > 0, start + count <= inputs[0].shape[axis]
    else {
      throw shapeError(
        expected: "one float tensor with positions \(start) to \(start + count - 1) along axis \(axis)",
        actual: inputs)
    }
    var shape = inputs[0].shape
    shape[axis] = count
    return [TensorType(shape)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let after = context.inputs[0].shape[axis] - start - count
    return [try context.builder.apply(Pad(axis: axis, before: start, after: after), context.outputGradient)]
  }
}
