import LabCore

/// Normalisation of each sample's groups of channels by the mean and variance of the group.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` f32 with `C` divisible by `groups`; `scale`, `shift`: `[C]`.
/// - results: `y` like `x`; each group's `mean` and `inverseDeviation`, `[N, groups]`.
/// - Source: Wu, He, "Group normalization", ECCV 2018, arXiv 1803.08494.
public struct GroupNormalization: Operation {
  public static let name = "group_norm"
  /// The number of groups of neighbouring channels.
  public var groups: Int
  /// Added to the variance, which is the biased one.
  public var epsilon: Float

  /// Creates the operation.
  public init(groups: Int, epsilon: Float = 1e-5) {
    self.groups = groups
    self.epsilon = epsilon
  }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 3, inputs[0].isImage(ofGroups: groups),
      inputs.dropFirst().allSatisfy({ $0 == TensorType([inputs[0].shape[1]]) })
    else {
      throw shapeError(
        expected: "an image [N, C, H, W] whose channels divide by \(groups) groups, and two vectors [C]",
        actual: inputs)
    }
    let statistics = TensorType([inputs[0].shape[0], groups])
    return [inputs[0], statistics, statistics]
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    // The statistics' own gradients are part of the rule; nothing else may be differentiated through them.
    guard context.outputGradients.dropFirst().allSatisfy({ $0 == nil }) else {
      throw GraphError.notDifferentiable(operation: Self.name + " statistics", path: context.path)
    }
    return try context.builder.apply(
      GroupNormalizationGradient(groups: groups),
      [context.outputGradient, context.inputs[0], context.inputs[1], context.outputs[1], context.outputs[2]])
  }
}

/// The gradients of group normalisation's input, scale and shift.
///
/// ## Shapes
/// - operands: `upstream` and `x` `[N, C, H, W]`, `scale` `[C]`, `mean` and `inverseDeviation` `[N, groups]`; results:
///   like `x`, `[C]`, `[C]`.
public struct GroupNormalizationGradient: Operation {
  public static let name = "group_norm_gradient"
  /// The number of groups of neighbouring channels.
  public var groups: Int

  /// Creates the operation.
  public init(groups: Int) { self.groups = groups }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 5, inputs[0] == inputs[1], inputs[0].isImage(ofGroups: groups),
      inputs[2] == TensorType([inputs[0].shape[1]]),
      inputs[3...].allSatisfy({ $0 == TensorType([inputs[0].shape[0], groups]) })
    else {
      throw shapeError(
        expected: "two images of one shape, a vector [C] and two matrices [N, \(groups)]", actual: inputs)
    }
    return [inputs[1], inputs[2], inputs[2]]
  }
}

extension TensorType {
  /// Whether this is a batch of images whose channels divide by a number of groups.
  fileprivate func isImage(ofGroups groups: Int) -> Bool {
    element == .float32 && shape.rank == 4 && groups > 0 && shape[1] % groups == 0
  }
}
