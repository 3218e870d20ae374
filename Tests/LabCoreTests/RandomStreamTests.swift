import LabCore
import Testing

@Suite struct RandomStreamTests {
  /// The published vectors of Philox4x32-10: Random123's `kat_vectors`.
  @Test(arguments: [
    (
      SIMD4<UInt32>(repeating: 0), SIMD2<UInt32>(repeating: 0),
      SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
    ),
    (
      SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
      SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
    ),
    (
      SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
      SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
    ),
  ])
  func agreesWithPublishedVectors(
    _ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>, _ expected: SIMD4<UInt32>
  ) {
    #expect(RandomStream(key: key).block(counter) == expected)
  }

  @Test func coordinatesFillTheCounterLowWordFirst() {
    let stream = RandomStream(seed: 1, name: "order")
    #expect(stream.words(0x1_0000_0002, 0x3_0000_0004) == stream.block(SIMD4(2, 1, 4, 3)))
    #expect(stream.words(5) == stream.block(SIMD4(5, 0, 0, 0)))
  }

  /// Keys are part of every stored result's meaning: they must never change.
  @Test func keysAreFixed() {
    #expect(RandomStream(seed: 0, name: "init/fc.weight").key == SIMD2(0x3b41_1d54, 0xeb7a_85a9))
    #expect(RandomStream(seed: 1, name: "order").key == SIMD2(0x80be_9e9d, 0x115d_d2fb))
  }

  @Test func seedsAndNamesGiveDifferentStreams() {
    var keys: Set<SIMD2<UInt32>> = []
    for seed in 0..<UInt64(50) {
      for name in ["", "order", "Order", "init/a", "init/b", "augment"] {
        keys.insert(RandomStream(seed: seed, name: name).key)
      }
    }
    #expect(keys.count == 300)
    #expect(RandomStream(seed: 3, name: "a") == RandomStream(seed: 3, name: "a"))
  }

  @Test func uniformNumbersFillTheUnitInterval() {
    let stream = RandomStream(seed: 4, name: "uniform")
    let numbers = (0..<20_000).map { stream.uniform(UInt64($0)) }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    var counts = [Int](repeating: 0, count: 10)
    for number in numbers { counts[Int(number * 10)] += 1 }
    // Each bin holds 2000 with a standard deviation of 42.
    #expect(counts.allSatisfy { abs($0 - 2000) < 210 })
  }

  @Test func integersStayBelowTheirBoundAndReachEveryValue() {
    let stream = RandomStream(seed: 5, name: "integers")
    let integers = (0..<1000).map { stream.integer(below: 7, UInt64($0), 9) }
    #expect(Set(integers) == Set(0..<7))
    #expect((0..<100).allSatisfy { stream.integer(below: 1, UInt64($0)) == 0 })
  }

  @Test func normalNumbersHaveTheMomentsOfANormalDistribution() {
    let stream = RandomStream(seed: 6, name: "normal")
    let count = 40_000
    let numbers = (0..<count).map { stream.normal(UInt64($0)) }
    let mean = numbers.reduce(0, +) / Double(count)
    let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count)
    let fourth = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / Double(count)
    // Five standard errors each.
    #expect(abs(mean) < 0.025)
    #expect(abs(variance - 1) < 0.036)
    #expect(abs(fourth / (variance * variance) - 3) < 0.13)
    let withinOne = Double(numbers.count { abs($0) < 1 }) / Double(count)
    #expect(abs(withinOne - 0.6827) < 0.012)
  }

  @Test func permutationsHoldEveryIndexOnce() {
    let stream = RandomStream(seed: 7, name: "order")
    for count in [0, 1, 2, 17, 100] { #expect(stream.permutation(count: count, 3).sorted() == Array(0..<count)) }
    #expect(stream.permutation(count: 100, 1) != stream.permutation(count: 100, 2))
    #expect(stream.permutation(count: 100, 1) == stream.permutation(count: 100, 1))
  }

  /// Each of the 6 orders of 3 items comes equally often.
  @Test func permutationsAreUniform() {
    let stream = RandomStream(seed: 8, name: "order")
    var counts: [[Int]: Int] = [:]
    for epoch in 0..<UInt64(6000) { counts[stream.permutation(count: 3, epoch), default: 0] += 1 }
    #expect(counts.count == 6)
    // 1000 each with a standard deviation of 29.
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 150 })
  }
}
