import LabCore

/// The channels in another order: the first of each group, then the second of each group, and so on.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]` f32 with C a multiple of the groups; result: the same.
/// - Source: Zhang et al., "ShuffleNet: an extremely efficient convolutional neural network for mobile devices",
///   CVPR 2018, arXiv 1707.01083.
public struct ChannelShuffle: Operation {
  public static let name = "channel_shuffle"
  /// The number of groups of neighbouring channels.
  public var groups: Int

  /// Creates the operation.
  public init(groups: Int) { self.groups = groups }

  public func outputTypes(for inputs: [TensorType]) throws -> [TensorType] {
    guard inputs.count == 1, inputs[0].element == .float32, inputs[0].shape.rank == 4, groups > 0,
      inputs[0].shape[1] % groups == 0
    else { throw shapeError(expected: "a float image whose channels are a multiple of \(groups)", actual: inputs) }
    return inputs
  }

  /// For each of `channels` channels of the result the operand's channel.
  public func sources(channels: Int) -> [Int] {
    (0..<channels).map { $0 % groups * (channels / groups) + $0 / groups }
  }

  public func gradients(_ context: GradientContext) throws -> [Tensor?] {
    let inverse = ChannelShuffle(groups: context.inputs[0].shape[1] / groups)
    return [try context.builder.apply(inverse, context.outputGradient)]
  }
}
