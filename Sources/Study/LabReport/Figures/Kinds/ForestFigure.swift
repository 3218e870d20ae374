import LabCore
import LabStats

/// Differences to a baseline with their intervals, a row a variant.
struct ForestFigure: Figure {
  static let kind = FigureKind(
    "forest", title: "Differences with intervals",
    summary:
      "How much each variant differs from the baseline, with the intervals of single and of all comparisons, the "
      + "region of equivalence, and what follows.",
    needs: [.comparisons]
  ) { ForestFigure(data: $0) }

  let data: FigureData
  private var comparisons: FigureData.Comparisons { data.comparisons ?? .init([]) }
  private var rows: [FigureData.Comparisons.Row] { comparisons.rows }
  private var metric: FigureData.Metric { data.metric }
  private var baseline: String { data.baseline ?? "the baseline" }

  /// The interval that is written: the one that holds together with all others, where there is one.
  private func interval(_ row: FigureData.Comparisons.Row) -> FigureData.Interval? {
    row.simultaneous?.known ?? row.single?.known
  }

  private func text(_ row: FigureData.Comparisons.Row) -> String {
    guard row.estimate.isFinite else { return NumberText.missing }
    return metric.difference(row.estimate)
      + (interval(row).map { " " + FigureText.brackets($0, metric.difference) } ?? "")
  }

  var title: String { "\(data.name): \(metric.differenceTitle) to \(baseline)" }

