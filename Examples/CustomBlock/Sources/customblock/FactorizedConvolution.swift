import LabCore
import LabGraph
import LabNN
import LabZoo

/// A k×1 and a 1×k convolution in place of a k×k one.
///
/// - Source: Szegedy et al., "Rethinking the Inception architecture for computer vision", CVPR 2016, arXiv 1512.00567.
struct FactorizedConvolution: ConvolutionVariant {
  static let variant = ConfigurationSchema.Variant("factorized", "A k×1 and a 1×k convolution in place of a k×k one.")

  func layer(replacing convolution: Convolution) -> any Layer { FactorizedLayer(whole: convolution) }
}

/// Parameters `vertical.weight` and `horizontal.weight`; a 1×1 convolution stays as it is.
private struct FactorizedLayer: Layer {
  let whole: Convolution

  func callAsFunction(_ x: Tensor, in context: ModelContext) throws -> Tensor {
    let (kernel, geometry) = (whole.kernelSize, whole.geometry)
    guard kernel.height > 1, kernel.width > 1 else { return try whole(x, in: context) }
    var (vertical, horizontal) = (whole, whole)
    vertical.kernelSize = Extent2D(kernel.height, 1)
    vertical.geometry.stride = Extent2D(geometry.stride.height, 1)
    vertical.geometry.padding = Extent2D(geometry.padding.height, 0)
    vertical.hasBias = false
    horizontal.kernelSize = Extent2D(1, kernel.width)
    horizontal.geometry.stride = Extent2D(1, geometry.stride.width)
    horizontal.geometry.padding = Extent2D(0, geometry.padding.width)
    return try horizontal(vertical(x, "vertical", in: context), "horizontal", in: context)
  }
}
