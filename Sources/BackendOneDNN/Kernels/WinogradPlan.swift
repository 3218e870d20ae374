import CLabKernels
import COneDNN

/// A convolution by Winograd's minimal filtering F(r×r, 3×3).
///
/// - Source: Lavin, Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016, arXiv 1509.09308.
struct WinogradPlan {
  /// The extents of the forward pass.
  let geometry: LabWinogradGeometry
  let kernels: LabWinograd

  /// Describes a convolution, or returns nil where the method does not apply or would be no faster.
  ///
  /// - Parameter hasOwnWeights: whether each sample has weights of its own, as in a dynamic convolution.
  init?(_ shape: OneDnnConvolutionShape, kernels: LabWinograd, hasOwnWeights: Bool = false) {
    guard shape.groups == 1, (shape.kernelHeight, shape.kernelWidth) == (3, 3),
      (shape.strideHeight, shape.strideWidth) == (1, 1), (shape.paddingHeight, shape.paddingWidth) == (1, 1),
      (shape.dilationHeight, shape.dilationWidth) == (1, 1)
    else { return nil }
    func tiles(_ results: Int) -> Int {
      ((shape.inputHeight + results - 1) / results) * ((shape.inputWidth + results - 1) / results)
    }
    func multiplications(_ results: Int) -> Int { tiles(results) * (results + 2) * (results + 2) }
    // Large tiles save more, but their weights take twice as long to transform, which a few tiles do not make up for.
    let prefersSmallTiles = hasOwnWeights && tiles(4) <= 4
    let results = prefersSmallTiles || multiplications(2) <= multiplications(4) ? 2 : 4
    let direct = 9 * shape.inputHeight * shape.inputWidth
    if hasOwnWeights {
      // Transforming a sample's weights takes as long as about a hundred multiplications for each pair of channels.
      guard 10 * (multiplications(results) + (results == 2 ? 100 : 200)) <= 7 * direct else { return nil }
    } else {
      // Transforms are made up for where multiplications are down to less than about a half, and images share the weights.
      guard 7 * multiplications(results) <= 4 * direct, shape.samples * tiles(results) >= 16 else { return nil }
    }
    let block = kernels.block
    geometry = LabWinogradGeometry(
      results: results, height: shape.inputHeight, width: shape.inputWidth,
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

  /// Whether the gradient of weights that all samples share is faster by this method.
  ///
  /// Each chunk of samples adds to the sums of all transformed gradients, four times as many numbers as there are weights:
  /// where these leave the cache in between, a chunk must have tiles enough to make up for it.
  func paysForSharedGradient(samples: Int) -> Bool {
    let bytesPerSample =
      max(geometry.inputBlocks, geometry.outputBlocks) * kernels.block * geometry.height
      * geometry.width * 4
    let chunk = ChunkSize.samples(bytesPerSample: bytesPerSample, weightBytes: transformedBytes(), of: samples)
    let leastTiles = transformedBytes() <= 768 << 10 ? 1 : transformedBytes() <= 4 << 20 ? 16 : 40
    return chunk * tiles >= leastTiles
  }

  /// Tiles of a sample.
  private var tiles: Int {
    let results = geometry.results
    return ((geometry.height + results - 1) / results) * ((geometry.width + results - 1) / results)
  }
}
