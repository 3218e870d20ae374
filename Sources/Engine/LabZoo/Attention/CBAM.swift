import LabCore
import LabGraph
import LabNN

/// Convolutional block attention: a weight for each channel, then one for each pixel.
///
/// The channels' weights are `σ(mlp(mean) + mlp(maximum))`, the pixels' `σ(BN(conv7×7([mean; maximum])))` over the
/// channels. Parameters as in timm: `channel.fc1.weight`, `channel.fc2.weight`, `spatial.conv.conv.weight`,
/// `spatial.conv.bn.*`.
///
/// - Source: Woo et al., "CBAM: convolutional block attention module", ECCV 2018, arXiv 1807.06521.
public struct CBAM: FeatureAttention {
  /// The width of the hidden layer as a share of the channels.
  public var reduction: Double
  /// The extent of the spatial attention's window.
  public var window: Int
  /// Whether the layers of the channel attention have biases, as in the authors' code, or not, as in timm.
  public var bias: Bool
  /// Which of the two attentions there are.
  public var parts = AttentionParts()
  /// In which order they refine the features.
  public var order = Order.channelFirst
  public var stages: [Int]?

  /// The order of the two attentions.
  public enum Order: String, Codable, Sendable, CaseIterable {
    /// Channels, then pixels, as in the paper.
    case channelFirst = "channel-first"
    /// Pixels, then channels.
    case spatialFirst = "spatial-first"
    /// Both of the block's input, multiplied.
    case parallel
  }

  /// Creates the block.
  public init(reduction: Double, window: Int = 7, bias: Bool = false, stages: [Int]? = nil) {
    self.reduction = reduction
    self.window = window
    self.bias = bias
    self.stages = stages
  }

  /// Creates the block with a sixteenth of the channels in the hidden layer and a 7×7 window.
  public init() { self.init(reduction: 1 / 16) }

  public static let variant = ConfigurationSchema.Variant(
    "cbam", "Convolutional block attention: a weight for each channel, then one for each pixel.",
    options: ConfigurationSchema([
      .reduction(default: Self().reduction),
      .init(
        "window", .integer(1...31), default: .integer(Self().window),
        "The extent of the spatial attention's window, odd."),
      .init(
        "bias", .boolean, default: .boolean(Self().bias),
        "Whether the channel attention's layers have biases: in the authors' code they do, in timm they don't."),
      .channelAndSpatial,
      .init(
        "order", .choice(Order.allCases.map(\.rawValue)), default: .string(Self().order.rawValue),
        "In which order the two attentions refine the features; parallel for both of the block's input."),
      .stages,
    ]))

  public var site: FeatureAttentionSite { .block }

  public func refined(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    guard window % 2 == 1 else {
      throw ModelError.option(subject: "attention.window", problem: "the window is an odd number, found \(window)")
    }
    guard parts.channel && parts.spatial || order == Self().order else {
      throw ModelError.option(
        subject: "attention.order", problem: "there is one attention only (\"parts\"), which has no order; leave it out"
      )
    }
    switch order {
    case .channelFirst:
      let y = try parts.channel ? byChannels(x, of: x, network: network) : x
      return try parts.spatial ? byPixels(y, of: y, network: network) : y
    case .spatialFirst:
      let y = try byPixels(x, of: x, network: network)
      return try byChannels(y, of: y, network: network)
    case .parallel: return try byPixels(byChannels(x, of: x, network: network), of: x, network: network)
    }
  }

  /// Features with each channel times its weight, from others' means and maxima.
  private func byChannels(_ features: Tensor, of x: Tensor, network: NetworkBuilder) throws -> Tensor {
    try network.scope("channel") {
      try features.channelsScaled(
        by: network.context.attention(.channelAttention, channelWeights(x, network: network)))
    }
  }

  /// Features with each pixel times its weight, from others' means and maxima.
  private func byPixels(_ features: Tensor, of x: Tensor, network: NetworkBuilder) throws -> Tensor {
    try network.scope("spatial.conv") {
      let image: Shape = [x.shape[0], 1, x.shape[2], x.shape[3]]
      let summary = try Tensor.concatenated([x.mean(1).reshaped(to: image), x.maximum(1).reshaped(to: image)])
      let logits = try Convolution(outputChannels: 1, kernelSize: window)(summary, "conv", in: network.context)
      let weights = try BatchNorm()(logits, "bn", in: network.context).activated(.sigmoid)
      return try features.multiplied(by: network.context.attention(.pixelAttention, weights))
    }
  }

  private func channelWeights(_ x: Tensor, network: NetworkBuilder) throws -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[1])
    let hidden = multiple(of: 1, near: Double(channels) * reduction, atLeast: 0)
    func layer(_ width: Int) -> Linear {
      Linear(outputFeatures: width, hasBias: bias, isPointwiseConvolution: true)
    }
    // Means and maxima go through the same two layers, one after the other in a batch.
    let pooled = try Tensor.concatenated([x.mean(2, 3), x.maximum(2, 3)], axis: 0)
    let z = try layer(hidden)(pooled, "fc1", in: network.context).activated(.relu)
    let logits = try layer(channels)(z, "fc2", in: network.context)
    return try logits.slice(axis: 0, start: 0, count: batch)
      .adding(logits.slice(axis: 0, start: batch, count: batch)).activated(.sigmoid)
  }
}
