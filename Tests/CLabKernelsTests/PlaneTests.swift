import CLabKernels
import Testing

@Suite struct PlaneTests {
  static func layouts(_ kernels: LabKernels) -> [BlockedLayout] {
    BlockedLayout.shapes(block: kernels.block) + [.longPlane(block: kernels.block)]
  }

  @Test(arguments: Instructions.available) func channelStatisticsAccumulate(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in Self.layouts(kernels) {
      var random = TestRandom("statistics")
      // A mean far from zero, which only the pivot makes harmless.
      let x = random.floats(layout.flatCount).map { $0 + 50 }
      let pivot = random.floats(layout.channels).map { $0 + 50 }
      let sum = GuardedBuffer([Double](repeating: 2, count: layout.paddedChannels))
      let squares = GuardedBuffer([Double](repeating: 3, count: layout.paddedChannels))
      let xBuffer = GuardedBuffer(layout.blocked(x))
      let table = GuardedBuffer(layout.table(pivot))
      kernels.channelStatistics(layout.extent, xBuffer.pointer, table.pointer, sum.pointer, squares.pointer)
      var expectedSum = [Double](repeating: 0, count: layout.channels)
      var expectedSquares = expectedSum
      layout.forEach { n, c, p in
        let v = Double(x[layout.flatIndex(n, c, p)]) - Double(pivot[c])
        expectedSum[c] += v
        expectedSquares[c] += v * v
      }
      let absolute = 1e-6 * Double(layout.pixels * layout.samples)
      expectClose(sum.values, layout.paddedResult(expectedSum).map { $0 + 2 }, absolute: absolute, "\(layout)")
      expectClose(squares.values, layout.paddedResult(expectedSquares).map { $0 + 3 }, absolute: absolute, "\(layout)")
      #expect(sum.isWithinMargins && squares.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available) func normGradientWorksInPlace(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in Self.layouts(kernels) {
      var random = TestRandom("normGradient")
      let g = random.shortFloats(layout.flatCount)
      let x = random.shortFloats(layout.flatCount)
      let tables = (0..<3).map { _ in random.floats(layout.channels) }
      var expected = [Double](repeating: 0, count: layout.flatCount)
      layout.forEach { n, c, p in
        let i = layout.flatIndex(n, c, p)
        expected[i] = Double(tables[0][c]) * Double(g[i]) + Double(tables[1][c]) * Double(x[i]) + Double(tables[2][c])
      }
      let buffers = tables.map { GuardedBuffer(layout.table($0)) }
      // Each operand in either form, and the result in the place of either one in single precision.
      for (gForm, xForm) in SourceForm.allCases.flatMap({ form in SourceForm.allCases.map { (form, $0) } }) {
        for target in 0...2 where [.floats, gForm, xForm][target] == .floats {
          let gOperand = SourceOperand(layout.blocked(g))
          let xOperand = SourceOperand(layout.blocked(x))
          let y = [GuardedBuffer<Float>(overwritten: layout.blockedCount), gOperand.floats, xOperand.floats][target]
          kernels.normGradientApply(
            layout.extent, gOperand.source(gForm), xOperand.source(xForm), buffers[0].pointer, buffers[1].pointer,
            buffers[2].pointer, y.pointer)
          expectClose(y.values, layout.blocked(expected), absolute: 1e-6, "\(layout) \(gForm) \(xForm) into \(target)")
          #expect(y.isWithinMargins)
        }
      }
    }
  }

  @Test(arguments: Instructions.available) func sumsAndBroadcasts(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in Self.layouts(kernels) {
      var random = TestRandom("sums")
      let x = random.floats(layout.flatCount)
      let xBuffer = GuardedBuffer(layout.blocked(x))
      var pooled = [Double](repeating: 0, count: layout.samples * layout.channels)
      var channels = [Double](repeating: 0, count: layout.channels)
      layout.forEach { n, c, p in
        pooled[n * layout.channels + c] += Double(x[layout.flatIndex(n, c, p)])
        channels[c] += Double(x[layout.flatIndex(n, c, p)])
      }
      let sums = GuardedBuffer<Float>(overwritten: layout.samples * layout.paddedChannels)
      kernels.poolSums(layout.extent, xBuffer.pointer, 0.5, sums.pointer)
      let absolute = 1e-6 * Double(layout.pixels * layout.samples)
      expectClose(
        sums.values, layout.paddedResult(pooled.map { $0 / 2 }, rows: layout.samples), absolute: absolute, "\(layout)")

      let channelSums = GuardedBuffer([Double](repeating: 1, count: layout.paddedChannels))
      kernels.channelSums(layout.extent, xBuffer.pointer, channelSums.pointer)
      expectClose(
        channelSums.values, layout.paddedResult(channels).map { $0 + 1 }, absolute: absolute, "\(layout)")

      let value = random.floats(layout.samples * layout.channels)
      let table = GuardedBuffer(layout.table(value, rows: layout.samples))
      let y = GuardedBuffer<Float>(overwritten: layout.blockedCount)
      kernels.broadcastPixels(layout.extent, table.pointer, 0.25, y.pointer)
      var expected = [Double](repeating: 0, count: layout.flatCount)
      layout.forEach { n, c, p in
        expected[layout.flatIndex(n, c, p)] = Double(value[n * layout.channels + c]) / 4
      }
      expectClose(y.values, layout.blocked(expected), absolute: 0, "\(layout)")
      #expect(sums.isWithinMargins && channelSums.isWithinMargins && y.isWithinMargins)
    }
  }
}
