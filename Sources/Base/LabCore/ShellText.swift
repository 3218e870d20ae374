extension String {
  /// The text as one word of a shell's command.
  public var shellQuoted: String {
    let isPlain = !isEmpty && allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_./=,:+@%".contains($0)) }
    if isPlain { return self }
    let quoted = replacing("'", with: "'\\''")
    guard printable != self else { return "'\(quoted)'" }
    // Bash and its relatives read escapes for what must not be printed as it is.
    let bytes = utf8.map { byte -> String in
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"): "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7f: String(UnicodeScalar(byte))
      default: "\\x" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
      }
    }
    return "$'\(bytes.joined())'"
  }
}
