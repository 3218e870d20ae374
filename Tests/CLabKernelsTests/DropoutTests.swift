import CLabKernels
import LabCore
import Testing

@Suite struct DropoutTests {
  static func expected(_ x: [Float], rate: Float, key: SIMD2<UInt32>, step: UInt32, first: Int) -> [Float] {
    let stream = RandomStream(key: key)
    return x.enumerated().map { offset, value in
      let index = UInt64(first + offset)
      let counter = index / 4
      let words = stream.block(
        SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), step, 0))
      let uniform = Float(words[Int(index % 4)] >> 8) * 0x1p-24
      return uniform >= rate ? value * (1 / (1 - rate)) : 0
    }
  }

  @Test(arguments: Instructions.available, [0, 1, 3, 64, 1001])
  func masksByTheRandomStream(on instructions: Instructions, count: Int) throws {
    var random = TestRandom("dropout")
    let x = random.floats(count).map { $0 + 2 }
    let key = SIMD2<UInt32>(0x1234_5678, 0x9abc_def0)
    // The last first index makes the low word of the counter wrap around.
    for first in [0, 1, 6, 4 * 0xffff_fffe + 3] {
      for rate: Float in [0, 0.25, 0.9] {
        let source = GuardedBuffer(x)
        try instructions.kernels.dropout(count, rate, key.x, key.y, 17, first, source.pointer, source.pointer)
        #expect(
          source.values == Self.expected(x, rate: rate, key: key, step: 17, first: first), "first \(first) rate \(rate)"
        )
        #expect(source.isWithinMargins)
      }
    }
  }

  @Test(arguments: Instructions.available) func maskDoesNotDependOnChunks(on instructions: Instructions) throws {
    let kernels = try instructions.kernels
    let x = GuardedBuffer([Float](repeating: 1, count: 500))
    let whole = GuardedBuffer<Float>(overwritten: 500)
    let parts = GuardedBuffer<Float>(overwritten: 500)
    kernels.dropout(500, 0.5, 1, 2, 3, 40, x.pointer, whole.pointer)
    for (start, end) in [(0, 3), (3, 130), (130, 131), (131, 500)] {
      kernels.dropout(end - start, 0.5, 1, 2, 3, 40 + start, x.pointer + start, parts.pointer + start)
    }
    #expect(whole.values == parts.values)
    let kept = whole.values.filter { $0 == 2 }.count
    #expect(kept > 200 && kept < 300)
  }
}
