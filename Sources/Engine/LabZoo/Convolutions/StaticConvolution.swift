import LabCore
import LabNN

/// The ordinary convolution.
public struct StaticConvolution: ConvolutionVariant {
  /// Creates the variant.
  public init() {}

  public static let variant = ConfigurationSchema.Variant("static", "The ordinary convolution.")

  public var layers: ReplacedLayers { ReplacedLayers(isEverywhere: true) }

  public func layer(replacing convolution: Convolution) -> any Layer { convolution }
}
