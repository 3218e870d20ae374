import Foundation
import LabCore

/// Damages samples, each in a way that its number decides.
struct Mutator {
  /// The name that sets this target's damage apart from that of others.
  var name: String
  var fragments: [[UInt8]]

  /// Numbers that readers forget to look at.
  private static let numbers: [UInt64] = [
    0, 1, 2, 3, 7, 64, 127, 128, 255, 256, 1023, 32_767, 32_768, 65_535, 65_536, 1 << 24, 1 << 30, 1 << 31 - 1, 1 << 31,
    1 << 32 - 1, 1 << 32, 1 << 33, 1 << 40, 1 << 48, 1 << 62, 1 << 63 - 1, 1 << 63, .max - 7, .max - 1, .max,
  ]

  /// A damaged version of a sample: up to four places changed.
  func mutation(_ number: UInt64, of sample: Data, others: [Data]) -> Data {
    let stream = RandomStream(seed: number, name: "fuzz \(name)")
    var bytes = [UInt8](sample)
    for step in 0..<UInt64(1 + stream.integer(below: 4, 0)) {
      func draw(_ bound: Int, _ what: UInt64) -> Int { stream.integer(below: max(bound, 1), 1 + step, what) }
      // Headers decide most; so half of the damage is near the beginning.
      let reach = draw(2, 0) == 0 ? min(bytes.count, 256) : bytes.count
      let start = draw(reach, 1)
      let end = min(bytes.count, start + 1 + draw(16, 2))
      switch draw(10, 3) {
      case 0: if start < bytes.count { bytes[start] ^= 1 << UInt8(draw(8, 4)) }
      case 1: if start < bytes.count { bytes[start] = UInt8(draw(256, 4)) }
      case 2, 3, 4:
        // A number of one to eight bytes, either byte first.
        let width = 1 << draw(4, 4)
        let number = Self.numbers[draw(Self.numbers.count, 5)]
        let isLittle = draw(2, 6) == 0
        for index in 0..<width where start + index < bytes.count {
          let shift = 8 * UInt64(isLittle ? index : width - 1 - index)
          bytes[start + index] = UInt8(truncatingIfNeeded: number >> shift)
        }
      case 5: if start < end { bytes.removeSubrange(start..<end) }
      case 6: if start < end { bytes.insert(contentsOf: bytes[start..<end], at: draw(bytes.count, 4)) }
      case 7 where !fragments.isEmpty:
        bytes.replaceSubrange(start..<(draw(2, 4) == 0 ? start : end), with: fragments[draw(fragments.count, 5)])
      case 8:
        let other = [UInt8](others[draw(others.count, 4)])
        let place = draw(other.count, 5)
        bytes.replaceSubrange(start..<end, with: other[place..<min(other.count, place + draw(64, 6))])
      default: if draw(4, 4) == 0 { bytes.removeSubrange(start...) } else { bytes.append(UInt8(draw(256, 5))) }
      }
      if bytes.isEmpty { bytes = [UInt8(draw(256, 7))] }
    }
    return Data(bytes)
  }
}
