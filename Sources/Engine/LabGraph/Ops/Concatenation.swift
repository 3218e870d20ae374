import LabCore

/// Tensors one after the other along an axis.
///
/// ## Shapes
/// - operands: one or more f32 tensors that differ at most in the extent of `axis`; result: their extents added there.
public struct Concatenation: Operation {
  public static let name = "concatenation"
  /// The axis along which the operands follow one another.
  public var axis: Int

  /// Creates the operation.
  public init(axis: Int) { self.axis = axis }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard let first = inputs.first, axis >= 0, axis < first.shape.rank,
      inputs.allSatisfy({ input in
        input.element == .float32 && input.shape.rank == first.shape.rank
          && (0..<first.shape.rank).allSatisfy { $0 == axis || input.shape[$0] == first.shape[$0] }
      })
    else { throw shapeError(expected: "float tensors that differ at most along axis \(axis)", actual: inputs) }
    var shape = first.shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    return [TensorType(shape)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    var start = 0
    return try zip(context.inputs, context.needsGradient).map { input, isNeeded in
      let count = input.shape[axis]
      defer { start += count }
      guard isNeeded else { return nil }
      return try context.builder.apply(Slice(axis: axis, start: start, count: count), context.outputGradient)
    }
  }
}
