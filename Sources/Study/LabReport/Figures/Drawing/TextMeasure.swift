/// The widths of texts in a figure, of which nobody knows with which font they are shown.
///
/// They are those of DejaVu Sans, among the fonts that stand for `sans-serif` one of the widest: what fits by them fits in
/// Helvetica, Arial, Segoe UI and Roboto too.
package enum TextMeasure {
  /// The fonts that figures ask for.
  package static let fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

  /// Thousandths of the font's size for the characters from space to tilde.
  private static let ascii: [Double] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337, 636, 636, 636, 636, 636, 636, 636,
    636, 636, 636, 337, 337, 838, 838, 838, 531, 1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863,
    748, 787, 603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500, 500, 613, 635, 550, 635,
    615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636,
    337, 636, 838,
  ]

  /// The width of a text in pixels.
  ///
  /// - Parameters:
  ///   - text: one line.
  ///   - size: the font's size in pixels.
  ///   - isBold: whether it is bold, which is up to a sixth wider.
  package static func width(of text: String, size: Double, isBold: Bool = false) -> Double {
    text.reduce(0) { $0 + advance(of: $1) } * size / 1000 * (isBold ? 1.16 : 1)
  }

  /// The text cut to a width, with an ellipsis where something is missing: names often differ at their ends, so a third of
  /// the room is for the end.
  package static func shortened(_ text: String, to width: Double, size: Double, isBold: Bool = false) -> String {
    guard TextMeasure.width(of: text, size: size, isBold: isBold) > width else { return text }
    let room = width - TextMeasure.width(of: "…", size: size, isBold: isBold)
    func part(_ characters: some Sequence<Character>, _ room: Double) -> String {
      var part = ""
      var used = 0.0
      for character in characters {
        used += TextMeasure.width(of: String(character), size: size, isBold: isBold)
        if used > room { break }
        part.append(character)
      }
      return part
    }
    let end = String(part(text.reversed(), room / 3).reversed())
    let start = part(text, room - TextMeasure.width(of: end, size: size, isBold: isBold))
    return start + "…" + end
  }

  /// The text in lines of at most a width, broken at spaces; a longer word is cut.
  package static func lines(_ text: String, width: Double, size: Double, isBold: Bool = false) -> [String] {
    var lines = [String]()
    for word in text.split(separator: " ") {
      if let last = lines.last, self.width(of: last + " " + word, size: size, isBold: isBold) <= width {
        lines[lines.count - 1] = last + " " + word
      } else {
        lines.append(shortened(String(word), to: width, size: size, isBold: isBold))
      }
    }
    return lines
  }

  private static func advance(of character: Character) -> Double {
    if let value = character.asciiValue { return value >= 32 && value < 127 ? ascii[Int(value) - 32] : 0 }
    switch character {
    case "·": return 318
    case "–", "²", "³", "¹": return 500
    case "\u{2009}", "\u{202f}": return 200
    case "−", "±", "×", "→", "≥", "≤": return 838
    // A letter of another script is as wide as a wide Latin one, what takes two cells of a terminal as a square.
    default: return character.displayWidth == 0 ? 0 : character.displayWidth == 1 ? 900 : 1100
    }
  }
}
