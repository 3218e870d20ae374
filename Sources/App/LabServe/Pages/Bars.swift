import LabReport

/// A small picture of what the variants of a sweep reach, in the order of the plan, the first one marked.
enum Bars {
  private static let width = 120.0
  private static let height = 22.0

  /// The picture; nothing without two results.
  ///
  /// - Parameter glance: the sweep.
  static func svg(_ glance: SweepGlance) -> String {
    let values = glance.means.map { $0.value.flatMap { $0.isFinite ? $0 : nil } }
    let known = values.compactMap { $0 }
    guard known.count > 1, let low = known.min(), let high = known.max() else { return "" }
    // The least value has a bar too: what is shown is how values differ.
    let span = high > low ? high - low : 1
    let step = min(10, width / Double(values.count))
    let drawn = step * Double(values.count)
    let gap = step > 4 ? 1.0 : 0
    let bars = values.enumerated().map { index, value -> String in
      guard let value else { return "" }
      let size = 3 + (height - 3) * (high > low ? (value - low) / span : 0.5)
      let hint =
        step >= 2
        ? "<title>\(HTMLParts.escaped("\(glance.means[index].label): \(glance.means[index].text)"))</title>" : ""
      return
        "<rect x=\"\(text(Double(index) * step))\" y=\"\(text(height - size))\" width=\"\(text(max(0.5, step - gap)))\" "
        + "height=\"\(text(size))\">\(hint)</rect>"
    }
    let best = glance.means.filter { $0.value != nil }.map(\.text)
    let summary =
      "\(glance.metricTitle ?? "result") of \(known.count) variants, from \(best.min() ?? "") to \(best.max() ?? "")"
    return
      "<svg class=\"bars\" role=\"img\" width=\"\(text(drawn))\" height=\"\(Int(height))\" viewBox=\"0 0 \(text(drawn)) "
      + "\(Int(height))\" aria-label=\"\(HTMLParts.escaped(summary))\">\(bars.joined())</svg>"
  }

  private static func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 1) }
}
