import LabCore

/// The means of two factors' levels, with a line for each level of one of them.
struct InteractionFigure: Figure {
  static let kind = FigureKind(
    "interaction", title: "Interaction of two factors",
    summary:
      "The mean of each pair of two factors' levels with its interval; lines that are not parallel show that one "
      + "factor's effect depends on the other.",
    needs: [.levels]
  ) { InteractionFigure(data: $0) }

  let data: FigureData
  private let cells: [FigureData.Levels.Cell]
  private let columns: [String]
  private let lines: [String]

  init(data: FigureData) {
    self.data = data
    let all = data.levels?.cells ?? []
    cells = all.filter(\.mean.isFinite)
    columns = all.reduce(into: []) { if !$0.contains($1.column) { $0.append($1.column) } }
    lines = all.reduce(into: []) { if !$0.contains($1.line) { $0.append($1.line) } }
  }

  private var metric: FigureData.Metric { data.metric }
  private var levels: FigureData.Levels { data.levels ?? .init(columnFactor: "", lineFactor: "", cells: []) }

  private func text(_ cell: FigureData.Levels.Cell) -> String {
    metric.text(cell.mean) + (cell.interval?.known.map { " " + FigureText.brackets($0, metric.text) } ?? "")
  }

  var title: String { "\(data.name): \(metric.label) by \(levels.columnFactor) and \(levels.lineFactor)" }

