/// Reads numbers as JSON and YAML write them.
enum NumberLiteral {
  /// Why a text is no number.
  struct Malformed: Error {
    var reason: String
  }

  /// The number of a JSON literal.
  static func json(_ token: String) throws(Malformed) -> SourceValue.Content {
    var rest = token.utf8[...]
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest = rest.dropFirst() }
    let digits = takeDigits(&rest)
    if digits == 0 {
      switch rest.first {
      case UInt8(ascii: "."):
        throw Malformed(reason: "a number has a digit before its point: write 0\(token.dropFirst(isNegative ? 1 : 0))")
      case UInt8(ascii: "+"): throw Malformed(reason: "a number has no plus sign: write \(token.dropFirst())")
      default: throw Malformed(reason: "\(token) is not a number")
      }
    }
    if digits > 1, token.utf8.dropFirst(isNegative ? 1 : 0).first == UInt8(ascii: "0") {
      throw Malformed(reason: "the number \(token) starts with a zero")
    }
    return try remainder(of: token, rest)
  }

  /// The number of a plain YAML scalar, or nil where it is no number in the core schema.
  static func yaml(_ text: String) -> SourceValue.Content? {
    var rest = text.utf8[...]
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
    if rest.count == text.utf8.count, text.hasPrefix("0x"), let value = Int(text.dropFirst(2), radix: 16) {
      return .integer(value)
    }
    if rest.count == text.utf8.count, text.hasPrefix("0o"), let value = Int(text.dropFirst(2), radix: 8) {
      return .integer(value)
    }
    let digits = takeDigits(&rest)
    // `.5` and `5.` are numbers here, a lone point is not.
    if digits == 0 {
      guard rest.first == UInt8(ascii: "."), let digit = rest.dropFirst().first, isDigit(digit) else { return nil }
    }
    if rest.first == UInt8(ascii: "."), rest.dropFirst().first.map({ !isDigit($0) }) ?? true {
      rest = rest.dropFirst()
    }
    return try? remainder(of: text, rest)
  }

  /// Reads fraction and exponent, which begin at `rest`, and converts the whole.
  private static func remainder(
    of token: String, _ rest: Substring.UTF8View.SubSequence
  ) throws(Malformed) -> SourceValue.Content {
    var rest = rest
    var isInteger = rest.isEmpty
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard takeDigits(&rest) > 0 else { throw Malformed(reason: "\(token) has no digit after its point") }
    }
    if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { rest = rest.dropFirst() }
      guard takeDigits(&rest) > 0 else { throw Malformed(reason: "\(token) has no digit in its exponent") }
    }
    guard rest.isEmpty else { throw Malformed(reason: "\(token) is not a number") }
    if isInteger, token.contains(".") { isInteger = false }
    if isInteger, let integer = Int(token) { return .integer(integer) }
    guard let number = Double(token) ?? Double(token + "0"), number.isFinite else {
      throw Malformed(reason: "the number \(token) is too large")
    }
    return .number(number)
  }

  private static func takeDigits(_ rest: inout Substring.UTF8View.SubSequence) -> Int {
    let digits = rest.prefix(while: isDigit)
    rest = rest.dropFirst(digits.count)
    return digits.count
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
