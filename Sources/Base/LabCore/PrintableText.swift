extension StringProtocol {
  /// The text with everything made visible that a terminal would obey rather than show, fit to stand in one line: control
  /// characters (line ends and tabs too) and the marks that turn the direction of writing.
  public var printable: String { printable { _ in false } }

  /// The text of several lines with everything but line ends and tabs made visible as ``printable`` does it.
  public var printableLines: String { printable { $0 == "\n" || $0 == "\t" } }

  /// - Parameter keeps: whether a character stays as it is.
  private func printable(keeping keeps: (Unicode.Scalar) -> Bool) -> String {
    if utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return String(self) }
    var text = String.UnicodeScalarView()
    for scalar in unicodeScalars {
      if scalar.steersTerminals, !keeps(scalar) {
        text.append(contentsOf: scalar.visibleEscape.unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }
}

extension JSONValue {
  /// The text for people that ends its last line, in which no character steers a terminal: within strings JSON has
  /// escapes for them all.
  public var printableText: String {
    var text = String.UnicodeScalarView()
    for scalar in prettyText().unicodeScalars {
      if scalar.steersTerminals, scalar != "\n" {
        let digits = String(scalar.value, radix: 16)
        text.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
      } else {
        text.append(scalar)
      }
    }
    return String(text) + "\n"
  }
}

extension Unicode.Scalar {
  /// Whether terminals, or whatever lays out lines, obey the character: the controls of ASCII and of Latin-1, the ends of
  /// lines and paragraphs, and the marks and overrides of the direction of writing.
  fileprivate var steersTerminals: Bool {
    switch value {
    case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
    default: false
    }
  }

  /// The character as Swift and other languages write it in a string.
  fileprivate var visibleEscape: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(value, radix: 16, uppercase: true))}"
    }
  }
}