  var summary: String {
    guard !rows.isEmpty else { return "\(title). There is no comparison." }
    let groups = Verdict.allCases.compactMap { verdict -> String? in
      let members = rows.filter { $0.verdict == verdict }
      guard !members.isEmpty else { return nil }
      return "\(verdict.word.capitalized): " + FigureText.list(members.map { "\($0.label) \(text($0))" }) + "."
    }
    let kind =
      rows.contains { $0.simultaneous?.known != nil } ? "that hold together (\(comparisons.method))" : "each by itself"
    let count = FigureText.count(rows.count, comparisons.subject)
    return "\(title), for \(count), with \(data.confidenceText) intervals \(kind). " + groups.joined(separator: " ")
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, "Zero is \(baseline); \(metric.direction).")
    guard !rows.isEmpty else { return canvas.nothing("There is no comparison yet.", top: top) }
    let notes = rows.compactMap(\.note).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
    let labels = rows.map { row in
      row.label + (row.note.flatMap(notes.firstIndex).map { " " + ReportTable.superscript($0 + 1) } ?? "")
    }
    let region = comparisons.smallestEffect.flatMap { $0.isFinite ? abs($0) : nil }
    let ends = rows.flatMap { row in
      [row.estimate]
        + [row.single?.known, row.simultaneous?.known].compactMap(\.self).flatMap { [$0.lower, $0.upper] }
    }
    let chart = RowChart(labels: labels, texts: rows.map(text), top: top + 16, on: canvas) { length in
      Axis(ends + [0, region ?? 0, -(region ?? 0)], length: length, format: .signed)
    }
    let (upper, lower) = (chart.area.top, chart.area.bottom)
    if let region {
      let (left, right) = (chart.place(-region, row: 0).x, chart.place(region, row: 0).x)
      canvas.rectangle(.init(left: left, top: upper, right: right, bottom: lower), fill: .region)
    }
    chart.drawScale(on: &canvas, title: metric.differenceTitle)
    let zero = chart.place(0, row: 0).x
    canvas.line([.init(zero, upper), .init(zero, lower)], width: 1.2)
    let sides = metric.higherIsBetter ? ("← worse", "better →") : ("← better", "worse →")
    if zero - chart.area.left > 60 {
      canvas.text(sides.0, at: .init(zero - 8, upper - 5), size: 11, anchor: .end, paint: .muted)
    }
    if chart.area.right - zero > 60 { canvas.text(sides.1, at: .init(zero + 8, upper - 5), size: 11, paint: .muted) }
    for (index, row) in rows.enumerated() { draw(row, index, chart, on: &canvas) }
    chart.drawTexts(on: &canvas)
    _ = canvas.key(key(region), top: lower + PlotFrame.bottomRoom + 4)
    canvas.notes(notes.enumerated().map { "\(ReportTable.superscript($0 + 1)) \($1)" } + data.notes)
  }

  private func draw(_ row: FigureData.Comparisons.Row, _ index: Int, _ chart: RowChart, on canvas: inout Canvas) {
    guard row.estimate.isFinite else { return }
    let y = chart.middle(of: index)
    let paint = row.verdict.paint
    if let wide = row.simultaneous?.known {
      let (left, right) = (chart.place(wide.lower, row: index).x, chart.place(wide.upper, row: index).x)
      canvas.line([.init(left, y), .init(right, y)], paint: paint, width: 1.4)
      for end in [left, right] { canvas.line([.init(end, y - 4), .init(end, y + 4)], paint: paint, width: 1.4) }
    }
    if let narrow = row.single?.known {
      canvas.line(
        [chart.place(narrow.lower, row: index), chart.place(narrow.upper, row: index)], paint: paint, width: 4)
    }
    canvas.mark(
      row.verdict.shape, at: chart.place(row.estimate, row: index), size: 10, paint: paint,
      hint: "\(row.label): \(text(row)), \(row.verdict.word)")
  }

  private func key(_ region: Double?) -> [Canvas.KeyEntry] {
    var entries = Verdict.allCases.filter { verdict in rows.contains { $0.verdict == verdict } }
      .map { Canvas.KeyEntry(.mark($0.shape, $0.paint), $0.word) }
    if rows.contains(where: { $0.single?.known != nil }) {
      entries.append(.init(.interval(.ink, width: 4), "\(data.confidenceText), this comparison alone"))
    }
    if rows.contains(where: { $0.simultaneous?.known != nil }) {
      entries.append(
        .init(.interval(.ink, width: 1.4), "\(data.confidenceText), all \(rows.count) at once (\(comparisons.method))"))
    }
    if let region {
      entries.append(.init(.block(.region), "too small to matter: ± \(metric.text(region))"))
    }
    return entries
  }

  var vegaLite: [String: JSONValue] {
    let values = rows.map { row -> JSONValue in
      [
        comparisons.subject: .string(row.label), "difference": .init(finite: row.estimate),
        "single_lower": .init(finite: row.single?.known?.lower),
        "single_upper": .init(finite: row.single?.known?.upper),
        "simultaneous_lower": .init(finite: row.simultaneous?.known?.lower),
        "simultaneous_upper": .init(finite: row.simultaneous?.known?.upper),
        "verdict": .string(row.verdict.rawValue), "note": .init(optional: row.note),
      ]
    }
    let y: JSONValue = ["field": .string(comparisons.subject), "type": "nominal", "sort": nil, "title": nil]
    func rule(_ name: String, _ size: Double) -> JSONValue {
      [
        "mark": ["type": "rule", "size": .number(size)],
        "encoding": [
          "y": y,
          "x": ["field": .string("\(name)_lower"), "type": "quantitative", "title": .string(metric.differenceTitle)],
          "x2": ["field": .string("\(name)_upper")], "color": VegaLite.verdictColor,
        ],
      ]
    }
    var layers: [JSONValue] = [
      ["mark": ["type": "rule"], "encoding": ["x": ["datum": 0]]], rule("simultaneous", 1.5), rule("single", 4),
      [
        "mark": ["type": "point", "filled": true, "size": 80],
        "encoding": [
          "y": y, "x": ["field": "difference", "type": "quantitative"], "color": VegaLite.verdictColor,
          "shape": VegaLite.verdictShape,
        ],
      ],
    ]
    if let region = comparisons.smallestEffect, region.isFinite {
      layers.insert(
        [
          "mark": ["type": "rect", "color": "#e9edf1"],
          "encoding": ["x": ["datum": .number(-abs(region))], "x2": ["datum": .number(abs(region))]],
        ], at: 0)
    }
    return ["data": ["values": .array(values)], "layer": .array(layers)]
  }
}

extension Verdict {
  /// What is said of it.
  var word: String { rawValue }

  var paint: Paint {
    switch self {
    case .better: .better
    case .worse: .worse
    case .equivalent: .equivalent
    case .undecided: .undecided
    }
  }

  var shape: MarkShape {
    switch self {
    case .better: .up
    case .worse: .down
    case .equivalent: .square
    case .undecided: .ring
    }
  }
}
