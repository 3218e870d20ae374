import Foundation
import LabCore
import LabGraph
import LabNN

/// Efficient channel attention: a weight for each channel, from the means of its neighbours.
///
/// `x ⊙ σ(conv(GAP(x)))` with a one-dimensional convolution along the channels, whose window is the odd number nearest
/// to `(log₂ C + 1) / 2`, at least 3. Parameter as in timm: `conv.weight` `[1, 1, k]`.
///
/// - Source: Wang et al., "ECA-Net: efficient channel attention", CVPR 2020, arXiv 1910.03151.
public struct EfficientChannelAttention: FeatureAttention {
  /// The window; nil to follow the number of channels.
  public var window: Int?
  /// What makes weights of the convolution's results.
  public var gate = AttentionGate.sigmoid
  public var stages: [Int]?

  /// Creates the block.
  public init(window: Int?, stages: [Int]? = nil) {
    self.window = window
    self.stages = stages
  }

  /// Creates the block with a window that follows the number of channels.
  public init() { self.init(window: nil) }

  public static let variant = ConfigurationSchema.Variant(
    "eca", "Efficient channel attention: a weight for each channel, from the means of its neighbours.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field(
        "window", .optional(.integer(1...255)), default: .null,
        "The number of neighbouring channels, odd; 1 for each channel by itself, null to follow the number of channels."
      ).compared([.null, 3, 5, 7], off: 1),
      AttentionGate.field("gate", default: Self().gate, "What makes the weights of their logits."),
      .stages,
    ]))

  public var site: FeatureAttentionSite { .block }

  public func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[1])
    let size = window ?? Self.window(channels: channels)
    guard size % 2 == 1 else {
      throw ModelError.option(subject: "attention.window", problem: "the window is an odd number, found \(size)")
    }
    let kernel: Shape = [1, 1, size]
    let weight = try network.scope("conv") {
      try network.context.parameter("weight", kernel, .torchDefault(kernel)).reshaped(to: [1, 1, 1, size])
    }
    let means = try GlobalAveragePool()(x, in: network.context).reshaped(to: [batch, 1, 1, channels])
    let convolution = Convolution2D(ConvolutionGeometry(padding: Extent2D(0, size / 2)))
    let logits = try x.builder.apply(convolution, means, weight).reshaped(to: [batch, channels])
    return try x.channelsScaled(by: network.context.attention(.channelAttention, gate(logits)))
  }

  private static func window(channels: Int) -> Int {
    let size = Int(abs(log2(Double(channels)) + 1) / 2)
    return max(size % 2 == 1 ? size : size + 1, 3)
  }
}
