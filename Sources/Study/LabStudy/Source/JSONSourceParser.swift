/// Parses JSON with comments and trailing commas into located values, and says precisely what is wrong where.
struct JSONSourceParser {
  private var cursor: TextCursor
  private var issues: [SpecIssue] = []
  private var valueCount = 0

  init(_ text: String) { cursor = TextCursor(text) }

  /// Parses the whole text; the first syntax error ends it, repeated keys do not.
  mutating func parse() -> SourceParse {
    do throws(SourceSyntaxError) {
      try skipSpace()
      if cursor.isAtEnd {
        throw SourceSyntaxError(expected: "an object", found: "an empty file", at: cursor.location)
      }
      let value = try parseValue(depth: 0, context: "")
      try skipSpace()
      if !cursor.isAtEnd {
        throw SourceSyntaxError(
          expected: "the end of the file", found: cursor.found, at: cursor.location, context: " after the value")
      }
      return SourceParse(value: value, issues: issues)
    } catch {
      return SourceParse(value: nil, issues: issues + [error.issue])
    }
  }

  // MARK: Values

  private mutating func parseValue(depth: Int, context: String) throws(SourceSyntaxError) -> SourceValue {
    let start = cursor.location
    valueCount += 1
    guard valueCount <= SourceValue.Limits.values else {
      throw SourceSyntaxError("the file has more than \(SourceValue.Limits.values) values", at: start)
    }
    guard depth < SourceValue.Limits.nesting else {
      throw SourceSyntaxError("arrays and objects are nested more than \(SourceValue.Limits.nesting) deep", at: start)
    }
    switch cursor.current {
    case UInt8(ascii: "{"): return try parseObject(depth: depth)
    case UInt8(ascii: "["): return try parseArray(depth: depth)
    case UInt8(ascii: "\""): return SourceValue(.string(try parseString()), at: start)
    case UInt8(ascii: "'"):
      throw SourceSyntaxError("strings are written in double quotes, not in single ones", at: start)
    case let byte? where TextCursor.isNumberStart(byte): return SourceValue(try parseNumber(), at: start)
    case let byte? where TextCursor.isWordByte(byte): return SourceValue(try parseWord(), at: start)
    default:
      throw SourceSyntaxError(expected: "a value", found: cursor.found, at: start, context: context)
    }
  }

  private mutating func parseObject(depth: Int) throws(SourceSyntaxError) -> SourceValue {
    let start = cursor.location
    cursor.advance()
    var members: [SourceValue.Member] = []
    var locations: [String: SourceLocation] = [:]
    try skipSpace()
    while cursor.current != UInt8(ascii: "}") {
      let keyLocation = cursor.location
      let key = try parseKey(objectStart: start)
      try skipSpace()
      guard cursor.current == UInt8(ascii: ":") else {
        throw SourceSyntaxError(
          expected: "\":\"", found: cursor.found, at: cursor.location, context: " after the key \"\(key)\"")
      }
      cursor.advance()
      try skipSpace()
      let value = try parseValue(depth: depth + 1, context: " for the key \"\(key)\"")
      if let first = locations[key] {
        issues.append(
          SpecIssue(
            at: keyLocation, message: "the key \"\(key)\" is given twice; the first one is in line \(first.line)",
            found: "a second \"\(key)\""))
      } else {
        locations[key] = keyLocation
        members.append(SourceValue.Member(key: key, keyLocation: keyLocation, value: value))
      }
      try parseSeparator(closing: "}", start: start, context: " after the value of \"\(key)\"")
    }
    cursor.advance()
    return SourceValue(.object(members), at: start)
  }

  private mutating func parseArray(depth: Int) throws(SourceSyntaxError) -> SourceValue {
    let start = cursor.location
    cursor.advance()
    var elements: [SourceValue] = []
    try skipSpace()
    while cursor.current != UInt8(ascii: "]") {
      if cursor.isAtEnd { throw unclosed("]", start) }
      elements.append(try parseValue(depth: depth + 1, context: " or \"]\""))
      try parseSeparator(closing: "]", start: start, context: " after the list's element")
    }
    cursor.advance()
    return SourceValue(.array(elements), at: start)
  }

  /// Passes a comma, which may be the last one, or stops before the closing bracket.
  private mutating func parseSeparator(
    closing: Unicode.Scalar, start: SourceLocation, context: String
  ) throws(SourceSyntaxError) {
    try skipSpace()
    if cursor.current == UInt8(ascii: ",") {
      cursor.advance()
      try skipSpace()
    } else if cursor.isAtEnd {
      throw unclosed(closing, start)
    } else if cursor.current != UInt8(ascii: closing) {
      throw SourceSyntaxError(
        expected: "\",\" or \"\(closing)\"", found: cursor.found, at: cursor.location, context: context)
    }
  }

