import LabCore
import LabGraph
import LabNN

/// Omni-dimensional dynamic convolution: attentions over kernels, taps, input channels and filters.
///
/// `y = filter ⊙ conv(channel ⊙ x, Σₖ kernelₖ · spatial ⊙ Wₖ)` with attentions computed from the input's channel
/// means. Attentions that would do nothing, or nothing new, are left out: over kernels for one kernel, over taps for
/// 1×1 windows, over filters for depth-wise convolutions. So are those that the options switch off.
///
/// Parameters as in the authors' code: `weight`, `attention.fc.weight`, `attention.bn.*`, and weight and bias of
/// `attention.channel_fc`, `filter_fc`, `spatial_fc`, `kernel_fc`, all of them 1×1 kernels.
///
/// - Source: Li, Zhou, Yao, "Omni-dimensional dynamic convolution", ICLR 2022, arXiv 2209.07947.
public struct ODConv: DynamicConvolutionVariant {
  /// Where the normalisation of the attentions' hidden layer stands.
  public enum NormalizationPlace: String, Codable, Hashable, Sendable, CaseIterable {
    /// In front of the ReLU, as in the authors' code.
    case before
    /// Behind the ReLU.
    case after
  }

  public var kernels: Int
  /// The gate of each attention.
  public var gates = AttentionGates()
  /// The width of the attentions' hidden layer as a share of the input channels.
  public var reduction: Double
  /// The least width of the hidden layer.
  public var minimumHidden: Int
  /// The normalisation of the hidden layer; nil for none.
  public var normalization: NormalizationConfiguration? = NormalizationConfiguration(BatchNorm())
  /// Where that normalisation stands.
  public var normalizationPlace = NormalizationPlace.before
  /// What all dynamic convolutions have.
  public var options: DynamicConvolutionOptions

  /// Creates the variant.
  public init(
    kernels: Int, reduction: Double = 1 / 16, minimumHidden: Int = 16,
    options: DynamicConvolutionOptions = DynamicConvolutionOptions(attentions: .all)
  ) {
    self.kernels = kernels
    self.reduction = reduction
    self.minimumHidden = minimumHidden
    self.options = options
  }

  /// Creates the variant with four kernels.
  public init() { self.init(kernels: 4) }

  public var layers: ReplacedLayers { options.layers }

  public var attentionSharing: AttentionSharing { options.sharing }

