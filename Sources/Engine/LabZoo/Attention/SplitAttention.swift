import LabCore
import LabGraph
import LabNN

/// Split attention: several convolutions side by side, and for each channel a weighted sum of them.
///
/// One convolution in as many groups as there are splits, with normalisation and non-linearity; a softmax over the
/// splits for each channel, from the means of their sum. One split has a sigmoid for each channel, as in the authors' code.
/// Parameters as in timm: `conv.weight`, `bn0`, `fc1`, `bn1`, `fc2`.
///
/// - Source: Zhang et al., "ResNeSt: split-attention networks", CVPRW 2022, arXiv 2004.08955.
public struct SplitAttention: ConvolutionAttention {
  /// The number of splits.
  public var radix: Int
  /// The width of the hidden layer as a share of the splits' input channels.
  public var reduction: Double
  /// The least width of the hidden layer.
  public var minimumHidden: Int
  /// The number of groups that a split is made of (the paper's cardinality); nil for that of the convolution whose place is
  /// taken.
  public var cardinality: Int?
  /// What makes the weights of several splits of their logits.
  public var gate = AttentionGate.softmax
  public var stages: [Int]?

  /// Creates the block.
  public init(radix: Int, reduction: Double = 0.25, minimumHidden: Int = 32, stages: [Int]? = nil) {
    self.radix = radix
    self.reduction = reduction
    self.minimumHidden = minimumHidden
    self.stages = stages
  }

  /// Creates the block with two splits.
  public init() { self.init(radix: 2) }

  enum CodingKeys: String, CodingKey {
    case radix, reduction, cardinality, gate, stages
    case minimumHidden = "minimum_hidden"
  }

  public static let variant = ConfigurationSchema.Variant(
    "split-attention", "Split attention: convolutions side by side, and a weighted sum of them for each channel.",
    options: ConfigurationSchema([
      ConfigurationSchema.Field(
        "radix", .integer(1...16), default: .integer(Self().radix),
        "The number of splits; with one, channels are weighted, and there is nothing to choose between."
      ).compared([1, 2, 4], off: 1),
      .reduction(default: Self().reduction),
      .init(
        "minimum_hidden", .integer(1...4096), default: .integer(Self().minimumHidden),
        "The least width of the hidden layer."),
      ConfigurationSchema.Field(
        "cardinality", .optional(.integer(1...64)), default: .null,
        "The number of groups that a split is made of; null for that of the convolution whose place is taken."
      ).compared([.null, 2]),
      AttentionGate.field("gate", default: Self().gate, "What makes the weights of several splits of their logits."),
      .stages,
    ]))

  public func convolved(_ x: Tensor, _ convolution: Convolution, network: NetworkBuilder) throws -> Tensor {
    guard radix > 1 || gate == Self().gate else {
      throw ModelError.option(
        subject: "attention.gate", problem: "one split (\"radix\") is weighted by a sigmoid; leave it out")
    }
    let (batch, channels) = (x.shape[0], convolution.outputChannels)
    let groups = cardinality ?? convolution.geometry.groups
    var splits = convolution
    splits.outputChannels = channels * radix
    splits.geometry.groups = groups * radix
    let y = try network.activation(network.normalization(network.convolution(x, "conv", splits), "bn0"))
    let parts = radix > 1 ? try y.channelParts(radix) : [y]
    let weights = try network.context.tagged("attention") {
      let width = Double(x.shape[1] * radix) * reduction
      let hidden = max(minimumHidden, multiple(of: 8, near: width))
      func layer(_ width: Int) -> Convolution {
        Convolution(
          outputChannels: width, kernelSize: 1, groups: groups, hasBias: true, initialization: .torchDefault)
      }
      let pooled = try GlobalAveragePool()(Tensor.sum(parts), in: network.context).reshaped(to: [batch, channels, 1, 1])
      let reduced = try layer(hidden)(pooled, "fc1", in: network.context)
      let z = try BatchNorm()(reduced, "bn1", in: network.context).activated(.relu)
      let logits = try layer(channels * radix)(z, "fc2", in: network.context)
      guard radix > 1 else {
        let weights = try logits.reshaped(to: [batch, channels]).activated(.sigmoid)
        return [network.context.attention(.channelAttention, weights)]
      }
      // The logits of a group's splits stand together; those of one split are wanted together.
      let ordered = try x.builder.apply(
        Permute([0, 2, 1, 3]), logits.reshaped(to: [batch, groups, radix, channels / groups]))
      return try ordered.reshaped(to: [batch, radix * channels])
        .weights(ofParts: radix, by: gate, in: network.context)
    }
    return try .sum(zip(parts, weights).map { try $0.channelsScaled(by: $1) })
  }
}
