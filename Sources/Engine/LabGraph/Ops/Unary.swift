import LabCore

/// An elementary function of each element.
///
/// ## Shapes
/// - `x`: any f32 shape; result alike.
public struct Unary: Operation {
  public static let name = "unary"

  /// The functions.
  public enum Function: Sendable, Hashable {
    case negate, exponential, logarithm, square, squareRoot, reciprocal, reciprocalSquareRoot
    /// `factor · x + offset`
    case affine(factor: Float, offset: Float)
  }

  /// The function.
  public var function: Function

  /// Creates the operation.
  public init(_ function: Function) { self.function = function }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32 else {
      throw shapeError(expected: "one float tensor", actual: inputs)
    }
    return inputs
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let builder = context.builder
    let upstream = context.outputGradient
    let x = context.inputs[0]
    let y = context.outputs[0]
    func scaled(_ tensor: Tensor, _ factor: Float) throws -> Tensor {
      try builder.apply(Unary(.affine(factor: factor, offset: 0)), tensor)
    }
    switch function {
    case .negate: return [try builder.apply(Unary(.negate), upstream)]
    case .exponential: return [try builder.apply(Binary(.multiply), upstream, y)]
    case .logarithm: return [try builder.apply(Binary(.divide), upstream, x)]
    case .square: return [try scaled(builder.apply(Binary(.multiply), upstream, x), 2)]
    case .squareRoot: return [try scaled(builder.apply(Binary(.divide), upstream, y), 0.5)]
    case .reciprocal:
      return [try scaled(builder.apply(Binary(.multiply), upstream, builder.apply(Unary(.square), y)), -1)]
    case .reciprocalSquareRoot:
      let cubed = try builder.apply(Binary(.multiply), builder.apply(Unary(.square), y), y)
      return [try scaled(builder.apply(Binary(.multiply), upstream, cubed), -0.5)]
    case .affine(let factor, _): return [try scaled(upstream, factor)]
    }
  }
}
