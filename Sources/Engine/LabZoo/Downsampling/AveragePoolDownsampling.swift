import LabCore
import LabGraph
import LabNN

/// Convolutions of stride 1 and a 2×2 average pooling behind them; in front of a shortcut's 1×1 convolution.
///
/// Odd extents are rounded up, as a 3×3 convolution with stride 2 does.
public struct AveragePoolDownsampling: DownsamplingVariant {
  /// Creates the variant.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "avgpool", "Convolutions of stride 1 and a 2×2 average pooling.")

  public var convolutionStride: Int { 1 }

  public func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try Pooling2D(.average(countsPadding: false), PoolingGeometry(window: 2, roundsUp: true))(x, in: context)
  }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try afterConvolution(x, in: context)
  }

  public func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try Pooling2D(.average(countsPadding: false), pooling.geometry)(x, in: context)
  }
}
