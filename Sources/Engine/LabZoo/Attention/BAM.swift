import LabCore
import LabGraph
import LabNN

/// Bottleneck attention between stages: a channel and a pixel branch side by side.
///
/// `x ⊙ (1 + σ(channel(x) + spatial(x)))`, as the paper's equations have it, or with the product that the authors' code
/// has instead of the sum. Parameters as in the authors' code:
/// `channel_att.gate_c.gate_c_fc_0`, `gate_c_bn_1`, `gate_c_fc_final`; `spatial_att.gate_s.gate_s_conv_reduce0`,
/// `gate_s_bn_reduce0`, `gate_s_conv_di_0`, `gate_s_bn_di_0`, `gate_s_conv_di_1`, `gate_s_bn_di_1`,
/// `gate_s_conv_final`.
///
/// - Source: Park et al., "BAM: bottleneck attention module", BMVC 2018, arXiv 1807.06514.
public struct BAM: FeatureAttention {
  /// How the two branches are combined.
  public enum Combination: String, Codable, Sendable, CaseIterable {
    case sum, product
  }

  /// The width of the hidden layers as a share of the channels.
  public var reduction: Double
  /// The distance between the taps of the spatial branch's 3×3 convolutions.
  public var dilation: Int
  /// How the two branches are combined.
  public var combine: Combination
  /// Which of the two branches there are.
  public var parts = AttentionParts()
  public var stages: [Int]?

  /// Creates the block.
  public init(reduction: Double, dilation: Int = 4, combine: Combination = .sum, stages: [Int]? = nil) {
    self.reduction = reduction
    self.dilation = dilation
    self.combine = combine
    self.stages = stages
  }

  /// Creates the block with a sixteenth of the channels in the hidden layers and a dilation of 4.
  public init() { self.init(reduction: 1 / 16) }

  public static let variant = ConfigurationSchema.Variant(
    "bam", "Bottleneck attention between stages: a channel and a pixel branch side by side.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction),
      .init(
        "dilation", .integer(1...64), default: .integer(Self().dilation),
        "The distance between the taps of the spatial branch's 3×3 convolutions."),
      .init(
        "combine", .choice(Combination.allCases.map(\.rawValue)), default: .string(Self().combine.rawValue),
        "How the branches are combined: sum as in the paper, product as in the authors' code."),
      .channelAndSpatial, .stages,
    ]))

  public var site: FeatureAttentionSite { .transition }

  public func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    guard parts.channel && parts.spatial || combine == Self().combine else {
      throw ModelError.option(
        subject: "attention.combine",
        problem: "there is one branch only (\"parts\"), so that there is nothing to combine")
    }
    let channel = try parts.channel ? channelLogits(x, in: network.context) : nil
    let spatial = try parts.spatial ? spatialLogits(x, in: network.context) : nil
    var logits = channel ?? spatial
    if let channel, let spatial {
      logits = try combine == .sum ? channel.adding(spatial) : channel.multiplied(by: spatial)
    }
    guard let logits else { return x }
    let weights = try logits.activated(.sigmoid).affine(1, offset: 1)
    return try x.multiplied(by: network.context.attention(.featureAttention, weights))
  }

  /// The width of the hidden layers.
  private func hidden(of x: Tensor) -> Int { max(Int(Double(x.shape[1]) * reduction), 1) }

  /// The channel branch `[N, C, 1, 1]`.
  private func channelLogits(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let logits = try context.scope("channel_att.gate_c") { () throws -> Tensor in
      let pooled = try GlobalAveragePool()(x, in: context)
      let reduced = try Linear(outputFeatures: hidden(of: x))(pooled, "gate_c_fc_0", in: context)
      let z = try BatchNorm()(reduced, "gate_c_bn_1", in: context).activated(.relu)
      return try Linear(outputFeatures: x.shape[1])(z, "gate_c_fc_final", in: context)
    }
    return try logits.reshaped(to: [x.shape[0], x.shape[1], 1, 1])
  }

  /// The pixel branch `[N, 1, H, W]`.
  private func spatialLogits(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try context.scope("spatial_att.gate_s") {
      func convolution(_ x: Tensor, _ name: String, _ channels: Int, size: Int) throws -> Tensor {
        try Convolution(
          outputChannels: channels, kernelSize: Extent2D(size),
          geometry: ConvolutionGeometry(
            stride: 1, padding: size / 2 * dilation, dilation: size > 1 ? dilation : 1),
          hasBias: true, initialization: .torchDefault)(x, name, in: context)
      }
      func normalized(_ x: Tensor, _ name: String) throws -> Tensor {
        try BatchNorm()(x, name, in: context).activated(.relu)
      }
      let hidden = hidden(of: x)
      var y = try normalized(convolution(x, "gate_s_conv_reduce0", hidden, size: 1), "gate_s_bn_reduce0")
      for index in 0..<2 {
        y = try normalized(convolution(y, "gate_s_conv_di_\(index)", hidden, size: 3), "gate_s_bn_di_\(index)")
      }
      return try convolution(y, "gate_s_conv_final", 1, size: 1)
    }
  }
}
