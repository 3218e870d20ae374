extension Character {
  /// The number of terminal cells that the character takes: 0, 1 or 2.
  var displayWidth: Int {
    if isASCII { return unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f } ? 1 : 0 }
    // A cluster is as wide as its widest part: a base letter with its accents, an emoji with its modifiers.
    return unicodeScalars.reduce(0) { max($0, $1.displayWidth) }
  }
}

extension Unicode.Scalar {
  /// Blocks whose characters take two cells in every East Asian and most other terminals.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
    0xa960...0xa97f, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6,
    0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd,
  ]

  fileprivate var displayWidth: Int {
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control:
      // The variation selector that asks for a picture makes its cluster two cells wide.
      return value == 0xfe0f ? 2 : 0
    default:
      return properties.isEmojiPresentation || Unicode.Scalar.wideRanges.contains { $0.contains(value) } ? 2 : 1
    }
  }
}

extension StringProtocol {
  /// The number of terminal cells that the string takes, which is that of its characters without any colour codes.
  package var displayWidth: Int {
    if utf8.allSatisfy({ 0x20..<0x7f ~= $0 }) { return utf8.count }
    var width = 0
    var index = startIndex
    while index < endIndex {
      if self[index] == "\u{1b}" {
        index = endOfEscapeSequence(from: index)
      } else {
        width += self[index].displayWidth
        index = self.index(after: index)
      }
    }
    return width
  }

  /// The position after an escape sequence such as `ESC [ 1 ; 32 m`.
  private func endOfEscapeSequence(from start: Index) -> Index {
    var index = self.index(after: start)
    guard index < endIndex, self[index] == "[" else { return index }
    repeat { index = self.index(after: index) } while index < endIndex && !("@"..."~").contains(self[index])
    return index < endIndex ? self.index(after: index) : index
  }
}
