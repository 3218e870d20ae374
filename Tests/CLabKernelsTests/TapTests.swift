import CLabKernels
import Testing

/// Dynamic convolutions by products of one tap at a time, against sums in double precision.
@Suite struct TapTests {
  static let shapes = [
    TapProblem.Shape(kernels: 1, inputBlocks: 1, outputBlocks: 1, side: 4, samples: 1),
    TapProblem.Shape(kernels: 1, inputBlocks: 3, outputBlocks: 2, side: 3, samples: 5),
    TapProblem.Shape(kernels: 4, inputBlocks: 2, outputBlocks: 3, side: 4, samples: 5),
    TapProblem.Shape(kernels: 4, inputBlocks: 1, outputBlocks: 5, side: 5, samples: 3, stride: 2),
    TapProblem.Shape(kernels: 3, inputBlocks: 2, outputBlocks: 1, side: 4, samples: 4, window: 1),
    TapProblem.Shape(kernels: 6, inputBlocks: 2, outputBlocks: 2, side: 3, samples: 2),
    // Taps of a window that is larger than the image join no pixels at all.
    TapProblem.Shape(kernels: 2, inputBlocks: 1, outputBlocks: 2, side: 2, samples: 3, window: 7),
    TapProblem.Shape(kernels: 5, inputBlocks: 1, outputBlocks: 1, side: 1, samples: 7),
    // Gradients that no cache holds go past it.
    TapProblem.Shape(kernels: 4, inputBlocks: 16, outputBlocks: 16, side: 2, samples: 5),
    // More rows than a product takes at once, and weights of several parts.
    TapProblem.Shape(kernels: 2, inputBlocks: 9, outputBlocks: 2, side: 9, samples: 2),
  ]

  @Test(arguments: Instructions.available, shapes.indices)
  func resultsAndGradients(on instructions: Instructions, case index: Int) throws {
    let kernels = try instructions.kernels
    for factors in [TapProblem.Factors.all, .none, .kernelsOnly, .channelsOnly] {
      let problem = TapProblem(Self.shapes[index], factors, block: kernels.block)
      for mixesWeights in [false, true] where !mixesWeights || (problem.shape.kernels > 1 && factors.kernels) {
        problem.check(kernels, mixesWeights: mixesWeights)
      }
    }
  }

  @Test(arguments: Instructions.available)
  func channelsAreScaledAndPooled(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let extent = LabExtent(samples: 3, channels: 2 * kernels.block, blocks: 2, pixels: 7)
    var random = TestRandom("taps")
    let count = 3 * 2 * 7 * kernels.block
    let (a, b, factors) = (random.floats(count), random.floats(count), random.floats(3 * 2 * kernels.block))
    var scaled: [Double] = []
    var sums = [Double](repeating: 0, count: factors.count)
    for index in 0..<count {
      let channel = index / kernels.block / 7 * kernels.block + index % kernels.block
      scaled.append(Double(a[index]) * Double(factors[channel]))
      sums[channel] += Double(a[index]) * Double(b[index])
    }
    let buffers = [a, b, factors].map { GuardedBuffer($0) }
    let pooled = GuardedBuffer<Float>(overwritten: factors.count)
    kernels.poolProducts(extent, buffers[0].pointer, buffers[1].pointer, pooled.pointer)
    // In place, too.
    kernels.scaleChannels(extent, buffers[0].pointer, buffers[2].pointer, buffers[0].pointer)
    expectClose(buffers[0].values, scaled)
    expectClose(pooled.values, sums)
    #expect(pooled.isWithinMargins && buffers.allSatisfy(\.isWithinMargins))
  }
}
