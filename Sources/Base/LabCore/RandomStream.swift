/// A counter-based random stream: each number is a pure function of a seed, a stream name and coordinates.
///
/// There is no state, so nothing has to be saved to resume, and drawing one number cannot shift another.
/// Coordinates are whatever identifies the draw: a parameter's element, (epoch, sample), (step, unit).
///
/// - Source: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
public struct RandomStream: Hashable, Sendable {
  /// The two key words of the generator.
  public let key: SIMD2<UInt32>

  /// Creates the stream of a name under a seed.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - name: what the numbers are for, such as `"init/layer1.0.conv1.weight"` or `"order"`.
  public init(seed: UInt64, name: String) {
    // FNV-1a over the name, then a finaliser that mixes the seed in.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let mixed = RandomStream.finalise(hash ^ RandomStream.finalise(seed &+ 0x9e37_79b9_7f4a_7c15))
    key = SIMD2(UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
  }

  /// Creates a stream from the generator's raw key, as published test vectors need it.
  public init(key: SIMD2<UInt32>) { self.key = key }

  /// Four independent 32-bit words for a 128-bit counter.
  @inlinable
  public func block(_ counter: SIMD4<UInt32>) -> SIMD4<UInt32> {
    // Scalars, since compilers shuttle vectors of four words in and out of registers here at three times the cost.
    var (c0, c1, c2, c3) = (counter.x, counter.y, counter.z, counter.w)
    var (k0, k1) = (key.x, key.y)
    for _ in 0..<10 {
      let p0 = UInt64(c0) &* 0xd251_1f53
      let p1 = UInt64(c2) &* 0xcd9e_8d57
      c0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      c1 = UInt32(truncatingIfNeeded: p1)
      c2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c3 = UInt32(truncatingIfNeeded: p0)
      k0 = k0 &+ 0x9e37_79b9
      k1 = k1 &+ 0xbb67_ae85
    }
    return SIMD4(c0, c1, c2, c3)
  }

  /// Four independent words for up to two 64-bit coordinates.
  @inlinable
  public func words(_ first: UInt64, _ second: UInt64 = 0) -> SIMD4<UInt32> {
    block(
      SIMD4(
        UInt32(truncatingIfNeeded: first), UInt32(truncatingIfNeeded: first >> 32),
        UInt32(truncatingIfNeeded: second), UInt32(truncatingIfNeeded: second >> 32)))
  }

  /// A number in [0, 1) with 24 random bits.
  @inlinable
  public func uniform(_ first: UInt64, _ second: UInt64 = 0) -> Float {
    Float(words(first, second).x >> 8) * 0x1p-24
  }

  /// A uniform integer in `0..<bound`.
  ///
  /// The bias of the multiply-shift reduction of 64 random bits is below 2⁻³² for any 32-bit bound.
  @inlinable
  public func integer(below bound: Int, _ first: UInt64, _ second: UInt64 = 0) -> Int {
    let w = words(first, second)
    let bits = UInt64(w.x) << 32 | UInt64(w.y)
    return Int(bits.multipliedFullWidth(by: UInt64(bound)).high)
  }

  @usableFromInline
  static func finalise(_ value: UInt64) -> UInt64 {
    var x = value
    x = (x ^ (x >> 30)) &* 0xbf58_476d_1ce4_e5b9
    x = (x ^ (x >> 27)) &* 0x94d0_49bb_1331_11eb
    return x ^ (x >> 31)
  }
}
