import LabCore
import LabGraph
import LabNN

/// The options that all dynamic convolutions have: which attentions there are, how they start and are annealed, and which
/// layers are dynamic.
public struct DynamicConvolutionOptions: Codable, Hashable, Sendable {
  /// How the layers start that give the attentions' logits.
  public enum Initialization: String, Codable, Hashable, Sendable, CaseIterable {
    /// Weights from a Kaiming normal distribution, as in the code of ODConv's authors.
    case kaiming
    /// PyTorch's default.
    case torchDefault = "torch-default"
    /// Zeros, so that attentions are uniform until they are learned.
    case zero

    var weights: WeightInitialization {
      switch self {
      case .kaiming: .kaimingNormal
      case .torchDefault: .torchDefault
      case .zero: .zeros
      }
    }
  }

  /// The attentions, where the layer has what they weigh.
  public var attentions: DynamicAttentions
  /// How the layers start that give the attentions' logits.
  public var initialization: Initialization
  /// Which layers have the weights of their attention branches in common.
  public var sharing = AttentionSharing.layer
  /// The temperature of the attentions.
  public var temperature: AttentionTemperature
  /// Which convolutions are replaced.
  public var layers = ReplacedLayers()

  /// Creates options.
  public init(
    attentions: DynamicAttentions, initialization: Initialization = .kaiming,
    temperature: AttentionTemperature = AttentionTemperature(), layers: ReplacedLayers = ReplacedLayers()
  ) {
    self.attentions = attentions
    self.initialization = initialization
    self.temperature = temperature
    self.layers = layers
  }

  enum CodingKeys: String, CodingKey {
    case attentions
    case initialization = "attention_initialization"
    case sharing = "attention_sharing"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    attentions = try container.decodeAttentions(forKey: .attentions)
    initialization = try container.decode(Initialization.self, forKey: .initialization)
    sharing = try container.decode(AttentionSharing.self, forKey: .sharing)
    temperature = try AttentionTemperature(from: decoder)
    layers = try ReplacedLayers(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try temperature.encode(to: encoder)
    try layers.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(attentions, forKey: .attentions)
    try container.encode(initialization, forKey: .initialization)
    try container.encode(sharing, forKey: .sharing)
  }

  /// The keys of the options together with a variant's own.
  ///
  /// - Parameter fields: the variant's own keys, of which the first stands in front.
  func schema(with fields: [ConfigurationSchema.Field]) -> ConfigurationSchema {
    let shared: [ConfigurationSchema.Field] =
      [
        .init(
          "attention_initialization", .choice(Initialization.allCases.map(\.rawValue)),
          default: .string(initialization.rawValue),
          "How the layers start that give the attentions' logits; zero for attentions that are uniform until they are "
            + "learned."),
        .init(
          "attention_sharing", .choice(AttentionSharing.allCases.map(\.rawValue)), default: .string(sharing.rawValue),
          "Whether each layer has an attention branch of its own, or those of a stage with equal channels and windows one "
            + "in common; the attentions are computed of each layer's own input, and normalized by itself."),
      ] + AttentionTemperature.fields(default: temperature) + ReplacedLayers.fields
    return ConfigurationSchema(
      fields.prefix(1) + [DynamicAttentions.field(of: attentions)] + fields.dropFirst() + shared,
      alternatives: AttentionTemperature.alternatives)
  }

  /// - Parameters:
  ///   - standard: the variant's defaults.
  ///   - changes: the variant's own options of its attentions that are not as by default, and ask for something.
  /// - Throws: ``LabNN/ModelError/option(subject:problem:)`` for options that have no effect.
  func check(default standard: DynamicConvolutionOptions, changes: [String] = []) throws {
    try temperature.check()
    guard attentions.isEmpty else { return }
    var changes = changes
    if initialization != standard.initialization { changes.append("attention_initialization") }
    if sharing != standard.sharing { changes.append("attention_sharing") }
    if temperature.annealing != .none, temperature != standard.temperature { changes.append("annealing") }
    if temperature.target != standard.temperature.target { changes.append("final_temperature") }
    if let key = changes.first {
      throw ModelError.option(
        subject: "conv.\(key)", problem: "there are no attentions for it to have an effect on; leave it out")
    }
  }
}
