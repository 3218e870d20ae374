import LabCore

/// The loss of each sample of a classifier, from logits and labels.
///
/// ## Shapes
/// - `logits`: `[N, C]` f32; `labels`: `[N]` int32; optional `classWeights`: `[C]` f32, by which each sample's loss is
///   multiplied; result `[N]`: one loss a sample, so that means, masks and mixtures stay ordinary operations.
/// - Source: focal loss: Lin et al., "Focal loss for dense object detection", ICCV 2017, arXiv 1708.02002; class
///   weights: Cui et al., "Class-balanced loss", CVPR 2019, arXiv 1901.05555.
public struct ClassificationLoss: Operation {
  public static let name = "classification_loss"

  /// The functions of the probability `p` of the true class.
  public enum Function: Sendable, Hashable {
    /// `−log p`, with the target smoothed towards the uniform distribution.
    case crossEntropy(labelSmoothing: Float)
    /// `−α (1 − p)^γ log p`
    case focal(alpha: Float, gamma: Float)
  }

  /// The function.
  public var function: Function

  /// Creates the operation.
  public init(_ function: Function) { self.function = function }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 2 || inputs.count == 3, inputs[0].shape.rank == 2, inputs[0].element == .float32,
      inputs[1] == TensorType([inputs[0].shape[0]], .int32),
      inputs.count == 2 || inputs[2] == TensorType([inputs[0].shape[1]])
    else {
      throw shapeError(
        expected: "logits [N, C], integer labels [N] and optional class weights [C]", actual: inputs)
    }
    return [TensorType([inputs[0].shape[0]])]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    guard !context.needsGradient.dropFirst(2).contains(true) else {
      throw GraphError.notDifferentiable(operation: Self.name + " class weights", path: context.path)
    }
    let gradient = try context.builder.apply(
      ClassificationLossGradient(function), [context.outputGradient] + context.inputs)[0]
    return [gradient] + [Tensor?](repeating: nil, count: context.inputs.count - 1)
  }
}

/// The gradient of a classification loss's logits.
///
/// ## Shapes
/// - operands: `upstream` `[N]`, then the forward operation's operands; result `[N, C]`.
public struct ClassificationLossGradient: Operation {
  public static let name = "classification_loss_gradient"
  /// The function.
  public var function: ClassificationLoss.Function

  /// Creates the operation.
  public init(_ function: ClassificationLoss.Function) { self.function = function }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count >= 3,
      try ClassificationLoss(function).outputTypes(for: Array(inputs.dropFirst())) == [inputs[0]]
    else { throw shapeError(expected: "an upstream gradient [N] and the forward operands", actual: inputs) }
    return [inputs[1]]
  }
}
