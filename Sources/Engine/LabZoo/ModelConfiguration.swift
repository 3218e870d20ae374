import LabCore
import LabGraph
import LabNN

/// A classifier as a configuration describes it: an architecture and what it is made of.
public struct ModelConfiguration: Encodable, Hashable, Sendable {
  /// The architecture.
  public var architecture = ArchitectureConfiguration(ResNet())
  /// The number of layers, as the architecture counts them; nil for its default.
  public var depth: Int?
  /// The channels of the first stage; nil for the architecture's default.
  public var width: Int?
  /// The convolutions.
  public var convolution = ConvolutionConfiguration(StaticConvolution())
  /// How stages halve the resolution.
  public var downsampling = DownsamplingConfiguration(StridedDownsampling())
  /// The attention block; nil for the architecture's own, which mostly is none.
  public var attention: AttentionConfiguration?
  /// The non-linearity; nil for the architecture's own.
  public var activation: Activation.Function?
  /// The normalisation; nil for the architecture's own.
  public var normalization: NormalizationConfiguration?
  /// The block in front of the network; nil for none.
  public var frontend: FrontendConfiguration?
  /// The block between the last stage and the head; nil for none.
  public var fusion: FusionConfiguration?
  /// The rate of the dropout, mostly in front of the last layer; nil for the architecture's own.
  public var dropout: Double?
  /// The first layers; nil for the architecture's default.
  public var stem: Stem?

  /// Creates a configuration with every key at its default.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case architecture, depth, width, frontend, attention, activation, fusion, dropout, stem
    case convolution = "conv"
    case downsampling = "downsample"
    case normalization = "norm"
  }

  /// The keys of the configuration.
  public static let schema = ConfigurationSchema([
    .init("architecture", ArchitectureFamily.kind, default: "resnet", "The architecture."),
    .init(
      "depth", .optional(.integer(1...10_000)), default: .null,
      "The number of layers, as the architecture counts them; null for its default."),
    .init(
      "width", .optional(.integer(1...65_536)), default: .null,
      "The channels of the first stage; null for the architecture's default."),
    .init("conv", ConvolutionFamily.kind, default: "static", "The convolutions."),
    .init("downsample", DownsamplingFamily.kind, default: "strided", "How stages halve the resolution."),
    .init(
      "attention", .optional(AttentionFamily.kind), default: .null,
      "The attention block; null or none for the architecture's own, which mostly is none."),
    .init(
      "activation", .optional(.choice(Activation.Function.allCases.map(\.rawValue))), default: .null,
      "The non-linearity; null for the architecture's own, which mostly is relu."),
    .init(
      "norm", .optional(NormalizationFamily.kind), default: .null,
      "The normalisation; null for the architecture's own, which mostly is batch."),
    .init(
      "frontend", .optional(FrontendFamily.kind), default: .null,
      "A block in front of the network; null or none for no block."),
    .init(
      "fusion", .optional(FusionFamily.kind), default: .null,
      "A block between the last stage and the head; null or none for no block."),
    .init(
      "dropout", .optional(.number(.init(0, 1, includesMaximum: false))), default: .null,
      "The rate of the dropout, mostly in front of the last layer; null for the architecture's own."),
    .init(
      "stem", .optional(.choice(Stem.allCases.map(\.rawValue))), default: .null,
      "The first layers; null for the architecture's default."),
  ])

  /// Builds the model's graph.
  ///
  /// - Parameters:
  ///   - images: `[N, C, H, W]`.
  ///   - classCount: the number of classes.
  ///   - context: the model's context.
  /// - Returns: logits `[N, classCount]`.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``LabNN/ModelError`` where options do not.
  public func logits(_ images: Tensor, classCount: Int, in context: ModelContext) throws -> Tensor {
    let seen = try frontend.map { try $0.component.layer(images, "frontend", in: context) } ?? images
    let use = try preparedUse(of: seen.shape, classCount: classCount)
    let network = NetworkBuilder(style: NetworkStyle(self), context: context, classCount: classCount, use: use)
    let logits = try architecture.component.logits(seen, depth: depth, width: width, network: network)
    try use.check(self)
    let sharing = (convolution.component as? any DynamicConvolutionVariant)?.attentionSharing ?? .layer
    guard sharing == .layer || context.hasSharedParameters else {
      throw ModelError.option(
        subject: "conv.attention_sharing",
        problem:
          "no two of the layers that are dynamic are of the same stage, channels and windows, and have attentions "
          + "with weights, so that none are shared; leave it out")
    }
    return logits
  }

  /// A record of no options that knows of the whole network what some need to know: which stages are halved, and the number of
  /// convolutions that the variant may take the place of.
  private func preparedUse(of images: Shape, classCount: Int) throws -> OptionUse {
    let (joins, replacesLast) = (downsampling.component.joinsHalvings, convolution.component.layers.places == .last)
    var halved: [Int] = []
    func use(totalCandidates: Int? = nil) -> OptionUse {
      let use = OptionUse(totalCandidates: totalCandidates)
      if joins { use.joinHalvings(of: halved, among: downsampling.component.stages) }
      return use
    }
    if joins { halved = try survey(of: images, classCount: classCount, noting: use()).halvedStages }
    guard replacesLast else { return use() }
    return use(totalCandidates: try survey(of: images, classCount: classCount, noting: use()).candidateCount)
  }

  /// Builds the network once more, in a graph of its own, in which no last layer is replaced.
  private func survey(of images: Shape, classCount: Int, noting use: OptionUse) throws -> OptionUse {
    let context = ModelContext(.evaluation)
    let network = NetworkBuilder(style: NetworkStyle(self), context: context, classCount: classCount, use: use)
    _ = try architecture.component.logits(
      context.builder.input("images", images), depth: depth, width: width, network: network)
    return use
  }

  /// The model as a function, as the graphs of training and evaluation take it.
  public func model(classCount: Int) -> ModelFunction {
    { images, context in try logits(images, classCount: classCount, in: context) }
  }
}

extension ModelConfiguration: Decodable {
  /// Reads a configuration; absent keys have their defaults.
  ///
  /// - Throws: ``LabCore/ConfigurationError`` with everything that is wrong with it.
  public init(configuration: JSONValue) throws {
    let members = CanonicalMembers(try Self.schema.resolved(configuration))
    architecture = try members[CodingKeys.architecture]
    depth = try members[CodingKeys.depth]
    width = try members[CodingKeys.width]
    convolution = try members[CodingKeys.convolution]
    downsampling = try members[CodingKeys.downsampling]
    frontend = try members[CodingKeys.frontend]
    attention = try members[CodingKeys.attention]
    activation = try members[CodingKeys.activation]
    normalization = try members[CodingKeys.normalization]
    fusion = try members[CodingKeys.fusion]
    dropout = try members[CodingKeys.dropout]
    stem = try members[CodingKeys.stem]
  }

  public init(from decoder: any Decoder) throws {
    try self.init(configuration: JSONValue(from: decoder))
  }
}
