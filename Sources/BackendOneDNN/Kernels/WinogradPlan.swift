import CLabKernels
import COneDNN

/// Tiles of results × results that cover an image.
private func tileCount(height: Int, width: Int, results: Int) -> Int {
  ((height + results - 1) / results) * ((width + results - 1) / results)
}

/// What a 3×3 convolution costs by each method, in multiplications for each pair of channels.
///
/// The numbers are measured ones, rounded: what counts here are shapes alone, so that the same spec takes the same
/// algorithms, and gives the same bits, wherever vectors are equally long.
private struct MethodCost {
  let samples: Int
  let height: Int
  let width: Int
  let channelPairs: Int

  init(_ shape: OneDnnConvolutionShape, block: Int) {
    func padded(_ channels: Int) -> Int { (channels + block - 1) / block * block }
    (samples, height, width) = (shape.samples, shape.inputHeight, shape.inputWidth)
    channelPairs = padded(shape.inputChannels) * padded(shape.outputChannels)
  }

  private func tiles(_ results: Int) -> Int { tileCount(height: height, width: width, results: results) }

  private func frequencies(_ results: Int) -> Int { (results + 2) * (results + 2) }

  /// Multiplications of a sample.
  private func multiplications(_ results: Int) -> Int { tiles(results) * frequencies(results) }

  private var direct: Int { 9 * height * width }

  /// The results a tile has on each side, where all samples share the weights; nil where the direct method is faster.
  var tilesForSharedWeights: Int? {
    // Transforming images and results takes the time of three quarters of the multiplications.
    func winograd(_ results: Int) -> Double {
      let transformedBytes = 4 * frequencies(results) * channelPairs
      // Writing and reading a transformed weight takes longer where they leave the second-level cache in between.
      let perWeight = transformedBytes <= 1 << 20 ? 25 : 85
      return 1.75 * Double(samples * multiplications(results)) + Double(perWeight * frequencies(results))
    }
    let best = winograd(2) <= winograd(4) ? 2 : 4
    // The library's rows of registers are half empty where images are narrow.
    let directCost = Double(samples * direct) * (width < 4 ? 1.9 : 1)
    return winograd(best) <= directCost ? best : nil
  }

  /// The same for samples with weights of their own, as in a dynamic convolution.
  var tilesForOwnWeights: Int? {
    // Large tiles save more, but their weights take twice as long to transform, which a few tiles do not make up for.
    let results = tiles(4) <= 4 || multiplications(2) <= multiplications(4) ? 2 : 4
    // Transforming a sample's weights takes as long as about a hundred multiplications for each pair of channels.
    return 10 * (multiplications(results) + (results == 2 ? 100 : 200)) <= 7 * direct ? results : nil
  }
}

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
    let cost = MethodCost(shape, block: kernels.block)
    let choice = hasOwnWeights ? cost.tilesForOwnWeights : cost.tilesForSharedWeights
    guard let results = choice else { return nil }
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
    tileCount(height: geometry.height, width: geometry.width, results: geometry.results)
  }
}
