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

  /// Draws the chart, with equal lengths along both axes, and gives the top of what comes below.
  func draw(on canvas: inout Canvas, top: Double) -> Double {
    canvas.text(
      title, at: .init(Canvas.margin, top + 13), size: 15, isBold: true, room: canvas.width - 2 * Canvas.margin)
    let side = min(440, canvas.width - 2 * Canvas.margin - 60)
    let ends = [0, Double(max(largestX, largestY))]
    let y = Axis(ends, length: side, isVertical: true, format: .whole)
    let left = Canvas.margin + PlotFrame.labelRoom(y)
    let area = Canvas.Box(left: left, top: top + 44, right: left + side, bottom: top + 44 + side)
    let frame = PlotFrame(area: area, x: Axis(ends, length: side, format: .whole), y: y)
    frame.drawAxes(on: &canvas, xTitle: xLabel, yTitle: yLabel)
    let most = Double(max(1, points.map(\.count).max() ?? 1))
    for point in points {
      canvas.mark(
        .circle, at: frame.place(Double(point.x), Double(point.y)),
        size: 4 + 16 * (Double(point.count) / most).squareRoot(), paint: .better, opacity: 0.4,
        hint: "\(point.x)×\(point.y): \(NumberText.grouped(point.count))")
    }
    return area.bottom + PlotFrame.bottomRoom
  }

  /// The points in a sentence.
  var summary: String {
    let most = points.sorted { ($0.count, $1.x, $1.y) > ($1.count, $0.x, $0.y) }
    let rows = most.map { "\($0.x)×\($0.y) \(NumberText.grouped($0.count))" }
    return "\(title), \(xLabel) × \(yLabel): \(FigureText.list(rows))."
  }
}
