import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers by the formats of C.
enum Printf {
  /// What `String(format:)` gives, without its way through strings of other kinds: a figure has thousands of numbers, and pages
  /// that are followed are drawn again and again.
  ///
  /// - Parameters:
  ///   - format: a format of one number.
  ///   - value: the number.
  static func text(_ format: String, _ value: Double) -> String {
    // A program that follows its user's customs would have commas in the numbers of figures.
    let before = plain.map { uselocale($0) }
    defer { if let before { uselocale(before) } }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
      let count = withVaList([value]) { Int(vsnprintf(buffer.baseAddress, capacity, format, $0)) }
      guard (0..<capacity).contains(count) else { return String(format: format, value) }
      return buffer.withMemoryRebound(to: UInt8.self) { String(decoding: $0[..<count], as: UTF8.self) }
    }
  }

  /// The greatest number has 309 digits before its point.
  private static let capacity = 512

  /// The customs of C, which are those of no country.
  private nonisolated(unsafe) static let plain = newlocale(Int32(1) << LC_NUMERIC, "C", nil)
}
