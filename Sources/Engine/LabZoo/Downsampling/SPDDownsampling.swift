import LabCore
import LabGraph
import LabNN

/// Space-to-depth behind convolutions of stride 1 (SPD-Conv): pixels become channels, and none is lost.
///
/// As in the paper's ResNets, the normalisation and the next convolution see four times the filters of the convolution
/// that halves the resolution. A shortcut is space-to-depth and a 1×1 convolution, a stem that reduces (7×7 with
/// stride 2 and a pooling) becomes space-to-depth and a 1×1 convolution. Extents have to be even where they are halved.
///
/// - Source: Sunkara, Luo, "No more strided convolutions or pooling", ECML PKDD 2022, arXiv 2208.03641.
public struct SPDDownsampling: DownsamplingVariant {
  public var stages: [Int]?

  /// Creates the variant for all stages.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "spd", "Space-to-depth behind convolutions of stride 1 (SPD-Conv); extents have to be even where they are halved.",
    options: ConfigurationSchema([.halvedStages]))

  public var convolutionStride: Int { 1 }

  public func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try SpaceToDepth(scale: 2)(x, in: context)
  }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try SpaceToDepth(scale: 2)(x, in: context)
  }

  public func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try SpaceToDepth(scale: 2)(x, in: context)
  }

  public func stem(for stem: Stem) -> Stem { stem == .imagenet ? .spd : stem }
}