  private mutating func parseKey(objectStart: SourceLocation) throws(SourceSyntaxError) -> String {
    switch cursor.current {
    case UInt8(ascii: "\""): return try parseString()
    case nil: throw unclosed("}", objectStart)
    case UInt8(ascii: "'"):
      throw SourceSyntaxError("keys are written in double quotes, not in single ones", at: cursor.location)
    case let byte? where TextCursor.isWordByte(byte):
      let location = cursor.location
      let word = cursor.takeWord()
      throw SourceSyntaxError(
        expected: "a key in double quotes, \"\(word)\"", found: "\(word) without quotes", at: location)
    default:
      throw SourceSyntaxError(expected: "a key in double quotes or \"}\"", found: cursor.found, at: cursor.location)
    }
  }

  private func unclosed(_ bracket: Unicode.Scalar, _ start: SourceLocation) -> SourceSyntaxError {
    SourceSyntaxError(
      expected: "\"\(bracket)\"", found: "the end of the file", at: cursor.location,
      context: " to close the one opened in line \(start.line), column \(start.column)")
  }

  // MARK: Scalars

  private mutating func parseWord() throws(SourceSyntaxError) -> SourceValue.Content {
    let location = cursor.location
    let word = cursor.takeWord()
    switch word {
    case "true": return .boolean(true)
    case "false": return .boolean(false)
    case "null": return .null
    case "True", "TRUE", "yes", "on":
      throw SourceSyntaxError(expected: "a value", found: "\(word); write true", at: location)
    case "False", "FALSE", "no", "off":
      throw SourceSyntaxError(expected: "a value", found: "\(word); write false", at: location)
    case "None", "NULL", "Null", "nil", "undefined":
      throw SourceSyntaxError(expected: "a value", found: "\(word); write null", at: location)
    case "NaN", "nan", "inf", "Infinity":
      throw SourceSyntaxError(expected: "a finite number", found: word, at: location)
    default:
      throw SourceSyntaxError(
        expected: "a value", found: "\(word) without quotes; strings are written in double quotes", at: location)
    }
  }

  private mutating func parseNumber() throws(SourceSyntaxError) -> SourceValue.Content {
    let location = cursor.location
    let token = cursor.takeNumber()
    do {
      return try NumberLiteral.json(token)
    } catch {
      throw SourceSyntaxError(error.reason, at: location, found: token, expected: "a number")
    }
  }

  private mutating func parseString() throws(SourceSyntaxError) -> String {
    let start = cursor.location
    cursor.advance()
    var bytes: [UInt8] = []
    while true {
      guard let byte = cursor.current, byte != UInt8(ascii: "\n") else {
        throw SourceSyntaxError("the string that starts here has no closing quote in its line", at: start)
      }
      switch byte {
      case UInt8(ascii: "\""):
        cursor.advance()
        return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\\"):
        let scalar = try parseEscape(stringStart: start)
        bytes += Array(String(Character(scalar)).utf8)
      case 0..<0x20 where byte != UInt8(ascii: "\t") && byte != UInt8(ascii: "\r"):
        throw SourceSyntaxError("a string cannot contain \(cursor.found)", at: cursor.location)
      default:
        bytes.append(byte)
        cursor.advance()
      }
    }
  }

  private mutating func parseEscape(stringStart: SourceLocation) throws(SourceSyntaxError) -> Unicode.Scalar {
    let location = cursor.location
    cursor.advance()
    let byte = cursor.current
    cursor.advance()
    switch byte {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try parseUnicodeEscape(at: location)
    default:
      throw SourceSyntaxError(
        "a backslash in a string starts one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; write \\\\ for a backslash",
        at: location)
    }
  }

  private mutating func parseUnicodeEscape(at location: SourceLocation) throws(SourceSyntaxError) -> Unicode.Scalar {
    let first = try parseHexDigits(at: location)
    if let scalar = Unicode.Scalar(first) {
      guard first != 0 else { throw SourceSyntaxError("a string cannot contain the character U+0000", at: location) }
      return scalar
    }
    // A character beyond U+FFFF is written as a high and a low surrogate.
    if first < 0xdc00, cursor.current == UInt8(ascii: "\\"), cursor.next == UInt8(ascii: "u") {
      cursor.advance()
      cursor.advance()
      let second = try parseHexDigits(at: location)
      if (0xdc00..<0xe000).contains(second),
        let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
      {
        return scalar
      }
    }
    throw SourceSyntaxError(
      "\\u\(String(first, radix: 16)) is half of a surrogate pair without the other", at: location)
  }

  private mutating func parseHexDigits(at location: SourceLocation) throws(SourceSyntaxError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = cursor.current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        throw SourceSyntaxError("\\u in a string is followed by four hexadecimal digits", at: location)
      }
      value = value << 4 + UInt32(digit)
      cursor.advance()
    }
    return value
  }

  // MARK: Space

  private mutating func skipSpace() throws(SourceSyntaxError) {
    while let byte = cursor.current {
      switch byte {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): cursor.advance()
      case UInt8(ascii: "/") where cursor.next == UInt8(ascii: "/"): cursor.skipLine()
      case UInt8(ascii: "/") where cursor.next == UInt8(ascii: "*"):
        let start = cursor.location
        guard cursor.skipBlockComment() else {
          throw SourceSyntaxError("the comment that starts here has no closing */", at: start)
        }
      case UInt8(ascii: "#"):
        throw SourceSyntaxError("comments start with // in JSON", at: cursor.location)
      default: return
      }
    }
  }
}
