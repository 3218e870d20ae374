import LabCore

/// Exponentials normalised to sum to 1 along the last axis.
///
/// ## Shapes
/// - `x`: `[…, C]` f32; result alike.
public struct Softmax: Operation {
  public static let name = "softmax"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, inputs[0].shape.rank >= 1 else {
      throw shapeError(expected: "one float tensor with at least one dimension", actual: inputs)
    }
    return inputs
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    [try context.builder.apply(SoftmaxGradient(), context.outputGradient, context.outputs[0])]
  }
}

/// The gradient of a softmax from its result.
///
/// ## Shapes
/// - operands: `upstream` and the softmax's result `[…, C]`; result alike.
public struct SoftmaxGradient: Operation {
  public static let name = "softmax_gradient"

  /// Creates the operation.
  public init() {}

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2, inputs[0] == inputs[1], inputs[0].element == .float32, inputs[0].shape.rank >= 1 else {
      throw shapeError(expected: "two float tensors of one shape", actual: inputs)
    }
    return [inputs[0]]
  }
}
