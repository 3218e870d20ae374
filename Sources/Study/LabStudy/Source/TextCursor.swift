/// Walks the bytes of a UTF-8 text and knows line and column.
struct TextCursor {
  private let bytes: [UInt8]
  private var position = 0
  /// Where the current byte stands.
  private(set) var location = SourceLocation.start

  init(_ text: String) {
    bytes = Array(text.utf8)
    // A byte-order mark is no part of the text.
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
  }

  var isAtEnd: Bool { position >= bytes.count }
  var current: UInt8? { position < bytes.count ? bytes[position] : nil }
  var next: UInt8? { position + 1 < bytes.count ? bytes[position + 1] : nil }

  mutating func advance() {
    guard position < bytes.count else { return }
    let byte = bytes[position]
    position += 1
    if byte == UInt8(ascii: "\n") {
      location = SourceLocation(line: location.line + 1, column: 1)
    } else if position >= bytes.count || bytes[position] & 0xc0 != 0x80 {
      // The column counts characters: it moves on with the last byte of each.
      location.column += 1
    }
  }

  mutating func skipLine() {
    while let byte = current, byte != UInt8(ascii: "\n") { advance() }
  }

  /// Passes a comment that starts here.
  ///
  /// - Returns: false where it has no end.
  mutating func skipBlockComment() -> Bool {
    advance()
    advance()
    while !isAtEnd {
      if current == UInt8(ascii: "*"), next == UInt8(ascii: "/") {
        advance()
        advance()
        return true
      }
      advance()
    }
    return false
  }

  mutating func takeWord() -> String { take(while: TextCursor.isWordByte) }

  mutating func takeNumber() -> String {
    take { TextCursor.isWordByte($0) || [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains($0) }
  }

  private mutating func take(while condition: (UInt8) -> Bool) -> String {
    let start = position
    while let byte = current, condition(byte) { advance() }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...:
      true
    default: false
    }
  }

  static func isNumberStart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// The current character, to complete "found …".
  var found: String {
    guard let byte = current else { return "the end of the file" }
    switch byte {
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"): return "the end of the line"
    case 0..<0x20, 0x7f:
      return "a control character (U+00\(byte < 16 ? "0" : "")\(String(byte, radix: 16, uppercase: true)))"
    case UInt8(ascii: "\""): return "a string"
    default:
      let character = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self).first
      return "\"\(character.map(String.init) ?? "?")\""
    }
  }
}
