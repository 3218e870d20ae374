/// Characters drawn with a round pen, one unit high and centred on the origin.
enum SignGlyphs {
  /// A word or number centred on the origin.
  ///
  /// - Parameters:
  ///   - height: the height of a character.
  ///   - advance: the distance between neighbouring characters, as a share of the height.
  static func text(_ text: String, height: Float, advance: Float = 0.78) -> [SignedDistance] {
    let first = -Float(text.count - 1) / 2 * advance * height
    return text.enumerated().flatMap { index, character in
      strokes(of: character).map { $0.placed(x: first + Float(index) * advance * height, y: 0, scale: height) }
    }
  }

  private static let pen: Float = 0.09

  private static func strokes(of character: Character) -> [SignedDistance] {
    switch character {
    case "0", "O":
      [
        .arc(0, -0.18, radius: 0.24, halfWidth: pen, from: 180, to: 360),
        .arc(0, 0.18, radius: 0.24, halfWidth: pen, from: 0, to: 180),
        .line(-0.24, -0.18, -0.24, 0.18, pen), .line(0.24, -0.18, 0.24, 0.18, pen),
      ]
    case "1": [.line(0.08, -0.42, 0.08, 0.42, pen), .line(-0.14, -0.24, 0.08, -0.42, pen)]
    case "2":
      [
        .arc(0, -0.19, radius: 0.23, halfWidth: pen, from: 180, to: 395), .line(0.18, -0.05, -0.24, 0.42, pen),
        .line(-0.24, 0.42, 0.26, 0.42, pen),
      ]
    case "3":
      [
        .arc(-0.02, -0.21, radius: 0.21, halfWidth: pen, from: 195, to: 450),
        .arc(-0.02, 0.2, radius: 0.23, halfWidth: pen, from: -90, to: 165),
      ]
    case "5":
      [
        .line(-0.2, -0.42, 0.22, -0.42, pen), .line(-0.2, -0.42, -0.22, -0.06, pen),
        .arc(-0.02, 0.16, radius: 0.26, halfWidth: pen, from: -135, to: 145),
      ]
    case "6":
      [
        .ring(center: SIMD2(0, 0.18), radius: 0.24, halfWidth: pen), .line(-0.22, 0.1, 0.1, -0.42, pen),
      ]
    case "7": [.line(-0.24, -0.42, 0.24, -0.42, pen), .line(0.24, -0.42, -0.08, 0.42, pen)]
    case "8":
      [
        .ring(center: SIMD2(0, -0.22), radius: 0.2, halfWidth: pen),
        .ring(center: SIMD2(0, 0.2), radius: 0.23, halfWidth: pen),
      ]
    case "P":
      [
        .line(-0.2, -0.42, -0.2, 0.42, pen), .arc(0, -0.2, radius: 0.22, halfWidth: pen, from: -90, to: 90),
        .line(-0.2, -0.42, 0, -0.42, pen), .line(-0.2, 0.02, 0, 0.02, pen),
      ]
    case "S":
      [
        .arc(0, -0.21, radius: 0.21, halfWidth: pen, from: 90, to: 340),
        .arc(0, 0.21, radius: 0.21, halfWidth: pen, from: -90, to: 160),
      ]
    case "T": [.line(-0.26, -0.42, 0.26, -0.42, pen), .line(0, -0.42, 0, 0.42, pen)]
    default: []
    }
  }
}
