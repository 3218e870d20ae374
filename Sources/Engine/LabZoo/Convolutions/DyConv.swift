import LabCore
import LabGraph
import LabNN

/// Dynamic convolution: a softmax attention over kernels.
///
/// The attention is `softmax(fc2(ReLU(fc1(GAP(x)))) / T)`; `fc1` `[I·reduction, I, 1, 1]` has no bias, `fc2`
/// `[K, I·reduction, 1, 1]` has one, which is how the paper's "SE-like" branch is commonly written in PyTorch. The
/// hidden layer has a quarter of the input channels, rounded down and at least 1, as the paper's cost formula says.
/// The temperature falls as in the paper from 30 to 1 over the first 10 epochs, which are a tenth of the paper's training;
/// a shorter training may want a share instead.
///
/// Parameters: `weight` `[K, O, I/groups, kh, kw]`, `attention.fc1.weight`, and weight and bias of `attention.fc2`.
///
/// - Source: Chen et al., "Dynamic convolution: attention over convolution kernels", CVPR 2020, arXiv 1912.03458.
public struct DyConv: DynamicConvolutionVariant {
  public var kernels: Int
  /// The gate of the attention.
  public var gate = AttentionGate.softmax
  /// The width of the attention's hidden layer as a share of the input channels.
  public var reduction: Double
  /// What all dynamic convolutions have.
  public var options: DynamicConvolutionOptions

  /// Creates the variant.
  public init(
    kernels: Int, reduction: Double = 0.25,
    options: DynamicConvolutionOptions = DynamicConvolutionOptions(attentions: .kernel)
  ) {
    self.kernels = kernels
    self.reduction = reduction
    self.options = options
  }

  /// Creates the variant with the paper's four kernels.
  public init() { self.init(kernels: 4) }

  public var layers: ReplacedLayers { options.layers }

  public var attentionSharing: AttentionSharing { options.sharing }

  public static let variant = ConfigurationSchema.Variant(
    "dyconv", "Dynamic convolution: a softmax attention over kernels.",
    options: Self().options.schema(with: [
      .kernels(default: Self().kernels),
      AttentionGate.field("gate", default: Self().gate, "What makes the attention of its logits."),
      .attentionReduction(default: Self().reduction),
    ]),
    aliases: ["dyconv-4x": ["kernels": 4]], revision: 1)

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    let standard = Self()
    try options.check(
      default: standard.options,
      changes: (gate == standard.gate ? [] : ["gate"]) + (reduction == standard.reduction ? [] : ["reduction"]))
    guard options.attentions.contains(.kernel) else { return [:] }
    return try context.scope("attention") {
      let hidden = max(Int(Double(x.shape[1]) * reduction), 1)
      let fc1 = Linear(
        outputFeatures: hidden, hasBias: false, initialization: .kaimingNormal, isPointwiseConvolution: true)
      let fc2 = Linear(
        outputFeatures: kernels, initialization: options.initialization.weights, isPointwiseConvolution: true)
      let z = try fc1(GlobalAveragePool()(x, in: context), "fc1", in: context).activated(.relu)
      return [.kernel: try gate(options.temperature.applied(to: fc2(z, "fc2", in: context), in: context))]
    }
  }

  enum CodingKeys: String, CodingKey {
    case kernels, gate, reduction
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    kernels = try container.decode(Int.self, forKey: .kernels)
    gate = try container.decode(AttentionGate.self, forKey: .gate)
    reduction = try container.decode(Double.self, forKey: .reduction)
    options = try DynamicConvolutionOptions(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try options.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kernels, forKey: .kernels)
    try container.encode(gate, forKey: .gate)
    try container.encode(reduction, forKey: .reduction)
  }
}