  var summary: String {
    guard !cells.isEmpty else { return "\(title). There is no mean." }
    let means = cells.map { "\($0.line) with \($0.column) \(text($0))" }
    return "\(title), means with \(data.confidenceText) intervals: \(FigureText.list(means, limit: 24))."
      + (levels.conclusion.map { " \($0)" } ?? "")
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, levels.conclusion)
    guard !cells.isEmpty else { return canvas.nothing("There is no mean yet.", top: top) }
    let inner = canvas.width - 2 * Canvas.margin
    if lines.count <= Paint.seriesCount, Double(columns.count) * 64 <= inner * 0.6 {
      drawLines(top: top, on: &canvas)
    } else {
      drawRows(top: top, on: &canvas)
    }
    let hasIntervals = cells.contains { $0.interval?.known != nil }
    let note = hasIntervals ? "Intervals of \(data.confidenceText); \(metric.direction)." : "\(metric.direction)."
    canvas.notes([note.prefix(1).uppercased() + note.dropFirst()] + data.notes)
  }

  private var ends: [Double] {
    cells.map(\.mean) + cells.compactMap { $0.interval?.known }.flatMap { [$0.lower, $0.upper] }
  }

  /// Columns side by side, and a line through the means of a level.
  private func drawLines(top: Double, on canvas: inout Canvas) {
    let names = lines.map { "\(levels.lineFactor): \($0)" }
    let room = min(
      names.map { TextMeasure.width(of: $0.singleLine, size: 11) }.max() ?? 0, (canvas.width - 2 * Canvas.margin) * 0.3)
    let height = max(200, min(320, canvas.width * 0.4))
    let y = Axis(ends, length: height, isVertical: true)
    let area = Canvas.Box(
      left: Canvas.margin + PlotFrame.labelRoom(y), top: top + 14, right: canvas.width - Canvas.margin - room - 26,
      bottom: top + 14 + height)
    let frame = PlotFrame(area: area, x: Axis([], length: area.width), y: y)
    for tick in y.ticks {
      let line = area.bottom - y.position(tick.value)
      canvas.line([.init(area.left, line), .init(area.right, line)], paint: .grid)
      canvas.text(
        tick.label, at: .init(area.left - 6, line + 4), size: Axis.labelSize, anchor: .end, paint: .muted)
    }
    canvas.text(metric.axisTitle, at: .init(Canvas.margin, area.top - 10), size: 11, paint: .muted, room: area.width)
    canvas.line([.init(area.left, area.bottom), .init(area.right, area.bottom)], paint: .muted)
    let step = area.width / Double(columns.count)
    for (index, column) in columns.enumerated() {
      canvas.text(
        column, at: .init(area.left + step * (Double(index) + 0.5), area.bottom + 16), size: 11, anchor: .middle,
        room: step - 8)
    }
    canvas.text(
      levels.columnFactor, at: .init((area.left + area.right) / 2, area.bottom + 33), size: 11, anchor: .middle,
      paint: .muted, room: area.width)
    // Intervals stand beside each other, not on each other.
    let shift = min(14, step * 0.5 / Double(max(1, lines.count)))
    var last = [(line: Int, place: Canvas.Point)]()
    for (row, line) in lines.enumerated() {
      let places = columns.enumerated().compactMap { index, column -> (FigureData.Levels.Cell, Canvas.Point)? in
        guard let cell = cells.first(where: { $0.column == column && $0.line == line }) else { return nil }
        let x = step * (Double(index) + 0.5) + shift * (Double(row) - Double(lines.count - 1) / 2)
        return (cell, .init(area.left + x, frame.place(0, cell.mean).y))
      }
      canvas.line(places.map(\.1), paint: .series(row), width: 2, dash: .series(row))
      for (cell, place) in places {
        if let interval = cell.interval?.known {
          let ends = [interval.lower, interval.upper].map { Canvas.Point(place.x, frame.place(0, $0).y) }
          canvas.line(ends, paint: .series(row), width: 1.5)
          for end in ends {
            canvas.line([.init(end.x - 3, end.y), .init(end.x + 3, end.y)], paint: .series(row), width: 1.5)
          }
        }
        canvas.mark(
          .series(row), at: place, paint: .series(row), hint: "\(cell.line), \(cell.column): \(text(cell))")
      }
      if let end = places.last { last.append((row, end.1)) }
    }
    let places = LabelPlacement.spread(last.map(\.place.y), spacing: 15, within: area.top...area.bottom)
    for (index, end) in last.enumerated() {
      let x = area.right + 14
      canvas.line([end.place, .init(x - 5, places[index])], paint: .undecided, width: 0.7)
      canvas.mark(.series(end.line), at: .init(x, places[index]), size: 7, paint: .series(end.line))
      canvas.text(names[end.line], at: .init(x + 8, places[index] + 4), size: 11, room: room)
    }
  }

  /// A row for each mean, where there are too many for lines.
  private func drawRows(top: Double, on canvas: inout Canvas) {
    let chart = RowChart(
      labels: cells.map { "\($0.line) · \($0.column)" }, texts: cells.map(text), top: top, on: canvas
    ) { Axis(ends, length: $0) }
    chart.drawScale(on: &canvas, title: metric.axisTitle)
    for (row, cell) in cells.enumerated() {
      if let interval = cell.interval?.known {
        canvas.line(
          [chart.place(interval.lower, row: row), chart.place(interval.upper, row: row)], paint: .series(0), width: 2)
      }
      canvas.mark(.circle, at: chart.place(cell.mean, row: row), paint: .series(0))
    }
    chart.drawTexts(on: &canvas)
  }

  var vegaLite: [String: JSONValue] {
    let rows = cells.map { cell -> JSONValue in
      [
        "column": .string(cell.column), "line": .string(cell.line), "mean": .init(finite: cell.mean),
        "lower": .init(finite: cell.interval?.known?.lower), "upper": .init(finite: cell.interval?.known?.upper),
      ]
    }
    let x = VegaLite.name("column", title: levels.columnFactor)
    let color: JSONValue = [
      "field": "line", "type": "nominal", "sort": nil, "title": .string(levels.lineFactor),
      "scale": ["range": VegaLite.seriesRange],
    ]
    return [
      "data": ["values": .array(rows)], "width": 360,
      "layer": [
        [
          "mark": ["type": "line", "point": true],
          "encoding": [
            "x": x, "y": VegaLite.number("mean", title: metric.axisTitle), "color": color, "strokeDash": color,
          ],
        ],
        [
          "mark": "rule",
          "encoding": ["x": x, "y": VegaLite.number("lower"), "y2": ["field": "upper"], "color": color],
        ],
      ],
    ]
  }
}
