import LabCore

/// A non-linearity applied to each element.
///
/// ## Shapes
/// - `x`: any f32 shape; result alike.
public struct Activation: Operation {
  public static let name = "activation"

  /// The functions.
  public enum Function: String, Sendable, Codable, CaseIterable {
    /// `max(x, 0)`
    case relu
    /// `min(max(x, 0), 6)`
    case relu6
    /// `x · σ(x)`
    case silu
    /// `x · relu6(x + 3) / 6`
    case hardSwish = "hard-swish"
    /// `relu6(x + 3) / 6`
    case hardSigmoid = "hard-sigmoid"
    /// `x · Φ(x)` with the exact normal distribution function.
    case gelu
    /// `1 / (1 + e^−x)`
    case sigmoid
    /// The hyperbolic tangent.
    case tanh

    /// Whether the derivative is computed from the result instead of the operand, which then need not be kept.
    public var differentiatesFromOutput: Bool {
      switch self {
      case .relu, .relu6, .sigmoid, .tanh: true
      case .silu, .hardSwish, .hardSigmoid, .gelu: false
      }
    }
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
    let saved = function.differentiatesFromOutput ? context.outputs[0] : context.inputs[0]
    return [try context.builder.apply(ActivationGradient(function), context.outputGradient, saved)]
  }
}

/// The gradient of an activation.
///
/// ## Shapes
/// - operands: `upstream` and, of the same shape, the activation's result or operand as
///   ``Activation/Function/differentiatesFromOutput`` says; result alike.
public struct ActivationGradient: Operation {
  public static let name = "activation_gradient"
  /// The function.
  public var function: Activation.Function

  /// Creates the operation.
  public init(_ function: Activation.Function) { self.function = function }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs[0] == inputs[1], inputs[0].element == .float32 else {
      throw shapeError(expected: "two float tensors of one shape", actual: inputs)
    }
    return [inputs[0]]
  }
}
