import CLabKernels
import COneDNN

/// Chooses methods by what a 3×3 convolution costs by each, in multiplications for each pair of channels.
///
/// The numbers are measured ones, rounded: what counts here are shapes alone, so that the same spec takes the same
/// methods, and gives the same bits, wherever vectors are equally long.
struct MethodRules {
  let samples: Int
  let height: Int
  let width: Int
  let inputChannels: Int
  let outputChannels: Int

  init(_ shape: OneDnnConvolutionShape, block: Int) {
    func padded(_ channels: Int) -> Int { (channels + block - 1) / block * block }
    (samples, height, width) = (shape.samples, shape.inputHeight, shape.inputWidth)
    (inputChannels, outputChannels) = (padded(shape.inputChannels), padded(shape.outputChannels))
  }

  /// The fastest method for a pass.
  ///
  /// - Parameter hasOwnWeights: whether each sample has weights of its own, as in a dynamic convolution.
  func method(for kind: OneDnnKind, hasOwnWeights: Bool) -> ConvolutionMethod {
    guard !hasOwnWeights else { return methodForOwnWeights }
    let method = methodForSharedWeights
    guard kind == ONEDNN_WEIGHT_GRADIENT, let side = method.tileSide else { return method }
    return paysForGradient(side) ? method : .direct
  }

  private var channelPairs: Int { inputChannels * outputChannels }

  private func tiles(_ side: Int) -> Int { ((height + side - 1) / side) * ((width + side - 1) / side) }

  private func frequencies(_ side: Int) -> Int { (side + 2) * (side + 2) }

  /// Multiplications of a sample.
  private func multiplications(_ side: Int) -> Int { tiles(side) * frequencies(side) }

  private func transformedBytes(_ side: Int) -> Int { 4 * frequencies(side) * channelPairs }

  private var direct: Int { 9 * height * width }

  private var methodForSharedWeights: ConvolutionMethod {
    // Transforming images and results takes the time of three quarters of the multiplications.
    func winograd(_ side: Int) -> Double {
      // Writing and reading a transformed weight takes longer where they leave the second-level cache in between.
      let perWeight = transformedBytes(side) <= 1 << 20 ? 25 : transformedBytes(side) <= 4 << 20 ? 60 : 85
      return 1.75 * Double(samples * multiplications(side)) + Double(perWeight * frequencies(side))
    }
    let best = winograd(2) <= winograd(4) ? 2 : 4
    // The library's rows of registers are half empty where images are narrow.
    let directCost = Double(samples * direct) * (width < 4 ? 1.9 : 1)
    return winograd(best) <= directCost ? ConvolutionMethod(tileSide: best) : .direct
  }

  private var methodForOwnWeights: ConvolutionMethod {
    // Large tiles save more, but their weights take twice as long to transform, which a few tiles do not make up for.
    let side = tiles(4) <= 4 || multiplications(2) <= multiplications(4) ? 2 : 4
    // Transforming a sample's weights takes as long as so many multiplications for each pair of channels.
    let cost = multiplications(side) + (side == 2 ? 90 : 180)
    // With few channels there is little to multiply for each transformed image.
    let mostTenths = channelPairs >= 32 * 32 ? 8 : 7
    return 10 * cost <= mostTenths * direct ? ConvolutionMethod(tileSide: side) : .direct
  }

  /// Whether the gradient of weights that all samples share is faster with tiles.
  ///
  /// Each chunk of samples adds to the sums of all transformed gradients, four times as many numbers as there are weights:
  /// where these leave the cache in between, a chunk must have tiles enough to make up for it.
  private func paysForGradient(_ side: Int) -> Bool {
    let bytesPerSample = max(inputChannels, outputChannels) * height * width * 4
    let transformedBytes = transformedBytes(side)
    let chunk = ChunkSize.samples(bytesPerSample: bytesPerSample, weightBytes: transformedBytes, of: samples)
    let leastTiles = transformedBytes <= 768 << 10 ? 1 : transformedBytes <= 4 << 20 ? 16 : 40
    return chunk * tiles(side) >= leastTiles
  }
}
