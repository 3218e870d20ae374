import LabCore
import LabGraph
import LabNN

/// What the architecture has: convolutions with stride 2, or its poolings.
public struct StridedDownsampling: DownsamplingVariant {
  /// Creates the variant.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "strided", "What the architecture has: convolutions with stride 2, or its poolings.")

  public var convolutionStride: Int { 2 }
}
