import Foundation

/// Points of different weights over two axes that begin at 0: how many images there are of each size.
public struct ScatterChart: Sendable {
  /// One point.
  public struct Point: Sendable, Hashable {
    public var x: Int
    public var y: Int
    /// How many things lie here.
    public var count: Int

    /// Creates a point.
    public init(x: Int, y: Int, count: Int) {
      self.x = x
      self.y = y
      self.count = count
    }
  }

  /// The title.
  public var title: String
  /// What the axes are.
  public var xLabel: String
  public var yLabel: String
  /// The points.
  public var points: [Point]

  /// Creates a chart.
  public init(title: String, xLabel: String, yLabel: String, points: [Point]) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.points = points
  }

  private var largestX: Int { max(1, points.map(\.x).max() ?? 1) }
  private var largestY: Int { max(1, points.map(\.y).max() ?? 1) }

  /// The chart as text: darker where there is more.
  public func text(width: Int, style: Style) -> String {
    let (columns, rows) = (min(60, max(10, width - 12)), 15)
    var cells = [Int](repeating: 0, count: columns * rows)
    for point in points {
      let column = min(columns - 1, point.x * columns / (largestX + 1))
      let row = min(rows - 1, point.y * rows / (largestY + 1))
      cells[row * columns + column] += point.count
    }
    let most = Double(max(1, cells.max() ?? 1))
    let shades = ["·", "░", "▒", "▓", "█"]
    func shade(_ count: Int) -> String {
      guard count > 0 else { return " " }
      return shades[min(shades.count - 1, Int(log(Double(count)) / max(1, log(most)) * Double(shades.count - 1) + 0.5))]
    }
    let margin = String(largestY).count
    var lines = [style.apply(.heading, to: title) + "   (up: \(yLabel), right: \(xLabel))"]
    for row in (0..<rows).reversed() {
      let label = row == rows - 1 ? String(largestY) : row == 0 ? "0" : ""
      let line = (0..<columns).map { shade(cells[row * columns + $0]) }.joined()
      lines.append(label.padded(to: margin, rightAligned: true) + " │" + line)
    }
    lines.append(String(repeating: " ", count: margin + 1) + "└" + String(repeating: "─", count: columns))
    let end = String(largestX)
    lines.append(
      String(repeating: " ", count: margin + 2) + "0"
        + String(repeating: " ", count: max(1, columns - 1 - end.count)) + end)
    return lines.joined(separator: "\n") + "\n"
  }

  /// The chart as elements of an SVG picture, with its upper left corner at a place, and the height that it takes.
  func svg(x: Int, y: Int, side: Int) -> (elements: [String], height: Int) {
    let (left, top) = (x + 50, y + 30)
    let extent = Double(max(largestX, largestY))
    let scale = Double(side) / extent
    let most = Double(max(1, points.map(\.count).max() ?? 1))
    var elements = [
      SVG.text(x, y + 14, title, size: 15, isBold: true),
      "<rect x=\"\(left)\" y=\"\(top)\" width=\"\(side)\" height=\"\(side)\" fill=\"none\" stroke=\"#888\"/>",
      SVG.text(left + side / 2, top + side + 32, xLabel, anchor: "middle"),
      "<text transform=\"translate(\(x + 12) \(top + side / 2)) rotate(-90)\" text-anchor=\"middle\" font-size=\"12\">"
        + SVG.escaped(yLabel) + "</text>",
    ]
    for fraction in [0.0, 0.25, 0.5, 0.75, 1.0] {
      let value = String(Int((extent * fraction).rounded()))
      let offset = Int(Double(side) * fraction)
      elements.append(SVG.text(left + offset, top + side + 16, value, anchor: "middle"))
      elements.append(SVG.text(left - 6, top + side - offset + 4, value, anchor: "end"))
    }
    for point in points {
      let radius = 2 + 8 * (Double(point.count) / most).squareRoot()
      elements.append(
        "<circle cx=\"\(SVG.number(Double(left) + Double(point.x) * scale))\" "
          + "cy=\"\(SVG.number(Double(top + side) - Double(point.y) * scale))\" r=\"\(SVG.number(radius))\" "
          + "fill=\"\(BarChart.colors[0])\" fill-opacity=\"0.35\"><title>\(point.x)×\(point.y): \(point.count)</title>"
          + "</circle>")
    }
    return (elements, side + 80)
  }
}
