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
  public var isEverywhere: Bool

  /// Creates the variant.
  public init(kernels: Int, isEverywhere: Bool = false) {
    self.kernels = kernels
    self.isEverywhere = isEverywhere
  }

  /// Creates the variant with the paper's eight kernels.
  public init() { self.init(kernels: 8) }

  enum CodingKeys: String, CodingKey {
    case kernels
    case isEverywhere = "everywhere"
  }

  public static let variant = ConfigurationSchema.Variant(
    "condconv", "Conditionally parameterised convolution: a sigmoid weight for each kernel.",
    options: ConfigurationSchema([.kernels(default: Self().kernels), .everywhere]),
    aliases: ["condconv-4x": ["kernels": 4], "condconv-8x": ["kernels": 8]])

  public func attentions(
    of x: Tensor, for convolution: Convolution, in context: ModelContext
  ) throws -> [DynamicAttentions: Tensor] {
    let routing = Linear(outputFeatures: kernels)
    let pooled = try GlobalAveragePool()(x, in: context)
    return [.kernel: try routing(pooled, "routing_fn", in: context).activated(.sigmoid)]
  }
}
