import LabCore

extension String {
  /// The text with single spaces and visible control characters, fit to stand in one line.
  package var singleLine: String {
    if isSingleLine { return self }
    return split(whereSeparator: \.isWhitespace).joined(separator: " ").printable
  }

  /// Whether the text is plain ASCII that is fine as it is, which nearly all texts are.
  private var isSingleLine: Bool {
    var previous = UInt8(ascii: " ")
    for byte in utf8 {
      guard 0x20..<0x7f ~= byte, byte != previous || byte != UInt8(ascii: " ") else { return false }
      previous = byte
    }
    return previous != UInt8(ascii: " ") || isEmpty
  }

  /// The text followed or preceded by spaces up to a width.
  package func padded(to width: Int, rightAligned: Bool = false) -> String {
    let padding = String(repeating: " ", count: max(0, width - displayWidth))
    return rightAligned ? padding + self : self + padding
  }

  /// The text cut to a width, with an ellipsis where something is missing.
  package func truncated(to width: Int) -> String {
    guard displayWidth > width else { return self }
    guard width > 0 else { return "" }
    var result = ""
    var used = 0
    for character in self {
      used += character.displayWidth
      if used > width - 1 { break }
      result.append(character)
    }
    return result + "…"
  }

  /// The text in lines of at most a width, broken at spaces, and within a word only where it is longer than a line.
  ///
  /// - Parameters:
  ///   - width: terminal cells a line, at least 2.
  ///   - hangingIndent: spaces before every line but the first.
  package func wrapped(to width: Int, hangingIndent: Int = 0) -> [String] {
    let indent = String(repeating: " ", count: min(hangingIndent, max(0, width / 2)))
    var lines = [String]()
    var line = ""
    for word in split(separator: " ", omittingEmptySubsequences: true) {
      let candidate = line.isEmpty || line == indent ? line + word : line + " " + word
      if candidate.displayWidth <= width {
        line = candidate
        continue
      }
      if !line.isEmpty, line != indent {
        lines.append(line)
        line = indent
      }
      for character in String(word) {
        if line.displayWidth + character.displayWidth > width {
          lines.append(line)
          line = indent
        }
        line.append(character)
      }
    }
    return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
  }
}
