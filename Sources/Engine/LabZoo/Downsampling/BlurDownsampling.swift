import LabCore
import LabGraph
import LabNN

/// Convolutions and poolings of stride 1, and a blur with stride 2 behind the non-linearity (anti-aliased networks).
///
/// The blur is a depth-wise convolution with the fixed window `[1 2 1] ⊗ [1 2 1] / 16` over an image whose border is
/// mirrored. A shortcut is a blur and a 1×1 convolution.
///
/// - Source: Zhang, "Making convolutional networks shift-invariant again", ICML 2019, arXiv 1904.11486.
public struct BlurDownsampling: DownsamplingVariant {
  /// Creates the variant.
  public init() {}

  public static let variant = ConfigurationSchema.Variant(
    "blur", "Convolutions and poolings of stride 1, and a blur with stride 2 behind the non-linearity.", revision: 1)

  public var convolutionStride: Int { 1 }

  public func afterActivation(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let (channels, mirrored) = (x.shape[1], try x.mirrored(axis: 2).mirrored(axis: 3))
    let window: [Float] = [1, 2, 1, 2, 4, 2, 1, 2, 1].map { $0 / 16 }
    let kernel = context.builder.constant((0..<channels).flatMap { _ in window }, [channels, 1, 3, 3])
    return try context.builder.apply(
      Convolution2D(ConvolutionGeometry(stride: 2, padding: 0, groups: channels)), mirrored, kernel)
  }

  public func beforeProjection(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    try afterActivation(x, in: context)
  }

  public func pooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    var dense = pooling
    dense.geometry.stride = Extent2D(1)
    // A window that grows beyond the border at the end only would do so at stride 1, too.
    dense.geometry.roundsUp = false
    return try afterActivation(dense(x, in: context), in: context)
  }

  public func stemPooled(_ x: Tensor, _ pooling: Pooling2D, in context: ModelContext) throws -> Tensor {
    try pooled(x, pooling, in: context)
  }
}

extension Tensor {
  /// One more position on either side of an axis: a copy of the border's neighbour; of the border where it has none.
  fileprivate func mirrored(axis: Int) throws -> Tensor {
    let extent = shape[axis]
    let inner = min(1, extent - 1)
    return try .concatenated(
      [
        slice(axis: axis, start: inner, count: 1), self, slice(axis: axis, start: extent - 1 - inner, count: 1),
      ], axis: axis)
  }
}
