import LabCore
import LabGraph
import LabNN

/// A spatial transformer: a small network looks at each image and says by which affine transformation to straighten it.
///
/// It starts at the identity. Parameters as in PyTorch's tutorial: `localization.0`, `localization.3`, `fc_loc.0`,
/// `fc_loc.2`; an adaptive pooling to 3×3 in front of the linear layers, which images of 28 pixels do not need, makes it
/// fit others.
///
/// - Source: Jaderberg et al., "Spatial transformer networks", NeurIPS 2015, arXiv 1506.02025.
public struct SpatialTransformer: FrontendVariant {
  /// The channels of the first convolution; the others follow.
  public var width: Int

  /// Creates the block.
  public init(width: Int) { self.width = width }

  /// Creates the block with 8 channels in the first convolution and 10 in the second.
  public init() { self.init(width: 8) }

  public static let variant = ConfigurationSchema.Variant(
    "spatial-transformer", "A small network straightens each image by an affine transformation.",
    options: ConfigurationSchema([
      .init(
        "width", .integer(1...256), default: .integer(Self().width),
        "The channels of the first convolution; the second has a quarter more, the linear layer four times as many.")
    ]))

  public var layer: any Layer { SpatialTransformerLayer(width: width) }
}

/// The block of ``SpatialTransformer``.
///
/// ## Shapes
/// - `x`: `[N, C, H, W]`; result alike.
public struct SpatialTransformerLayer: Layer, Hashable {
  /// The channels of the first convolution.
  public var width: Int

  public func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let pooling = Pooling2D(.maximum, PoolingGeometry(window: 2))
    func convolution(_ x: Tensor, _ index: Int, channels: Int, size: Int) throws -> Tensor {
      let layer = Convolution(
        outputChannels: channels, kernelSize: Extent2D(size), geometry: ConvolutionGeometry(stride: 1, padding: 0),
        hasBias: true, initialization: .torchDefault)
      return try pooling(layer(x, "localization.\(index)", in: context), in: context).activated(.relu)
    }
    var y = try convolution(x, 0, channels: width, size: 7)
    y = try convolution(y, 3, channels: width + width / 4, size: 5)
    y = try AdaptiveAveragePool(Extent2D(3))(y, in: context).flattened()
    y = try Linear(outputFeatures: 4 * width)(y, "fc_loc.0", in: context).activated(.relu)
    let transformation = try context.scope("fc_loc.2") {
      let weight = try context.parameter("weight", [6, 4 * width], .zeros)
      let bias = try context.parameter("bias", [6], .elements([1, 0, 0, 0, 1, 0]), category: .bias)
      return try y.multiplied(byTransposed: weight).adding(bias)
    }
    return try x.builder.apply(AffineSampling(), x, transformation)
  }
}
