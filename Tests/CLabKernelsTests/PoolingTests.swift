import CLabKernels
import Testing

@Suite struct PoolingTests {
  /// An image, a window and the resulting size.
  struct Geometry: CustomTestStringConvertible, Sendable {
    var height, width, windowHeight, windowWidth, rowStride, columnStride, rowPadding, columnPadding: Int
    var roundsUp = false

    var outputHeight: Int { size(height, windowHeight, rowStride, rowPadding) }
    var outputWidth: Int { size(width, windowWidth, columnStride, columnPadding) }
    var testDescription: String { "\(height)×\(width) by \(windowHeight)×\(windowWidth)" }

    var pooling: LabPooling {
      LabPooling(
        height: height, width: width, outputHeight: outputHeight, outputWidth: outputWidth, windowHeight: windowHeight,
        windowWidth: windowWidth, rowStride: rowStride, columnStride: columnStride, rowPadding: rowPadding,
        columnPadding: columnPadding)
    }

    private func size(_ image: Int, _ window: Int, _ stride: Int, _ padding: Int) -> Int {
      (image + 2 * padding - window + (roundsUp ? stride - 1 : 0)) / stride + 1
    }

    /// The pixels of a window inside the image, in row-major order, and the window's size with padding.
    func window(_ output: Int) -> (pixels: [Int], paddedSize: Int) {
      let top = output / outputWidth * rowStride - rowPadding
      let left = output % outputWidth * columnStride - columnPadding
      let bottom = min(top + windowHeight, height + rowPadding)
      let right = min(left + windowWidth, width + columnPadding)
      var pixels: [Int] = []
      for row in max(top, 0)..<min(bottom, height) {
        for column in max(left, 0)..<min(right, width) { pixels.append(row * width + column) }
      }
      return (pixels, (bottom - top) * (right - left))
    }

    static let all = [
      Geometry(
        height: 4, width: 6, windowHeight: 2, windowWidth: 2, rowStride: 2, columnStride: 2, rowPadding: 0,
        columnPadding: 0),
      Geometry(
        height: 5, width: 7, windowHeight: 3, windowWidth: 3, rowStride: 2, columnStride: 2, rowPadding: 1,
        columnPadding: 1),
      Geometry(
        height: 6, width: 5, windowHeight: 3, windowWidth: 2, rowStride: 1, columnStride: 2, rowPadding: 1,
        columnPadding: 0),
      Geometry(
        height: 6, width: 6, windowHeight: 3, windowWidth: 3, rowStride: 2, columnStride: 2, rowPadding: 1,
        columnPadding: 1, roundsUp: true),
    ]
  }

  @Test(arguments: Instructions.available, Geometry.all)
  func maxPoolAndItsGradient(on instructions: Instructions, geometry: Geometry) throws {
    let kernels = try instructions.kernels
    for (samples, channels) in [(1, 3), (2, 20)] {
      let image = BlockedLayout(
        samples: samples, channels: channels, pixels: geometry.height * geometry.width, block: kernels.block)
      let output = BlockedLayout(
        samples: samples, channels: channels, pixels: geometry.outputHeight * geometry.outputWidth,
        block: kernels.block)
      var random = TestRandom("pool")
      // Few distinct values, so that many windows have several maxima.
      let x = random.floats(image.flatCount, scale: 3).map { $0.rounded() - 4 }
      let dy = random.floats(output.flatCount)
      var expected = [Double](repeating: 0, count: output.flatCount)
      var expectedGradient = [Double](repeating: 0, count: image.flatCount)
      output.forEach { n, c, p in
        let candidates = geometry.window(p).pixels.map { image.flatIndex(n, c, $0) }
        let best = candidates.dropFirst().reduce(candidates[0]) { x[$1] > x[$0] ? $1 : $0 }
        expected[output.flatIndex(n, c, p)] = Double(x[best])
        expectedGradient[best] += Double(dy[output.flatIndex(n, c, p)])
      }
      let source = GuardedBuffer(image.blocked(x))
      let upstream = GuardedBuffer(output.blocked(dy))
      let y = GuardedBuffer<Float>(overwritten: output.blockedCount)
      let dx = GuardedBuffer<Float>(overwritten: image.blockedCount)
      kernels.maxPool(image.extent, geometry.pooling, source.pointer, y.pointer)
      expectClose(y.values, output.blocked(expected), relative: 0, absolute: 0)
      kernels.maxPoolGradient(image.extent, geometry.pooling, source.pointer, y.pointer, upstream.pointer, dx.pointer)
      expectClose(dx.values, image.blocked(expectedGradient), absolute: 1e-6)
      #expect(y.isWithinMargins && dx.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available, Geometry.all)
  func averagePoolAndItsGradient(on instructions: Instructions, geometry: Geometry) throws {
    let kernels = try instructions.kernels
    for countsPadding in [false, true] {
      let image = BlockedLayout(
        samples: 2, channels: 20, pixels: geometry.height * geometry.width, block: kernels.block)
      let output = BlockedLayout(
        samples: 2, channels: 20, pixels: geometry.outputHeight * geometry.outputWidth, block: kernels.block)
      var random = TestRandom("pool")
      let x = random.floats(image.flatCount)
      let dy = random.floats(output.flatCount)
      var expected = [Double](repeating: 0, count: output.flatCount)
      var expectedGradient = [Double](repeating: 0, count: image.flatCount)
      output.forEach { n, c, p in
        let window = geometry.window(p)
        let divisor = Double(countsPadding ? window.paddedSize : window.pixels.count)
        for pixel in window.pixels {
          expected[output.flatIndex(n, c, p)] += Double(x[image.flatIndex(n, c, pixel)]) / divisor
          expectedGradient[image.flatIndex(n, c, pixel)] += Double(dy[output.flatIndex(n, c, p)]) / divisor
        }
      }
      let source = GuardedBuffer(image.blocked(x))
      let upstream = GuardedBuffer(output.blocked(dy))
      let y = GuardedBuffer<Float>(overwritten: output.blockedCount)
      let dx = GuardedBuffer<Float>(overwritten: image.blockedCount)
      kernels.averagePool(image.extent, geometry.pooling, countsPadding, source.pointer, y.pointer)
      expectClose(y.values, output.blocked(expected), absolute: 1e-6)
      kernels.averagePoolGradient(image.extent, geometry.pooling, countsPadding, upstream.pointer, dx.pointer)
      expectClose(dx.values, image.blocked(expectedGradient), absolute: 1e-6)
      #expect(y.isWithinMargins && dx.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available) func maximumOfNaNIsNaN(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for position in 0..<4 {
      var values = [Float](repeating: 1, count: 4 * kernels.block)
      values[position * kernels.block] = .nan
      let x = GuardedBuffer(values)
      let y = GuardedBuffer<Float>(overwritten: kernels.block)
      let extent = LabExtent(samples: 1, channels: kernels.block, blocks: 1, pixels: 4)
      let pooling = LabPooling(
        height: 2, width: 2, outputHeight: 1, outputWidth: 1, windowHeight: 2, windowWidth: 2, rowStride: 2,
        columnStride: 2, rowPadding: 0, columnPadding: 0)
      kernels.maxPool(extent, pooling, x.pointer, y.pointer)
      #expect(y.values[0].isNaN && y.values[1] == 1)
    }
  }
}
