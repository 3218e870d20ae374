import LabCore
import LabGraph
import LabNN

/// Squeeze-and-excitation: a weight for each channel, from all channels' means.
///
/// `x ⊙ σ(fc2(ReLU(fc1(GAP(x)))))`. Parameters as in timm: weight and bias of `fc1` and `fc2`, 1×1 kernels; without a hidden
/// layer those of `fc`.
///
/// - Source: Hu, Shen, Sun, "Squeeze-and-excitation networks", CVPR 2018, arXiv 1709.01507; without a hidden layer
///   ("SE-Var3"): Wang et al., "ECA-Net", CVPR 2020, arXiv 1910.03151.
public struct SqueezeExcitation: FeatureAttention {
  /// What is taken of each channel.
  public enum Squeeze: String, Codable, Sendable, CaseIterable {
    case mean, maximum
  }

  /// The width of the hidden layer as a share of the channels.
  public var reduction: Double
  /// The number that the hidden width is a multiple of.
  public var divisor: Int
  /// Whether there is a hidden layer.
  public var hasHiddenLayer = true
  /// What is taken of each channel.
  public var squeeze = Squeeze.mean
  /// What makes weights of the last layer's logits.
  public var gate = AttentionGate.sigmoid
  public var stages: [Int]?

  /// Creates the block.
  public init(reduction: Double = 1 / 16, divisor: Int = 8, stages: [Int]? = nil) {
    self.reduction = reduction
    self.divisor = divisor
    self.stages = stages
  }

  /// Creates the block with a sixteenth of the channels in the hidden layer.
  public init() { self.init(reduction: 1 / 16) }

  enum CodingKeys: String, CodingKey {
    case reduction, divisor, squeeze, gate, stages
    case hasHiddenLayer = "hidden_layer"
  }

  public static let variant = ConfigurationSchema.Variant(
    "se", "Squeeze-and-excitation: a weight for each channel, from all channels' means.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction), .divisor(default: Self().divisor),
      ConfigurationSchema.Field(
        "hidden_layer", .boolean, default: .boolean(Self().hasHiddenLayer),
        "Whether there is a hidden layer; without it one layer gives the weights."
      ).compared(off: false),
      .init(
        "squeeze", .choice(Squeeze.allCases.map(\.rawValue)), default: .string(Self().squeeze.rawValue),
        "What is taken of each channel."),
      AttentionGate.field("gate", default: Self().gate, "What makes the weights of their logits."),
      .stages,
    ]))

  public var site: FeatureAttentionSite { .block }

  public func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let squeezed = try squeeze == .mean ? GlobalAveragePool()(x, in: network.context) : x.maximum(2, 3)
    let weights = try gate(logits(of: squeezed, in: network.context))
    return try x.channelsScaled(by: network.context.attention(.channelAttention, weights))
  }

  private func logits(of squeezed: Tensor, in context: ModelContext) throws -> Tensor {
    let channels = squeezed.shape[1]
    func layer(_ width: Int) -> Linear { Linear(outputFeatures: width, isPointwiseConvolution: true) }
    guard hasHiddenLayer else {
      let standard = Self()
      for (key, isStandard) in [
        ("reduction", reduction == standard.reduction), ("divisor", divisor == standard.divisor),
      ] where !isStandard {
        throw ModelError.option(
          subject: "attention.\(key)",
          problem: "there is no hidden layer (\"hidden_layer\") that it says the width of; "
            + "leave it out")
      }
      return try layer(channels)(squeezed, "fc", in: context)
    }
    let hidden = multiple(of: divisor, near: Double(channels) * reduction, atLeast: 0)
    return try layer(channels)(layer(hidden)(squeezed, "fc1", in: context).activated(.relu), "fc2", in: context)
  }
}
