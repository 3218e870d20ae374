import COneDNN

/// Chooses methods by what a 3×3 convolution costs by each, in multiplications for each pair of channels.
///
/// The numbers are measured ones, rounded: what counts here are shapes alone, so that the same spec takes the same
/// methods, and gives the same bits, wherever vectors are equally long. In reduced precision, how the processor multiplies
/// bfloat16 counts as well, which changes bits in any case.
package struct MethodRules {
  let samples: Int
  let height: Int
  let width: Int
  let inputChannels: Int
  let outputChannels: Int
  /// How direct convolutions multiply.
  let bfloat16Products: BFloat16Products

  package init(_ shape: OneDnnConvolutionShape, block: Int, bfloat16Products: BFloat16Products) {
    func padded(_ channels: Int) -> Int { (channels + block - 1) / block * block }
    (samples, height, width) = (shape.samples, shape.inputHeight, shape.inputWidth)
    (inputChannels, outputChannels) = (padded(shape.inputChannels), padded(shape.outputChannels))
    self.bfloat16Products = bfloat16Products
  }

  /// The fastest method for a pass.
  ///
  /// - Parameter hasOwnWeights: whether each sample has weights of its own, as in a dynamic convolution.
  package func method(for kind: OneDnnKind, hasOwnWeights: Bool) -> ConvolutionMethod {
    if hasOwnWeights { return methodForOwnWeights }
    return kind == ONEDNN_WEIGHT_GRADIENT ? methodForSharedGradient : methodForSharedWeights
  }

  private var channelPairs: Int { inputChannels * outputChannels }

  private func tiles(_ side: Int) -> Int { ((height + side - 1) / side) * ((width + side - 1) / side) }

  private func frequencies(_ side: Int) -> Int { (side + 2) * (side + 2) }

  /// Multiplications of a sample.
  private func multiplications(_ side: Int) -> Int { tiles(side) * frequencies(side) }

  private func transformedBytes(_ side: Int) -> Int { 4 * frequencies(side) * channelPairs }

  private var direct: Int { 9 * height * width }

  private var weightBytes: Int { 4 * 9 * channelPairs }

  /// The cost with shared weights for a batch.
  private func winogradCost(_ side: Int) -> Double {
    // Writing and reading a transformed weight takes longer where they leave the second-level cache in between.
    let perWeight = transformedBytes(side) <= 1 << 20 ? 25 : transformedBytes(side) <= 4 << 20 ? 60 : 85
    // Transforming images and results takes the time of three quarters of the multiplications.
    return 1.75 * Double(samples * multiplications(side)) + Double(perWeight * frequencies(side))
  }

  /// The library's rows of registers are half empty where images are narrow.
  private var directCost: Double { Double(samples * direct) * (width < 4 ? 1.9 : 1) }

  /// The results of a tile on each side that cost less.
  private var bestSide: Int { winogradCost(2) <= winogradCost(4) ? 2 : 4 }

  /// The direct cost where products are made of bfloat16: twice as many at a time, of operands that are rounded first.
  private var bfloat16DirectCost: Double { 0.6 * Double(samples * direct) }

  private var methodForSharedWeights: ConvolutionMethod {
    let cost = bfloat16Products == .none ? directCost : bfloat16DirectCost
    return winogradCost(bestSide) <= cost ? ConvolutionMethod(tileSide: bestSide) : .direct
  }

  private var methodForSharedGradient: ConvolutionMethod {
    // What the library sums of large gradients goes to memory and back, and bfloat16 gains little there.
    let isLarge = weightBytes > 512 << 10
    let cost = directCost + (isLarge ? 200 * 9 : 0)
    guard winogradCost(bestSide) <= cost, isLarge || paysForGradient(bestSide) else { return .direct }
    return ConvolutionMethod(tileSide: bestSide)
  }

  private var methodForOwnWeights: ConvolutionMethod {
    // Weights of a sample that do not stay in the cache are better used while they are transformed, piece by piece.
    if weightBytes > 1 << 20, height * width >= 4 { return .winograd2x2 }
    // Large tiles save more, but their weights take twice as long to transform, which a few tiles do not make up for.
    let side = tiles(4) <= 4 || multiplications(2) <= multiplications(4) ? 2 : 4
    // Transforming a sample's weights takes as long as so many multiplications for each pair of channels.
    let cost = multiplications(side) + (side == 2 ? 90 : 180)
    // With few channels there is little to multiply for each transformed image.
    let mostTenths = channelPairs >= 32 * 32 ? 8 : 7
    return 10 * cost <= mostTenths * direct ? ConvolutionMethod(tileSide: side) : .direct
  }

  /// Whether the gradient of weights that all samples share, and that stay in the cache, is faster with tiles.
  ///
  /// Each chunk of samples adds to the sums of all transformed gradients, four times as many numbers as there are weights:
  /// where these fill the cache, a chunk must have tiles enough to make up for it.
  private func paysForGradient(_ side: Int) -> Bool {
    let bytesPerSample = max(inputChannels, outputChannels) * height * width * 4
    let transformedBytes = transformedBytes(side)
    let chunk = ChunkSize.samples(bytesPerSample: bytesPerSample, weightBytes: transformedBytes, of: samples)
    let leastTiles = transformedBytes <= 768 << 10 ? 1 : 16
    return chunk * tiles(side) >= leastTiles
  }
}
