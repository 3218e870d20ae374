import LabCore

/// The same elements with the axes in another order; channel shuffle is a permutation between two reshapes.
///
/// ## Shapes
/// - `x`: f32 of the order's rank; result: its extent `i` is the operand's extent `order[i]`.
public struct Permute: Operation {
  public static let name = "permute"
  /// For each axis of the result the operand's axis.
  public var order: [Int]

  /// Creates the operation.
  public init(_ order: [Int]) { self.order = order }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, order.sorted() == Array(0..<inputs[0].shape.rank) else {
      throw shapeError(expected: "one float tensor whose axes are those of \(order)", actual: inputs)
    }
    return [TensorType(Shape(order.map { inputs[0].shape[$0] }))]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    var inverse = order
    for (position, axis) in order.enumerated() { inverse[axis] = position }
    return [try context.builder.apply(Permute(inverse), context.outputGradient)]
  }
}