  public static let variant = ConfigurationSchema.Variant(
    "odconv", "Omni-dimensional dynamic convolution: attentions over kernels, taps, channels and filters.",
    options: Self().options.schema(with: [
      .kernels(default: Self().kernels), AttentionGates.field, .attentionReduction(default: Self().reduction),
      ConfigurationSchema.Field(
        "minimum_hidden", .integer(1...4096), default: .integer(Self().minimumHidden),
        "The least width of the hidden layer."
      ).compared([1, 16]),
      ConfigurationSchema.Field(
        "normalization", .optional(NormalizationFamily.kind), default: "batch",
        "The normalisation of the attentions' hidden layer; null for none."
      ).compared(["batch", .null, ["name": "group", "groups": 4]], off: .null),
      .init(
        "normalization_place", .choice(NormalizationPlace.allCases.map(\.rawValue)),
        default: .string(Self().normalizationPlace.rawValue),
        "Whether that normalisation stands before or after the hidden layer's ReLU."),
    ]),
    aliases: [
      "odconv-1x": ["kernels": 1], "odconv-2x": ["kernels": 2], "odconv-4x": ["kernels": 4],
      // For few steps: attentions are uniform until they are learned, and the temperature has fallen before they matter.
      "odconv-1x-short": ["kernels": 1, "attention_initialization": "zero", "temperature_share": 0.1],
      "odconv-4x-short": ["kernels": 4, "attention_initialization": "zero", "temperature_share": 0.1],
    ], revision: 1)

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    try check()
    let channels = x.shape[1]
    let isDepthwise = convolution.geometry.groups == channels && convolution.outputChannels == channels
    let taps = convolution.kernelSize.height * convolution.kernelSize.width
    let heads: [(attention: DynamicAttentions, name: String, width: Int, isUseful: Bool)] = [
      (.channel, "channel_fc", channels, true), (.filter, "filter_fc", convolution.outputChannels, !isDepthwise),
      (.spatial, "spatial_fc", taps, taps > 1), (.kernel, "kernel_fc", kernels, kernels > 1),
    ]
    let present = heads.filter { $0.isUseful && options.attentions.contains($0.attention) }
    guard !present.isEmpty else { return [:] }
    return try context.scope("attention") {
      let z = try hidden(of: x, in: context)
      var attentions: [DynamicAttentions: Tensor] = [:]
      for head in present {
        let layer = Linear(
          outputFeatures: head.width, initialization: options.initialization.weights, isPointwiseConvolution: true)
        let logits = try options.temperature.applied(to: layer(z, head.name, in: context), in: context)
        attentions[head.attention] = try gates[head.attention](logits)
      }
      return attentions
    }
  }

  /// The hidden layer that the attentions share.
  private func hidden(of x: Tensor, in context: ModelContext) throws -> Tensor {
    let width = max(Int(Double(x.shape[1]) * reduction), minimumHidden)
    let layer = Linear(
      outputFeatures: width, hasBias: false, initialization: .kaimingNormal, isPointwiseConvolution: true)
    let reduced = try layer(GlobalAveragePool()(x, in: context), "fc", in: context)
    guard let normalization = normalization?.component else { return try reduced.activated(.relu) }
    switch normalizationPlace {
    case .before: return try normalization(reduced, "bn", in: context).activated(.relu)
    case .after: return try normalization(reduced.activated(.relu), "bn", in: context)
    }
  }

  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options that have no effect.
  private func check() throws {
    let standard = Self()
    var changes: [String] = []
    if reduction != standard.reduction { changes.append("reduction") }
    if minimumHidden != standard.minimumHidden { changes.append("minimum_hidden") }
    if normalization != nil, normalization != standard.normalization { changes.append("normalization") }
    for (name, attention, subject) in DynamicAttentions.named where gates[attention] != standard.gates[attention] {
      changes.append("gates.\(name)")
      guard options.attentions.isEmpty || options.attentions.contains(attention) else {
        throw ModelError.option(
          subject: "conv.gates.\(name)", problem: "there is no attention over \(subject) for it; leave it out")
      }
    }
    try options.check(default: standard.options, changes: changes)
    if normalization == nil, normalizationPlace != standard.normalizationPlace {
      throw ModelError.option(
        subject: "conv.normalization_place", problem: "there is no normalization that it could place; leave it out")
    }
  }
}

extension ODConv {
  enum CodingKeys: String, CodingKey {
    case kernels, gates, reduction, normalization
    case minimumHidden = "minimum_hidden"
    case normalizationPlace = "normalization_place"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kernels = try container.decode(Int.self, forKey: .kernels)
    gates = try container.decode(AttentionGates.self, forKey: .gates)
    reduction = try container.decode(Double.self, forKey: .reduction)
    minimumHidden = try container.decode(Int.self, forKey: .minimumHidden)
    normalization = try container.decodeIfPresent(NormalizationConfiguration.self, forKey: .normalization)
    normalizationPlace = try container.decode(NormalizationPlace.self, forKey: .normalizationPlace)
    options = try DynamicConvolutionOptions(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try options.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kernels, forKey: .kernels)
    try container.encode(gates, forKey: .gates)
    try container.encode(reduction, forKey: .reduction)
    try container.encode(minimumHidden, forKey: .minimumHidden)
    try container.encode(normalization, forKey: .normalization)
    try container.encode(normalizationPlace, forKey: .normalizationPlace)
  }
}
