import LabCore

/// Element-wise arithmetic on two tensors, with NumPy's broadcasting.
///
/// ## Shapes
/// - shapes are aligned at the last dimension; extents must be equal, or 1 on one side.
public struct Binary: Operation {
  public static let name = "binary"

  /// The functions.
  public enum Function: String, Sendable, Codable, CaseIterable {
    case add, subtract, multiply, divide
  }

  /// The function.
  public var function: Function

  /// Creates the operation.
  public init(_ function: Function) { self.function = function }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs.allSatisfy({ $0.element == .float32 }),
      let shape = inputs[0].shape.broadcast(with: inputs[1].shape)
    else { throw shapeError(expected: "two float tensors whose shapes broadcast", actual: inputs) }
    return [TensorType(shape)]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let builder = context.builder
    let upstream = context.outputGradient
    let left = context.inputs[0]
    let right = context.inputs[1]
    func reduced(_ gradient: @autoclosure () throws -> Tensor, to operand: Int) throws -> Tensor? {
      guard context.needsGradient[operand] else { return nil }
      return try builder.sum(gradient(), to: context.inputs[operand].shape)
    }
    switch function {
    case .add:
      return [try reduced(upstream, to: 0), try reduced(upstream, to: 1)]
    case .subtract:
      return [try reduced(upstream, to: 0), try reduced(builder.apply(Unary(.negate), upstream), to: 1)]
    case .multiply:
      return [
        try reduced(builder.apply(Binary(.multiply), upstream, right), to: 0),
        try reduced(builder.apply(Binary(.multiply), upstream, left), to: 1),
      ]
    case .divide:
      return [
        try reduced(builder.apply(Binary(.divide), upstream, right), to: 0),
        try reduced(
          builder.apply(
            Unary(.negate),
            builder.apply(
              Binary(.divide), builder.apply(Binary(.multiply), upstream, context.outputs[0]), right)), to: 1),
      ]
    }
  }
}

extension Shape {
  /// The common shape of two that broadcast, or nil.
  public func broadcast(with other: Shape) -> Shape? {
    let rank = Swift.max(self.rank, other.rank)
    var result = Shape([Int](repeating: 1, count: rank))
    for offset in 1...Swift.max(rank, 1) where rank > 0 {
      let a = offset <= self.rank ? self[-offset] : 1
      let b = offset <= other.rank ? other[-offset] : 1
      guard a == b || a == 1 || b == 1 else { return nil }
      result[-offset] = a == 1 ? b : a
    }
    return result
  }
}

extension GraphBuilder {
  /// Sums a tensor over the dimensions along which an operand of `shape` was broadcast.
  func sum(_ tensor: Tensor, to shape: Shape) throws -> Tensor {
    guard tensor.shape != shape else { return tensor }
    let lead = tensor.shape.rank - shape.rank
    let axes = (0..<tensor.shape.rank).filter { $0 < lead || (shape[$0 - lead] == 1 && tensor.shape[$0] != 1) }
    let reduced = try apply(Reduction(.sum, axes: axes), tensor)
    return reduced.shape == shape ? reduced : try apply(Reshape(shape), reduced)
  }
}
