import CLabKernels
import Testing

@Suite struct ChannelTests {
  /// Numbers with two decimals at most, so that a maximum is often attained twice.
  private func coarse(_ count: Int, _ name: String) -> [Float] {
    var random = TestRandom(name)
    return random.floats(count, scale: 3).map { $0.rounded() - 4 }
  }

  @Test(arguments: Instructions.available) func reductionsOverChannels(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in PlaneTests.layouts(kernels) {
      // All are negative: a lane without a channel, which holds zero, must not win.
      let x = coarse(layout.flatCount, "channels")
      let xBuffer = GuardedBuffer(layout.blocked(x))
      var sums = [Double](repeating: 0, count: layout.samples * layout.pixels)
      var maxima = [Double](repeating: -.infinity, count: sums.count)
      layout.forEach { n, c, p in
        let v = Double(x[layout.flatIndex(n, c, p)])
        sums[n * layout.pixels + p] += v
        maxima[n * layout.pixels + p] = max(maxima[n * layout.pixels + p], v)
      }
      for (function, expected) in [sums, sums.map { $0 / Double(layout.channels) }, maxima].enumerated() {
        let y = GuardedBuffer<Float>(overwritten: sums.count)
        kernels.reduceChannels(layout.extent, LabReduction(rawValue: UInt32(function)), xBuffer.pointer, y.pointer)
        expectClose(y.values, expected, "\(layout), function \(function)")
        #expect(y.isWithinMargins)
      }
    }
  }

  @Test(arguments: Instructions.available) func pixelsAreRepeatedOverChannels(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in PlaneTests.layouts(kernels) {
      let values = coarse(layout.samples * layout.pixels, "pixels")
      var expected = [Double](repeating: 0, count: layout.flatCount)
      layout.forEach { n, c, p in expected[layout.flatIndex(n, c, p)] = Double(values[n * layout.pixels + p]) / 2 }
      let buffer = GuardedBuffer(values)
      let y = GuardedBuffer<Float>(overwritten: layout.blockedCount)
      kernels.broadcastChannels(layout.extent, buffer.pointer, 0.5, y.pointer)
      expectClose(y.values, layout.blocked(expected), "\(layout)")
      #expect(y.isWithinMargins)
    }
  }

  /// The first of equal elements gets the gradient, and lanes without a channel stay zero.
  @Test(arguments: Instructions.available) func gradientsOfMaxima(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in PlaneTests.layouts(kernels) {
      let x = coarse(layout.flatCount, "maxima")
      let xBuffer = GuardedBuffer(layout.blocked(x))
      for isOverChannels in [true, false] {
        func group(_ n: Int, _ c: Int, _ p: Int) -> Int {
          isOverChannels ? n * layout.pixels + p : n * layout.channels + c
        }
        let groups = layout.samples * (isOverChannels ? layout.pixels : layout.channels)
        let upstream = coarse(groups, "upstream")
        var largest = [Float](repeating: -.infinity, count: groups)
        layout.forEach { n, c, p in
          largest[group(n, c, p)] = max(largest[group(n, c, p)], x[layout.flatIndex(n, c, p)])
        }
        var expected = [Double](repeating: 0, count: layout.flatCount)
        var isGiven = [Bool](repeating: false, count: groups)
        layout.forEach { n, c, p in
          let (i, g) = (layout.flatIndex(n, c, p), group(n, c, p))
          guard x[i] == largest[g], !isGiven[g] else { return }
          expected[i] = Double(upstream[g])
          isGiven[g] = true
        }
        let dx = GuardedBuffer<Float>(overwritten: layout.blockedCount)
        if isOverChannels {
          let (given, maxima) = (GuardedBuffer(upstream), GuardedBuffer(largest))
          kernels.maximumOfChannelsGradient(
            layout.extent, given.pointer, xBuffer.pointer, maxima.pointer, dx.pointer)
        } else {
          let given = GuardedBuffer(layout.table(upstream, rows: layout.samples))
          let maxima = GuardedBuffer<Float>(overwritten: layout.samples * layout.paddedChannels)
          kernels.poolMaximum(layout.extent, xBuffer.pointer, maxima.pointer)
          expectClose(
            maxima.values, layout.paddedResult(largest.map(Double.init), rows: layout.samples), "\(layout) maxima")
          kernels.poolMaximumGradient(layout.extent, given.pointer, xBuffer.pointer, maxima.pointer, dx.pointer)
        }
        expectClose(dx.values, layout.blocked(expected), "\(layout), over channels: \(isOverChannels)")
        #expect(dx.isWithinMargins)
      }
    }
  }

  /// Whole blocks, shifted ones, and channels drawn from two tensors in no order, with gaps.
  @Test(arguments: Instructions.available) func channelsAreSelected(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let (samples, pixels) = (3, 5)
    let operands = [40, 21].map {
      BlockedLayout(samples: samples, channels: $0, pixels: pixels, block: kernels.block)
    }
    let flat = operands.enumerated().map { coarse($1.flatCount, "operand \($0)") }
    let buffers = zip(operands, flat).map { GuardedBuffer($0.blocked($1)) }
    let selections: [[(origin: Int, channel: Int)]] = [
      (0..<40).map { (0, $0) }, (0..<32).map { (0, $0 + 7) }, (0..<21).map { (1, 20 - $0) },
      (0..<35).map { ($0 % 2, $0 * 7 % 21) }, (0..<24).map { ($0 % 3 == 0 ? -1 : 0, $0 + 3) }, [(-1, -1), (1, 4)],
    ]
    for selection in selections {
      let layout = BlockedLayout(samples: samples, channels: selection.count, pixels: pixels, block: kernels.block)
      var expected = [Double](repeating: 0, count: layout.flatCount)
      layout.forEach { n, c, p in
        let (origin, channel) = selection[c]
        guard origin >= 0 else { return }
        expected[layout.flatIndex(n, c, p)] = Double(flat[origin][operands[origin].flatIndex(n, channel, p)])
      }
      let padding = [Int32](repeating: -1, count: layout.paddedChannels - selection.count)
      let origins = selection.map { Int32($0.origin) } + padding
      let channels = selection.map { Int32($0.channel) } + padding
      let y = GuardedBuffer<Float>(overwritten: layout.blockedCount)
      let sources = buffers.map { UnsafePointer<Float>?($0.pointer) }
      sources.withUnsafeBufferPointer { sources in
        operands.map(\.blocks).withUnsafeBufferPointer { blocks in
          origins.withUnsafeBufferPointer { origins in
            channels.withUnsafeBufferPointer { channels in
              var arguments = LabSelection(
                extent: layout.extent, sources: sources.baseAddress, sourceBlocks: blocks.baseAddress,
                origins: origins.baseAddress, channels: channels.baseAddress, y: y.pointer)
              kernels.selectChannels(&arguments)
            }
          }
        }
      }
      expectClose(y.values, layout.blocked(expected), "\(selection.count) channels")
      #expect(y.isWithinMargins)
    }
  }
}
