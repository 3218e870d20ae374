import CLabKernels
import COneDNN

/// A convolution by Winograd's minimal filtering F(r×r, 3×3).
///
/// - Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv 1509.09308.
struct WinogradPlan {
  /// The extents of the forward pass.
  let geometry: LabWinogradGeometry
  let kernels: LabWinograd

  /// Whether the method exists for a convolution.
  static func applies(to shape: OneDnnConvolutionShape) -> Bool {
    shape.groups == 1 && (shape.kernelHeight, shape.kernelWidth) == (3, 3)
      && (shape.strideHeight, shape.strideWidth) == (1, 1) && (shape.paddingHeight, shape.paddingWidth) == (1, 1)
      && (shape.dilationHeight, shape.dilationWidth) == (1, 1)
  }

  /// Describes a convolution to which the method applies.
  ///
  /// - Parameter tileSide: the results that a tile has on each side, 2 or 4.
  init(_ shape: OneDnnConvolutionShape, tileSide: Int, kernels: LabWinograd) {
    let block = kernels.block
    geometry = LabWinogradGeometry(
      resultSide: tileSide, height: shape.inputHeight, width: shape.inputWidth,
      inputBlocks: (shape.inputChannels + block - 1) / block, outputBlocks: (shape.outputChannels + block - 1) / block)
    self.kernels = kernels
  }

  /// The extents of the gradient of the image.
  var swapped: LabWinogradGeometry {
    var geometry = geometry
    swap(&geometry.inputBlocks, &geometry.outputBlocks)
    return geometry
  }

  /// Bytes of the transformed weights or of their gradient; of those of the image's gradient where `isTransposed`.
  func transformedBytes(isTransposed: Bool = false) -> Int {
    kernels.weightCount(isTransposed ? swapped : geometry) * 4
  }
}
