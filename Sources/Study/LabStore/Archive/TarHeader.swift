import Foundation

/// The 512 bytes that stand before every member of a tar archive.
///
/// - Source: POSIX.1-2001, pax, "ustar Interchange Format"; GNU tar's binary numbers for what is too large for octal digits.
package struct TarHeader {
  /// What a member is.
  package enum Kind: UInt8, Sendable {
    case file = 0x30
    case folder = 0x35
    /// Attributes of the next member.
    case attributes = 0x78
    /// Attributes of all further members.
    case commonAttributes = 0x67
  }

  /// The size of a header, and what the contents of members are filled up to, in bytes.
  static let blockByteCount = 512

  /// Where the member lies, relative to the folder that is archived.
  package var path: String
  /// What it is.
  package var kind: Kind
  /// The bytes behind the header.
  package var byteCount: Int

  /// Describes a member.
  package init(path: String, kind: Kind, byteCount: Int) {
    self.path = path
    self.kind = kind
    self.byteCount = byteCount
  }

  /// How the archive contradicts itself, or what it has that is not taken from archives.
  package enum Problem: Error {
    case torn(String)
    case unsupported(String)
  }

  /// Reads a header; nil for the empty block that ends an archive.
  ///
  /// - Throws: ``Problem``.
  package init?(_ block: Data) throws(Problem) {
    let bytes = [UInt8](block)
    guard bytes.contains(where: { $0 != 0 }) else { return nil }
    guard TarHeader.number(bytes[148..<156]) == TarHeader.checksum(bytes) else {
      throw .torn("a header has another sum than it says")
    }
    let name = TarHeader.text(bytes[0..<100])
    let isStandard = bytes[257..<262].elementsEqual("ustar".utf8)
    // GNU tar has dates where the standard has the path's beginning.
    let prefix = isStandard && bytes[262] == 0 ? TarHeader.text(bytes[345..<500]) : ""
    path = prefix.isEmpty ? name : "\(prefix)/\(name)"
    guard let kind = bytes[156] == 0 ? .file : Kind(rawValue: bytes[156]) else {
      let isLink = [UInt8(ascii: "1"), UInt8(ascii: "2")].contains(bytes[156])
      throw .unsupported(isLink ? "\(path) is a link" : "\(path) is neither a file nor a folder")
    }
    guard let size = TarHeader.number(bytes[124..<136]) else { throw .torn("\(path) has no size") }
    self.kind = kind
    byteCount = size
  }

  /// The header of a member that is written; its path must be shorter than 100 bytes.
  package var block: Data {
    var bytes = [UInt8](repeating: 0, count: TarHeader.blockByteCount)
    func put(_ text: String, at offset: Int) {
      for (index, byte) in text.utf8.enumerated() { bytes[offset + index] = byte }
    }
    func octal(_ value: Int, digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
    precondition(path.utf8.count < 100, "longer paths need attributes, which are not written")
    put(path, at: 0)
    put(octal(kind == .folder ? 0o755 : 0o644, digits: 7), at: 100)
    for offset in [108, 116] { put(octal(0, digits: 7), at: offset) }
    if byteCount < 1 << 33 {
      put(octal(byteCount, digits: 11), at: 124)
    } else {
      bytes[124] = 0x80
      for index in 0..<8 { bytes[135 - index] = UInt8(truncatingIfNeeded: byteCount >> (8 * index)) }
    }
    // No date, so that equal results are equal archives.
    put(octal(0, digits: 11), at: 136)
    bytes[156] = kind.rawValue
    put("ustar\u{0}00", at: 257)
    put(octal(TarHeader.checksum(bytes), digits: 6) + "\u{0} ", at: 148)
    return Data(bytes)
  }

  /// The sum of all bytes, those of the sum itself counted as spaces.
  private static func checksum(_ bytes: [UInt8]) -> Int {
    bytes.enumerated().reduce(0) { $0 + (148..<156 ~= $1.offset ? 0x20 : Int($1.element)) }
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// A number of octal digits, or a binary one; nil where it is none, or too large.
  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    if bytes.first == 0x80 {
      let digits = bytes.dropFirst()
      guard digits.dropLast(7).allSatisfy({ $0 == 0 }) else { return nil }
      return digits.suffix(7).reduce(0) { $0 << 8 | Int($1) }
    }
    let text = text(bytes).trimmingCharacters(in: .whitespaces)
    return text.allSatisfy { ("0"..."7").contains($0) } ? Int(text, radix: 8) : nil
  }
}
