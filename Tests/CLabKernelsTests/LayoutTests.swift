import CLabKernels
import Testing

@Suite struct LayoutTests {
  @Test(arguments: Instructions.available) func blockedLayoutRoundTrips(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    for layout in PlaneTests.layouts(kernels) {
      var random = TestRandom("layout")
      let flat = random.floats(layout.flatCount)
      let source = GuardedBuffer(flat)
      let blocked = GuardedBuffer<Float>(overwritten: layout.blockedCount)
      kernels.toBlocked(layout.extent, source.pointer, blocked.pointer)
      #expect(blocked.values == layout.blocked(flat), "\(layout)")
      let back = GuardedBuffer<Float>(overwritten: layout.flatCount)
      kernels.fromBlocked(layout.extent, blocked.pointer, back.pointer)
      #expect(back.values == flat, "\(layout)")
      #expect(blocked.isWithinMargins && back.isWithinMargins)
    }
  }

  @Test(arguments: Instructions.available, [2, 3])
  func spaceToDepthMovesPixelsToChannelGroups(on instructions: Instructions, scale: Int) throws {
    let kernels = try instructions.kernels
    let (height, width, channels, samples) = (2 * scale, 3 * scale, 2 * kernels.block, 2)
    let image = BlockedLayout(samples: samples, channels: channels, pixels: height * width, block: kernels.block)
    let deep = BlockedLayout(
      samples: samples, channels: channels * scale * scale, pixels: 6, block: kernels.block)
    var random = TestRandom("depth")
    let x = random.floats(image.flatCount)
    var expected = [Float](repeating: 0, count: x.count)
    deep.forEach { n, c, p in
      let group = c / channels
      let row = p / 3 * scale + group % scale
      let column = p % 3 * scale + group / scale
      expected[deep.flatIndex(n, c, p)] = x[image.flatIndex(n, c % channels, row * width + column)]
    }
    let source = GuardedBuffer(image.blocked(x))
    let target = GuardedBuffer<Float>(overwritten: deep.blockedCount)
    kernels.spaceToDepth(image.extent, height, width, scale, source.pointer, target.pointer)
    #expect(target.values == deep.blocked(expected))
    let back = GuardedBuffer<Float>(overwritten: image.blockedCount)
    kernels.depthToSpace(deep.extent, 2, 3, scale, target.pointer, back.pointer)
    #expect(back.values == source.values)
    #expect(target.isWithinMargins && back.isWithinMargins)
  }

  @Test(arguments: Instructions.available) func transposesBlocks(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let block = kernels.block
    var random = TestRandom("transpose")
    let x = random.floats(3 * block * block)
    let expected = x.indices.map { i in x[i / (block * block) * block * block + i % block * block + i / block % block] }
    let source = GuardedBuffer(x)
    let target = GuardedBuffer<Float>(overwritten: x.count)
    kernels.transposeBlocks(3, source.pointer, target.pointer)
    #expect(target.values == expected)
    kernels.transposeBlocks(3, source.pointer, source.pointer)
    #expect(source.values == expected)
    #expect(source.isWithinMargins && target.isWithinMargins)
  }
}
