import BackendOneDNN
import COneDNN
import Testing

@Suite struct MethodRulesTests {
  private func rules(
    samples: Int = 64, side: Int, _ inputs: Int, _ outputs: Int, block: Int = 16, _ products: BFloat16Products = .none
  ) -> MethodRules {
    var shape = OneDnnConvolutionShape()
    (shape.samples, shape.inputChannels, shape.outputChannels, shape.groups) = (samples, inputs, outputs, 1)
    (shape.inputHeight, shape.inputWidth, shape.outputHeight, shape.outputWidth) = (side, side, side, side)
    (shape.kernelHeight, shape.kernelWidth, shape.strideHeight, shape.strideWidth) = (3, 3, 1, 1)
    (shape.paddingHeight, shape.paddingWidth, shape.dilationHeight, shape.dilationWidth) = (1, 1, 1, 1)
    return MethodRules(shape, block: block, bfloat16Products: products)
  }

  /// The stages of a residual network on 32×32 pixels.
  @Test(arguments: [(32, 16), (16, 32), (8, 64)])
  func stagesOfASmallNetworkTakeLargeTiles(side: Int, channels: Int) {
    let rules = rules(side: side, channels, channels)
    for kind in [ONEDNN_FORWARD, ONEDNN_INPUT_GRADIENT, ONEDNN_WEIGHT_GRADIENT] {
      #expect(rules.method(for: kind, hasOwnWeights: false) == .winograd4x4)
    }
  }

  /// What it takes to transform the weights must be shared by tiles enough.
  @Test func aFewTilesDoNotPayForLargeWeights() {
    #expect(rules(samples: 1, side: 4, 256, 256).method(for: ONEDNN_FORWARD, hasOwnWeights: false) == .direct)
    #expect(rules(samples: 64, side: 4, 256, 256).method(for: ONEDNN_FORWARD, hasOwnWeights: false) == .winograd4x4)
  }

  /// A result of 2×2 would use a quarter of a large tile.
  @Test func smallImagesTakeSmallTiles() {
    #expect(rules(samples: 64, side: 2, 128, 128).method(for: ONEDNN_FORWARD, hasOwnWeights: false) == .winograd2x2)
  }

  /// Where transformed gradients fill the cache, a chunk must have tiles enough.
  @Test func gradientsOfSharedWeightsNeedTilesInAChunk() {
    #expect(rules(samples: 8, side: 4, 64, 64).method(for: ONEDNN_WEIGHT_GRADIENT, hasOwnWeights: false) == .direct)
    #expect(
      rules(samples: 16, side: 2, 512, 512).method(for: ONEDNN_WEIGHT_GRADIENT, hasOwnWeights: false) == .winograd2x2)
  }

  /// Channels count as the blocks that hold them.
  @Test func channelsArePaddedToWholeBlocks() {
    for block in [8, 16] {
      let (few, whole) = (rules(side: 4, 1, block + 1, block: block), rules(side: 4, block, 2 * block, block: block))
      for hasOwnWeights in [false, true] {
        #expect(
          few.method(for: ONEDNN_FORWARD, hasOwnWeights: hasOwnWeights)
            == whole.method(for: ONEDNN_FORWARD, hasOwnWeights: hasOwnWeights))
      }
    }
    #expect(rules(side: 7, 16, 17).method(for: ONEDNN_FORWARD, hasOwnWeights: true) == .direct)
    #expect(rules(side: 7, 17, 17).method(for: ONEDNN_FORWARD, hasOwnWeights: true) == .winograd2x2)
  }

  /// Twice as many products at a time leave less to save.
  @Test func bfloat16ProductsReplaceFilteringOfLargeWeights() {
    for (products, method) in [(BFloat16Products.none, ConvolutionMethod.winograd4x4), (.vectors, .direct)] {
      let rules = rules(side: 4, 256, 256, products)
      #expect(rules.method(for: ONEDNN_FORWARD, hasOwnWeights: false) == method)
      #expect(rules.method(for: ONEDNN_WEIGHT_GRADIENT, hasOwnWeights: false) == .winograd4x4)
    }
  }

  @Test(arguments: [
    (4, 64, ConvolutionMethod.direct), (6, 64, .winograd2x2), (12, 32, .winograd4x4), (2, 256, .winograd2x2),
    (1, 256, .direct),
  ])
  func samplesWithOwnWeights(side: Int, channels: Int, method: ConvolutionMethod) {
    let rules = rules(side: side, channels, channels)
    for kind in [ONEDNN_FORWARD, ONEDNN_WEIGHT_GRADIENT] {
      #expect(rules.method(for: kind, hasOwnWeights: true) == method)
    }
  }
}
