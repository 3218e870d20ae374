import LabCore

/// Average ranks over data sets; a bar joins those that the data do not tell apart.
///
/// - Source: Demšar, Journal of Machine Learning Research 7, 2006.
struct RankFigure: Figure {
  static let kind = FigureKind(
    "critical-difference", title: "Ranks over data sets",
    summary: "The average rank of each variant over data sets; a bar joins ranks that differ by less than the critical "
      + "difference.",
    needs: [.ranks]
  ) { RankFigure(data: $0) }

  let data: FigureData
  /// The items whose rank is known, the best first.
  private let items: [FigureData.Ranks.Item]
  /// The first and the last item of each group that is not told apart, without groups within others.
  private let cliques: [ClosedRange<Int>]

  init(data: FigureData) {
    self.data = data
    let items = (data.ranks?.items ?? []).filter { $0.rank.isFinite }.enumerated()
      .sorted { ($0.element.rank, $0.offset) < ($1.element.rank, $1.offset) }.map(\.element)
    self.items = items
    let critical = data.ranks?.criticalDifference ?? .nan
    var cliques = [ClosedRange<Int>]()
    for first in items.indices where critical.isFinite && critical >= 0 {
      let last = items.lastIndex { $0.rank - items[first].rank <= critical } ?? first
      if last > first, last > cliques.last?.upperBound ?? -1 { cliques.append(first...last) }
    }
    self.cliques = cliques
  }

  private var ranks: FigureData.Ranks { data.ranks ?? .init([], criticalDifference: .nan, datasets: 0) }

  private func rank(_ value: Double) -> String {
    abs(value) < 1e6 ? NumberText.fixed(value, decimals: 2) : NumberText.significant(value, digits: 3)
  }

  var title: String { "\(data.name): average ranks over \(FigureText.count(ranks.datasets, "data set"))" }

  var summary: String {
    guard !items.isEmpty else { return "\(title). There is no rank." }
    let groups = cliques.map { "\(items[$0.lowerBound].label) to \(items[$0.upperBound].label)" }
    return "\(title), the best first: \(FigureText.list(items.map { "\($0.label) \(rank($0.rank))" })). "
      + "The critical difference is \(rank(ranks.criticalDifference)) (\(ranks.method)). "
      + (groups.isEmpty ? "All are told apart." : "Not told apart: \(FigureText.list(groups)).")
  }

  func draw(on canvas: inout Canvas) {
    let isDiagram = canvas.width >= RankFigure.diagramWidth && items.count <= RankFigure.diagramCount
    let top = canvas.header(
      title,
      isDiagram
        ? "Rank 1 is best; a bar joins ranks that are not told apart (\(ranks.method))."
        : "Rank 1 is best; ranks beyond the end of a variant's line are told apart from it (\(ranks.method)).")
    guard !items.isEmpty else { return canvas.nothing("There is no rank yet.", top: top) }
    if isDiagram { drawDiagram(top: top, on: &canvas) } else { drawRows(top: top, on: &canvas) }
    canvas.notes(data.notes)
  }

  /// The least width in pixels and the greatest number of variants of a diagram whose lines can be followed.
  private static let (diagramWidth, diagramCount) = (560.0, 24)

  /// A row for each variant, with a line as long as the critical difference.
  private func drawRows(top: Double, on canvas: inout Canvas) {
    let critical = ranks.criticalDifference.isFinite ? max(0, ranks.criticalDifference) : 0
    let chart = RowChart(
      labels: items.map(\.label), texts: items.map { rank($0.rank) }, top: top + 4, on: canvas
    ) { length in
      Axis([1, Double(max(2, items.count))] + items.map(\.rank), length: length, padding: 0.02)
    }
    chart.drawScale(on: &canvas, title: "average rank")
    for (row, item) in items.enumerated() {
      let place = chart.place(item.rank, row: row)
      let end = chart.place(item.rank + critical, row: row)
      canvas.line([place, end], paint: .better, width: 3, opacity: 0.7)
      if item.rank + critical < chart.axis.upper {
        canvas.line([.init(end.x, end.y - 4), .init(end.x, end.y + 4)], paint: .better, width: 1.4)
      }
      canvas.mark(.circle, at: place, size: 7, paint: .ink, hint: "\(item.label): \(rank(item.rank))")
    }
    chart.drawTexts(on: &canvas)
    _ = canvas.key(
      [.init(.interval(.better, width: 3), "critical difference \(rank(ranks.criticalDifference))")],
      top: chart.area.bottom + PlotFrame.bottomRoom + 4)
  }

