/// A plot's place and its scales.
public struct PlotFrame: Sendable {
  /// Where data are drawn.
  public let area: Canvas.Box
  /// The scale to the right.
  public let x: Axis
  /// The scale upwards.
  public let y: Axis

  /// Creates a plot of scales as long as its sides.
  public init(area: Canvas.Box, x: Axis, y: Axis) {
    self.area = area
    self.x = x
    self.y = y
  }

  /// The place of a pair of numbers.
  public func place(_ x: Double, _ y: Double) -> Canvas.Point {
    Canvas.Point(area.left + self.x.position(x), area.bottom - self.y.position(y))
  }

  /// The room in pixels that the labels of a vertical scale take.
  static func labelRoom(_ axis: Axis) -> Double {
    8 + (axis.ticks.map { TextMeasure.width(of: $0.label, size: Axis.labelSize) }.max() ?? 0)
  }

  /// The room below a plot for labels and title.
  static let bottomRoom = 38.0

  /// Begins the group of a plot, with what a script has to know to draw it anew with other scales.
  ///
  /// - Parameter isSigned: whether its numbers are differences, which have no logarithm.
  func begin(on canvas: inout Canvas, isSigned: Bool = false) {
    canvas.beginGroup(
      isSigned ? "plot signed" : "plot",
      [
        ("area", [area.left, area.top, area.right, area.bottom]), ("x", [x.lower, x.upper]), ("y", [y.lower, y.upper]),
      ])
  }

  /// Draws grid, labels and titles.
  ///
  /// - Parameters:
  ///   - canvas: what is drawn on.
  ///   - xTitle: what the scale to the right shows, below it.
  ///   - yTitle: what the scale upwards shows, above it; nil for nothing.
  public func drawAxes(on canvas: inout Canvas, xTitle: String?, yTitle: String?) {
    canvas.beginGroup("ticks-y")
    for tick in y.ticks {
      let place = area.bottom - y.position(tick.value)
      canvas.line([.init(area.left, place), .init(area.right, place)], paint: .grid)
      canvas.text(
        tick.label, at: .init(area.left - 6, place + 4), size: Axis.labelSize, anchor: .end, paint: .muted)
    }
    canvas.endGroup()
    PlotFrame.drawAxis(x, on: &canvas, area: area, title: xTitle, hasGrid: false)
    if let yTitle {
      canvas.text(
        yTitle, at: .init(max(Canvas.margin, area.left - PlotFrame.labelRoom(y)), area.top - 10), size: 11,
        paint: .muted, room: area.right - max(Canvas.margin, area.left - PlotFrame.labelRoom(y)))
    }
  }

  /// Draws a scale below an area, with lines up through it.
  static func drawAxis(_ axis: Axis, on canvas: inout Canvas, area: Canvas.Box, title: String?, hasGrid: Bool = true) {
    canvas.line([.init(area.left, area.bottom), .init(area.right, area.bottom)], paint: .muted)
    canvas.beginGroup("ticks-x")
    for tick in axis.ticks {
      let place = area.left + axis.position(tick.value)
      if hasGrid { canvas.line([.init(place, area.top), .init(place, area.bottom)], paint: .grid) }
      canvas.line([.init(place, area.bottom), .init(place, area.bottom + 4)], paint: .muted)
      let half = TextMeasure.width(of: tick.label, size: Axis.labelSize) / 2
      let middle = min(canvas.width - 2 - half, max(2 + half, place))
      canvas.text(
        tick.label, at: .init(middle, area.bottom + 16), size: Axis.labelSize, anchor: .middle, paint: .muted)
    }
    canvas.endGroup()
    guard let title else { return }
    let middle = (area.left + area.right) / 2
    let half = min(TextMeasure.width(of: title, size: 11), canvas.width - 2 * Canvas.margin) / 2
    canvas.text(
      title, at: .init(min(canvas.width - Canvas.margin - half, max(Canvas.margin + half, middle)), area.bottom + 32),
      size: 11, anchor: .middle, paint: .muted, room: canvas.width - 2 * Canvas.margin)
  }
}
