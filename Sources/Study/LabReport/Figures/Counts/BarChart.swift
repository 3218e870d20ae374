import LabCore

/// Horizontal bars, each of one or more parts: how many images a class has in each part of a data set.
public struct BarChart: Sendable {
  /// One bar.
  public struct Bar: Sendable, Hashable {
    /// What it stands for.
    public var label: String
    /// The number that each part stands for.
    public var values: [Int]

    /// Creates a bar.
    public init(_ label: String, values: [Int]) {
      self.label = label
      self.values = values
    }
  }

  /// The title.
  public var title: String
  /// What each part of a bar is.
  public var parts: [String]
  /// The bars from top to bottom.
  public var bars: [Bar]

  /// Creates a chart.
  public init(title: String, parts: [String], bars: [Bar]) {
    precondition(bars.allSatisfy { $0.values.count == parts.count }, "every bar has every part")
    self.title = title
    self.parts = parts
    self.bars = bars
  }

  private var largest: Int { max(1, bars.map { $0.values.reduce(0, +) }.max() ?? 0) }

  /// The chart as lines of text, no longer than a width.
  public func text(width: Int, style: Style) -> String {
    let fills: [Character] = ["█", "░", "▒", "▓"]
    let numbers = bars.map { bar in bar.values.map(NumberText.grouped).joined(separator: " + ") }
    let numberWidth = numbers.map(\.displayWidth).max() ?? 0
    let labels = bars.map(\.label.singleLine)
    let labelWidth = min(labels.map(\.displayWidth).max() ?? 0, max(8, width / 3))
    let room = max(4, width - labelWidth - numberWidth - 3)
    let key = zip(parts, fills).map { "\($1) \($0)" }.joined(separator: "   ")
    var lines = [style.apply(.heading, to: title) + (parts.count > 1 ? "   \(key)" : "")]
    for (index, bar) in bars.enumerated() {
      var drawn = 0
      var sum = 0
      var text = ""
      for (value, fill) in zip(bar.values, fills) {
        sum += value
        // Whole bars are rounded, not their parts, so that equal sums are equally long.
        let end = Int((Double(sum) / Double(largest) * Double(room)).rounded())
        text += String(repeating: fill, count: max(value > 0 && end == drawn ? 1 : 0, end - drawn))
        drawn = max(drawn, end)
      }
      lines.append(
        labels[index].truncated(to: labelWidth).padded(to: labelWidth) + " "
          + numbers[index].padded(to: numberWidth, rightAligned: true) + " " + text)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Draws the chart, and gives the top of what comes below.
  func draw(on canvas: inout Canvas, top: Double) -> Double {
    canvas.text(
      title, at: .init(Canvas.margin, top + 13), size: 15, isBold: true, room: canvas.width - 2 * Canvas.margin)
    var top = top + 24
    if parts.count > 1 {
      top = canvas.key(parts.enumerated().map { .init(.block(.series($0)), $1) }, top: top)
    }
    let numbers = bars.map { $0.values.map(NumberText.grouped).joined(separator: " + ") }
    let chart = RowChart(labels: bars.map(\.label), texts: numbers, top: top, on: canvas) { length in
      Axis([0, Double(largest)], length: length, format: .count, padding: 0)
    }
    chart.drawScale(on: &canvas, title: nil)
    chart.drawTexts(on: &canvas)
    for (row, bar) in bars.enumerated() {
      let y = chart.middle(of: row)
      var sum = 0
      for (index, value) in bar.values.enumerated() {
        let left = chart.place(Double(sum), row: row).x
        sum += value
        let right = chart.place(Double(sum), row: row).x
        canvas.rectangle(
          .init(left: left, top: y - 7, right: right, bottom: y + 7), fill: .series(index),
          hint: "\(bar.label), \(parts[index]): \(NumberText.grouped(value))")
      }
    }
    return chart.area.bottom + 34
  }

  /// The bars in a sentence.
  var summary: String {
    let rows = bars.map { "\($0.label) \($0.values.map(NumberText.grouped).joined(separator: " + "))" }
    return "\(title), \(parts.joined(separator: " + ")): \(FigureText.list(rows, limit: 50))."
  }
}
