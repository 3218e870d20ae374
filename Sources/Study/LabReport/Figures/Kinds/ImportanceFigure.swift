import LabCore

/// What share of the variance each factor and interaction has.
struct ImportanceFigure: Figure {
  static let kind = FigureKind(
    "importance", title: "Shares of variance",
    summary:
      "The share of the results' variance that each factor and each interaction explains, and what none explains.",
    needs: [.importance]
  ) { ImportanceFigure(data: $0) }

  let data: FigureData
  private let rows: [FigureData.Importance]

  init(data: FigureData) {
    self.data = data
    let known = (data.importance ?? []).filter(\.share.isFinite)
    rows = known.filter { !$0.isResidual }.sorted { $0.share > $1.share } + known.filter(\.isResidual)
  }

  private func percent(_ share: Double) -> String {
    let value = share * 100
    return (abs(value) < 1e6 ? NumberText.fixed(value, decimals: 1) : NumberText.significant(value, digits: 2)) + " %"
  }

  private func text(_ row: FigureData.Importance) -> String {
    percent(row.share) + (row.interval?.known.map { " " + FigureText.brackets($0, percent) } ?? "")
  }

  var title: String { "\(data.name): shares of the variance of \(data.metric.label)" }

  var summary: String {
    guard !rows.isEmpty else { return "\(title). There is no factor." }
    return "\(title): \(FigureText.list(rows.map { "\($0.label) \(text($0))" }))."
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title)
    guard !rows.isEmpty else { return canvas.nothing("There is no factor yet.", top: top) }
    let ends = rows.map(\.share) + rows.compactMap { $0.interval?.known }.flatMap { [$0.lower, $0.upper] }
    let chart = RowChart(labels: rows.map(\.label), texts: rows.map(text), top: top, on: canvas) { length in
      Axis(ends.map { $0 * 100 } + [0], length: length)
    }
    chart.drawScale(on: &canvas, title: "share of variance (%)")
    for (index, row) in rows.enumerated() {
      let (start, end) = (chart.place(0, row: index), chart.place(row.share * 100, row: index))
      canvas.rectangle(
        .init(left: min(start.x, end.x), top: end.y - 6, right: max(start.x, end.x), bottom: end.y + 6),
        fill: row.isResidual ? .region : .series(0), outline: row.isResidual ? .undecided : nil,
        hint: "\(row.label): \(text(row))")
      if let interval = row.interval?.known {
        let ends = [interval.lower, interval.upper].map { chart.place($0 * 100, row: index) }
        canvas.line(ends, width: 1.4)
        for end in ends { canvas.line([.init(end.x, end.y - 4), .init(end.x, end.y + 4)], width: 1.4) }
      }
    }
    chart.drawTexts(on: &canvas)
    var key = [Canvas.KeyEntry]()
    if rows.contains(where: \.isResidual) {
      key = [.init(.block(.series(0)), "explained"), .init(.block(.region), "what no factor explains")]
    }
    if rows.contains(where: { $0.interval?.known != nil }) {
      key.append(.init(.interval(.ink, width: 1.4), "\(data.confidenceText) interval"))
    }
    _ = canvas.key(key, top: chart.area.bottom + PlotFrame.bottomRoom + 4)
    canvas.notes(data.notes)
  }

  var vegaLite: [String: JSONValue] {
    let values = rows.map { row -> JSONValue in
      [
        "source": .string(row.label), "share": .number(row.share), "residual": .boolean(row.isResidual),
        "lower": .init(finite: row.interval?.known?.lower), "upper": .init(finite: row.interval?.known?.upper),
      ]
    }
    let y = VegaLite.name("source")
    let x = VegaLite.number("share", title: "share of variance", zero: true)
    return [
      "data": ["values": .array(values)],
      "layer": [
        [
          "mark": "bar",
          "encoding": ["y": y, "x": x, "color": ["field": "residual", "type": "nominal"]],
        ],
        ["mark": "rule", "encoding": ["y": y, "x": VegaLite.number("lower", zero: true), "x2": ["field": "upper"]]],
      ],
    ]
  }
}
