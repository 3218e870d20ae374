import LabCore
import LabGraph
import LabNN

/// Dual attention behind the last stage: every pixel attends to all pixels, and every channel to all channels.
///
/// Two branches at a quarter of the channels, added and brought back by a 1×1 convolution. Parameters as in the authors'
/// code: `conv5a.0`, `conv5a.1`, `sa.query_conv`, `sa.key_conv`, `sa.value_conv`, `sa.gamma`, `conv51.0`, `conv51.1`,
/// `conv5c.…`, `sc.gamma`, `conv52.…`, `conv8.1`. Both attentions start at a weight of 0.
///
/// - Source: Fu et al., "Dual attention network for scene segmentation", CVPR 2019, arXiv 1809.02983.
public struct DualAttention: FusionVariant {
  /// The factor by which the branches have fewer channels.
  public var reduction: Int

  /// Creates the variant.
  public init(reduction: Int) { self.reduction = reduction }

  /// Creates the variant with a quarter of the channels in its branches.
  public init() { self.init(reduction: 4) }

  public static let variant = ConfigurationSchema.Variant(
    "dual-attention", "Dual attention: pixels attend to pixels, and channels to channels.",
    options: ConfigurationSchema([
      .init(
        "reduction", .integer(1...64), default: .integer(Self().reduction),
        "The factor by which the branches have fewer channels.")
    ]))

  public func layer(outputChannels: Int) -> any Layer {
    DualAttentionLayer(innerChannels: max(outputChannels / reduction, 1), outputChannels: outputChannels)
  }
}

/// The block of ``DualAttention``.
///
/// ## Shapes
/// - `x`: `[N, I, H, W]`; result `[N, O, H, W]`.
public struct DualAttentionLayer: Layer, Hashable {
  /// The channels of the branches.
  public var innerChannels: Int
  /// The channels of the result.
  public var outputChannels: Int

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    func unit(_ x: Tensor, _ name: String) throws -> Tensor {
      try context.scope(name) {
        let y = try Convolution(outputChannels: innerChannels, kernelSize: 3)(x, "0", in: context)
        return try BatchNorm()(y, "1", in: context).activated(.relu)
      }
    }
    let pixelBranch = try unit(x, "conv5a")
    let pixels = try unit(context.scope("sa") { try pixelAttention(pixelBranch, in: context) }, "conv51")
    let channelBranch = try unit(x, "conv5c")
    let channels = try unit(context.scope("sc") { try channelAttention(channelBranch, in: context) }, "conv52")
    let last = Convolution(outputChannels: outputChannels, kernelSize: 1, hasBias: true, initialization: .torchDefault)
    return try last(pixels.adding(channels), "conv8.1", in: context)
  }

  /// `γ · v softmax(qᵀ k)ᵀ + x` over the pixels.
  private func pixelAttention(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let (batch, channels, pixels) = (x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
    func projected(_ name: String, _ count: Int) throws -> Tensor {
      try Convolution(outputChannels: count, kernelSize: 1, hasBias: true, initialization: .torchDefault)(
        x, name, in: context
      ).reshaped(to: [batch, count, pixels])
    }
    let narrow = max(channels / 8, 1)
    let energy = try x.builder.apply(
      MatrixProduct(transposesLeft: true), projected("query_conv", narrow), projected("key_conv", narrow))
    let mixed = try x.builder.apply(
      MatrixProduct(transposesRight: true), projected("value_conv", channels),
      context.attention(.pixelAttention, energy.softmax()))
    return try weighted(mixed, x, in: context)
  }

  /// `γ · softmax(max(x xᵀ) − x xᵀ) x + x` over the channels.
  private func channelAttention(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[1])
    let rows = try x.reshaped(to: [batch, channels, x.shape[2] * x.shape[3]])
    let energy = try x.builder.apply(MatrixProduct(transposesRight: true), rows, rows)
    let distance = try energy.maximum(2).reshaped(to: [batch, channels, 1]).subtracting(energy)
    let weights = try context.attention(.channelAttention, distance.softmax())
    return try weighted(x.builder.apply(MatrixProduct(), weights, rows), x, in: context)
  }

  private func weighted(_ attended: Tensor, _ x: Tensor, in context: ModelContext) throws -> Tensor {
    let gamma = try context.parameter("gamma", [1], .zeros, category: .bias)
    return try attended.multiplied(by: gamma).reshaped(to: x.shape).adding(x)
  }
}
