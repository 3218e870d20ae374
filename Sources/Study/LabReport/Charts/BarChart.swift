import Foundation
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

  /// The colours of parts, distinguishable by people with any colour vision.
  static let colors = ["#0072b2", "#e69f00", "#009e73", "#cc79a7"]

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

  /// The chart as elements of an SVG picture, with its upper left corner at a place, and the height that it takes.
  func svg(x: Int, y: Int, width: Int) -> (elements: [String], height: Int) {
    let labelWidth = 8 + 7 * (bars.map(\.label.printable.count).max() ?? 0)
    let scale = Double(max(50, width - labelWidth - 70)) / Double(largest)
    var elements = [SVG.text(x, y + 14, title, size: 15, isBold: true)]
    var keyX = x
    for (part, color) in zip(parts, BarChart.colors) where parts.count > 1 {
      elements.append(SVG.rectangle(Double(keyX), Double(y + 24), 10, 10, color))
      elements.append(SVG.text(keyX + 14, y + 33, part))
      keyX += 30 + 7 * part.count
    }
    let top = y + (parts.count > 1 ? 46 : 28)
    for (index, bar) in bars.enumerated() {
      let line = top + 18 * index
      var left = Double(x + labelWidth)
      elements.append(SVG.text(x + labelWidth - 6, line + 11, bar.label, anchor: "end"))
      for (value, color) in zip(bar.values, BarChart.colors) {
        elements.append(SVG.rectangle(left, Double(line), Double(value) * scale, 14, color))
        left += Double(value) * scale
      }
      elements.append(SVG.text(Int(left) + 4, line + 11, bar.values.map(NumberText.grouped).joined(separator: " + ")))
    }
    return (elements, top - y + 18 * bars.count + 10)
  }
}
