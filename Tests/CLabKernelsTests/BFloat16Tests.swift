import CLabKernels
import Testing

@Suite struct BFloat16Tests {
  /// Rounds by comparing the two neighbours among numbers with sixteen bits.
  static func nearest(_ x: Float) -> Float {
    guard x.isFinite else { return x }
    let below = Float(bitPattern: x.bitPattern & 0xffff_0000)
    // The next one away from zero; beyond the largest one lies infinity, as far away as the next power would be.
    let above = Float(bitPattern: below.bitPattern &+ 0x1_0000)
    let limit = above.isFinite ? Double(above) : Double(below) * (1 + 0x1p-8 / (2 - 0x1p-7))
    let (toBelow, toAbove) = (abs(Double(x) - Double(below)), abs(limit - Double(x)))
    if toBelow == toAbove { return below.bitPattern & 0x1_0000 == 0 ? below : above }
    return toBelow < toAbove ? below : above
  }

  /// Numbers of every exponent, with those halfway between two neighbours.
  static let values: [Float] = {
    let halfway = stride(from: UInt32(0), to: UInt32.max - 4_000_000, by: 3_211_264).map {
      Float(bitPattern: $0 & 0xffff_0000 | 0x8000)
    }
    return ElementTests.wideRange + halfway
  }()

  @Test(arguments: Instructions.available)
  func numbersAreRoundedToTheNearest(on instructions: Instructions) throws {
    let expected = Self.values.map(Self.nearest)
    let x = GuardedBuffer(Self.values)
    let y = GuardedBuffer<Float>(overwritten: Self.values.count)
    try instructions.kernels.roundToBFloat16(Self.values.count, x.pointer, y.pointer)
    for (found, (wanted, value)) in zip(y.values, zip(expected, Self.values)) {
      #expect(found.bitPattern == wanted.bitPattern || found.isNaN && wanted.isNaN, "\(value)")
    }
    #expect(y.isWithinMargins)
  }

  /// Counts around whole vectors.
  @Test(arguments: Instructions.available, [1, 7, 8, 15, 16, 17, 63, 64, 100])
  func storedNumbersComeBackAsRounded(on instructions: Instructions, count: Int) throws {
    let values = Array(Self.values.dropFirst(1_000).prefix(count))
    let expected = values.map(Self.nearest)
    for rounds in [false, true] {
      let x = GuardedBuffer(values)
      let stored = GuardedBuffer([UInt16](repeating: 0x7fc0, count: count))
      let y = GuardedBuffer<Float>(overwritten: count)
      try instructions.kernels.narrowToBFloat16(count, rounds, x.pointer, stored.pointer)
      try instructions.kernels.widenBFloat16(count, stored.pointer, y.pointer)
      #expect(stored.values == expected.map { UInt16($0.bitPattern >> 16) })
      #expect(y.values == expected)
      #expect(x.values == (rounds ? expected : values))
      #expect(x.isWithinMargins && stored.isWithinMargins && y.isWithinMargins)
    }
  }
}
