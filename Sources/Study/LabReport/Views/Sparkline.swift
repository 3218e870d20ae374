/// A curve in one line of block characters.
public enum Sparkline {
  private static let blocks: [Character] = Array("▁▂▃▄▅▆▇█")

  /// Draws values from their smallest to their largest.
  ///
  /// More values than cells are averaged in groups of neighbours. A value that is missing or not finite is a dot,
  /// and so is a group without any other.
  ///
  /// - Parameters:
  ///   - values: the curve.
  ///   - width: the number of cells at the most.
  public static func text(_ values: [Double?], width: Int) -> String {
    let count = min(values.count, max(0, width))
    let groups = (0..<count).map { cell -> Double? in
      let range = (cell * values.count / count)..<((cell + 1) * values.count / count)
      let known = values[range].compactMap { $0 }.filter(\.isFinite)
      return known.isEmpty ? nil : known.reduce(0, +) / Double(known.count)
    }
    guard let low = groups.compactMap({ $0 }).min(), let high = groups.compactMap({ $0 }).max() else {
      return String(repeating: "·", count: count)
    }
    return String(
      groups.map { value -> Character in
        guard let value else { return "·" }
        // A constant curve runs through the middle.
        let height = high > low ? (value - low) / (high - low) : 0.5
        return blocks[min(blocks.count - 1, Int(height * Double(blocks.count)))]
      })
  }
}
