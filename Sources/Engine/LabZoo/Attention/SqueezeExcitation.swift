import LabCore
import LabGraph
import LabNN

/// Squeeze-and-excitation: a weight for each channel, from all channels' means.
///
/// `x ⊙ σ(fc2(ReLU(fc1(GAP(x)))))`. Parameters as in timm: weight and bias of `fc1` and `fc2`, 1×1 kernels.
///
/// - Source: Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018, arXiv 1709.01507.
public struct SqueezeExcitation: FeatureAttention {
  /// The width of the hidden layer as a share of the channels.
  public var reduction: Double
  /// The number that the hidden width is a multiple of.
  public var divisor: Int
  public var stages: [Int]?

  /// Creates the block.
  public init(reduction: Double = 1 / 16, divisor: Int = 8, stages: [Int]? = nil) {
    self.reduction = reduction
    self.divisor = divisor
    self.stages = stages
  }

  /// Creates the block with a sixteenth of the channels in the hidden layer.
  public init() { self.init(reduction: 1 / 16) }

  public static let variant = ConfigurationSchema.Variant(
    "se", "Squeeze-and-excitation: a weight for each channel, from all channels' means.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction), .divisor(default: Self().divisor), .stages,
    ]))

  public var site: FeatureAttentionSite { .block }

  public func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let channels = x.shape[1]
    let hidden = multiple(of: divisor, near: Double(channels) * reduction, atLeast: 0)
    let fc1 = Linear(outputFeatures: hidden, isPointwiseConvolution: true)
    let fc2 = Linear(outputFeatures: channels, isPointwiseConvolution: true)
    let z = try fc1(GlobalAveragePool()(x, in: network.context), "fc1", in: network.context).activated(.relu)
    let weights = try fc2(z, "fc2", in: network.context).activated(.sigmoid)
    return try x.channelsScaled(by: network.context.attention(.channelAttention, weights))
  }
}
