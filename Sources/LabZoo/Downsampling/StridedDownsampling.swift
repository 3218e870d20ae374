import LabCore
import LabGraph
import LabNN

/// Convolutions with stride 2.
public struct StridedDownsampling: DownsamplingVariant {
  /// Creates the variant.
  public init() {}

  public static let variant = ConfigurationSchema.Variant("strided", "Convolutions with stride 2.")

  public var convolutionStride: Int { 2 }

  public func afterConvolution(_ x: Tensor, in context: ModelContext) throws -> Tensor { x }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor { x }
}