  /// Demšar's diagram: names at both sides of a scale.
  private func drawDiagram(top: Double, on canvas: inout Canvas) {
    let inner = canvas.width - 2 * Canvas.margin
    let texts = items.map { "\($0.label) \(rank($0.rank))" }
    let room = min(inner * 0.32, texts.map { TextMeasure.width(of: $0.singleLine, size: 11) }.max() ?? 0)
    let (left, right) = (Canvas.margin + room + 16, canvas.width - Canvas.margin - room - 16)
    let axis = Axis(
      [1, Double(max(2, items.count))] + items.map(\.rank), length: right - left, format: .number, padding: 0)
    func x(_ rank: Double) -> Double { left + axis.position(rank) }
    var y = drawCriticalDifference(axis, left: left, top: top, on: &canvas)
    for tick in axis.ticks {
      canvas.line([.init(x(tick.value), y), .init(x(tick.value), y - 5)], paint: .muted)
      canvas.text(tick.label, at: .init(x(tick.value), y - 9), size: 11, anchor: .middle, paint: .muted)
    }
    let line = y
    canvas.line([.init(left, line), .init(right, line)])
    // Bars that overlap lie on lines of their own.
    var levels = [Double]()
    for clique in cliques {
      let (start, end) = (x(items[clique.lowerBound].rank) - 4, x(items[clique.upperBound].rank) + 4)
      let level = levels.firstIndex { $0 < start - 2 } ?? levels.count
      if level == levels.count { levels.append(end) } else { levels[level] = end }
      let height = line + 9 + 8 * Double(level)
      canvas.line([.init(max(2, start), height), .init(min(canvas.width - 2, end), height)], paint: .better, width: 4)
    }
    y = line + 22 + 8 * Double(levels.count)
    let half = (items.count + 1) / 2
    for (index, item) in items.enumerated() {
      let isLeft = index < half
      // The outermost names are the highest, so that no line crosses a name.
      let row = isLeft ? index : items.count - 1 - index
      let place = y + 17 * Double(row)
      let edge = isLeft ? left - 8 : right + 8
      canvas.line(
        [.init(x(item.rank), line), .init(x(item.rank), place), .init(edge, place)], paint: .muted, width: 1)
      canvas.mark(.circle, at: .init(x(item.rank), line), size: 6, paint: .ink, hint: texts[index])
      canvas.text(
        texts[index], at: .init(isLeft ? edge - 4 : edge + 4, place + 4), size: 11, anchor: isLeft ? .end : .start,
        room: room)
    }
  }

  /// A bar as long as the critical difference, above the scale; gives the scale's place.
  private func drawCriticalDifference(_ axis: Axis, left: Double, top: Double, on canvas: inout Canvas) -> Double {
    let critical = ranks.criticalDifference
    guard critical.isFinite, critical > 0 else { return top + 30 }
    let text = "critical difference \(rank(critical))"
    let isLonger = critical > axis.upper - axis.lower
    let end = left + axis.position(isLonger ? axis.upper : axis.lower + critical)
    canvas.line([.init(left, top + 8), .init(end, top + 8)], width: 2)
    for x in isLonger ? [left] : [left, end] { canvas.line([.init(x, top + 4), .init(x, top + 12)], width: 2) }
    let width = TextMeasure.width(of: text, size: 11)
    let fits = end + 8 + width <= canvas.width - Canvas.margin
    canvas.text(
      text + (isLonger ? " (longer than the scale)" : ""),
      at: .init(fits ? end + 8 : Canvas.margin, top + (fits ? 12 : 27)),
      size: 11, paint: .muted, room: fits ? canvas.width - Canvas.margin - end - 8 : canvas.width - 2 * Canvas.margin)
    return top + (fits ? 44 : 60)
  }

  var vegaLite: [String: JSONValue] {
    let rows = items.enumerated().map { index, item -> JSONValue in
      ["variant": .string(item.label), "rank": .number(item.rank), "order": .integer(index)]
    }
    let bars = cliques.enumerated().map { index, clique -> JSONValue in
      [
        "from": .number(items[clique.lowerBound].rank), "to": .number(items[clique.upperBound].rank),
        "first": .string(items[clique.lowerBound].label), "group": .integer(index),
      ]
    }
    return [
      "layer": [
        [
          "data": ["values": .array(rows)], "mark": ["type": "point", "filled": true, "size": 70],
          "encoding": [
            "y": VegaLite.name("variant"), "x": VegaLite.number("rank", title: "average rank"),
          ],
        ],
        [
          "data": ["values": .array(bars)], "mark": ["type": "rule", "size": 4],
          "encoding": [
            "y": ["field": "first", "type": "nominal"], "x": VegaLite.number("from", title: "average rank"),
            "x2": ["field": "to"],
          ],
        ],
      ]
    ]
  }
}
