import Foundation

extension RandomStream {
  /// A standard normal number.
  ///
  /// Computed in double precision by the Box–Muller transform from 53 + 32 random bits, so that the tail
  /// reaches beyond eight standard deviations.
  public func normal(_ first: UInt64, _ second: UInt64 = 0) -> Double {
    let w = words(first, second)
    let bits = (UInt64(w.x) << 32 | UInt64(w.y)) >> 11
    let radius = (-2 * log((Double(bits) + 1) * 0x1p-53)).squareRoot()
    return radius * cos(2 * .pi * (Double(w.z) + 0.5) * 0x1p-32)
  }

  /// A uniformly random permutation of `0..<count`, identified by up to one 64-bit coordinate.
  public func permutation(count: Int, _ coordinate: UInt64 = 0) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, integer(below: i + 1, UInt64(i), coordinate))
    }
    return order
  }
}
