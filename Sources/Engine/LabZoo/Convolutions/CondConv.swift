import LabCore
import LabGraph
import LabNN

/// Conditionally parameterised convolution: a sigmoid routing weight for each kernel ("expert").
///
/// The routing weights are `σ(routing_fn(GAP(x)))`, one linear layer; each convolution has its own. Every kernel starts
/// like a static one.
///
/// Parameters, named as in timm: `weight` `[K, O, I/groups, kh, kw]` (timm flattens all but the first dimension),
/// `routing_fn.weight` `[K, I]`, `routing_fn.bias` `[K]`.
///
/// - Source: Yang et al., "CondConv", NeurIPS 2019, arXiv 1904.04971.
public struct CondConv: DynamicConvolutionVariant {
  public var kernels: Int
  /// The gate of the routing weights.
  public var gate = AttentionGate.sigmoid
  /// What all dynamic convolutions have; the routing weights are an attention over kernels.
  public var options = DynamicConvolutionOptions(
    attentions: .kernel, initialization: .torchDefault, temperature: .one)

  /// Creates the variant.
  public init(kernels: Int) { self.kernels = kernels }

  /// Creates the variant with the paper's eight kernels.
  public init() { self.init(kernels: 8) }

  public var layers: ReplacedLayers { options.layers }

  public var attentionSharing: AttentionSharing { options.sharing }

  public static let variant = ConfigurationSchema.Variant(
    "condconv", "Conditionally parameterised convolution: a sigmoid weight for each kernel.",
    options: Self().options.schema(with: [
      .kernels(default: Self().kernels),
      AttentionGate.field("gate", default: Self().gate, "What makes the routing weights of their logits."),
    ]),
    aliases: ["condconv-4x": ["kernels": 4], "condconv-8x": ["kernels": 8]], revision: 1)

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    try options.check(default: Self().options, changes: gate == Self().gate ? [] : ["gate"])
    guard options.attentions.contains(.kernel) else { return [:] }
    let routing = Linear(outputFeatures: kernels, initialization: options.initialization.weights)
    let logits = try routing(GlobalAveragePool()(x, in: context), "routing_fn", in: context)
    return [.kernel: try gate(options.temperature.applied(to: logits, in: context))]
  }

  enum CodingKeys: String, CodingKey {
    case kernels, gate
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kernels = try container.decode(Int.self, forKey: .kernels)
    gate = try container.decode(AttentionGate.self, forKey: .gate)
    options = try DynamicConvolutionOptions(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try options.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kernels, forKey: .kernels)
    try container.encode(gate, forKey: .gate)
  }
}
