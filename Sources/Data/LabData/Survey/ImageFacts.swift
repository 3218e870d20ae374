import CZlib
import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What one look at all images of a decoded data set tells; kept with them, so that it is taken once.
///
/// Images are numbered through both parts, training images first.
struct ImageFacts: Codable, Hashable, Sendable {
  /// Images with the same pixels, in groups of at least two, each ascending and by its first.
  var duplicates: [[Int32]] = []
  /// Images of which every pixel is the same.
  var constants: [Int32] = []

  /// Looks at images on all cores.
  ///
  /// - Parameters:
  ///   - images: all images, one after the other.
  ///   - shape: their extents.
  init(images: UnsafeRawBufferPointer, shape: ImageShape) {
    let size = shape.elementCount
    let count = size > 0 ? images.count / size : 0
    guard count > 0, let base = images.baseAddress else { return }
    let source = Source(base: base)
    // A key is the check sum of an image, its number below it; equal sums alone prove nothing.
    var isConstant = [Bool](repeating: false, count: count)
    var keys = [UInt64](repeating: 0, count: count)
    isConstant.withUnsafeMutableBufferPointer { flags in
      keys.withUnsafeMutableBufferPointer { sums in
        let target = Target(keys: sums, isConstant: flags)
        Parallel.forEachChunk(of: count, size: max(1, (1 << 20) / size)) { chunk in
          for index in chunk {
            let image = source.base + index * size
            let sum = crc32_z(0, image.assumingMemoryBound(to: UInt8.self), size)
            target.keys[index] = UInt64(sum) << 32 | UInt64(index)
            // Every pixel equals its neighbour.
            target.isConstant[index] = memcmp(image, image + shape.channels, size - shape.channels) == 0
          }
        }
      }
    }
    constants = isConstant.indices.filter { isConstant[$0] }.map(Int32.init)
    keys.sort()
    var first = 0
    while first < count {
      var end = first + 1
      while end < count, keys[end] >> 32 == keys[first] >> 32 { end += 1 }
      if end > first + 1 {
        duplicates += Self.groups(keys[first..<end].map { Int32(truncatingIfNeeded: $0 & 0xffff_ffff) }, base, size)
      }
      first = end
    }
    duplicates.sort { $0[0] < $1[0] }
  }

  /// The images of equal pixels among some of equal check sums.
  private static func groups(_ members: [Int32], _ base: UnsafeRawPointer, _ size: Int) -> [[Int32]] {
    var groups: [[Int32]] = []
    for member in members {
      let place = groups.firstIndex { memcmp(base + Int($0[0]) * size, base + Int(member) * size, size) == 0 }
      if let place { groups[place].append(member) } else { groups.append([member]) }
    }
    return groups.filter { $0.count > 1 }
  }

  // Every image is looked at by one iteration, which writes its own elements.
  private struct Source: @unchecked Sendable { let base: UnsafeRawPointer }
  private struct Target: @unchecked Sendable {
    let keys: UnsafeMutableBufferPointer<UInt64>
    let isConstant: UnsafeMutableBufferPointer<Bool>
  }
}
