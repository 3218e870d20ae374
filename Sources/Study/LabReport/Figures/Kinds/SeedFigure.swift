import LabCore

/// Each run's result, with a line through those of one seed.
struct SeedFigure: Figure {
  static let kind = FigureKind(
    "seeds", title: "Single runs",
    summary: "The result of each run; a line joins the runs of a seed, and a stroke marks the mean of each variant.",
    needs: [.runs]
  ) { SeedFigure(data: $0) }

  let data: FigureData
  private let variants: [String]
  private let seeds: [UInt64]
  private let values: [String: [UInt64: Double]]

  init(data: FigureData) {
    self.data = data
    let runs = data.runs ?? []
    variants = runs.reduce(into: []) { if !$0.contains($1.variant) { $0.append($1.variant) } }
    seeds = Set(runs.map(\.seed)).sorted()
    values = runs.reduce(into: [:]) { if $1.value.isFinite { $0[$1.variant, default: [:]][$1.seed] = $1.value } }
  }

  private var metric: FigureData.Metric { data.metric }

  private func results(_ variant: String) -> [Double] { seeds.compactMap { values[variant]?[$0] } }

  private func mean(_ variant: String) -> Double? {
    let results = results(variant)
    // Divided before they are added, so that large results stay finite.
    return results.isEmpty ? nil : results.reduce(0) { $0 + $1 / Double(results.count) }
  }

  private func text(_ variant: String) -> String {
    guard let mean = mean(variant) else { return "no result" }
    let count = results(variant).count
    return metric.text(mean) + (count < seeds.count ? " (\(count) of \(seeds.count))" : "")
  }

  var title: String { "\(data.name): \(metric.label) of each run" }

  var summary: String {
    guard !variants.isEmpty else { return "\(title). There is no run." }
    let rows = variants.map { variant -> String in
      let results = results(variant)
      guard let least = results.min(), let most = results.max() else { return "\(variant) has no result" }
      return "\(variant) \(text(variant)), from \(metric.text(least)) to \(metric.text(most))"
    }
    return "\(title), for \(FigureText.count(variants.count, "variant")) and \(FigureText.count(seeds.count, "seed")). "
      + "Means: \(FigureText.list(rows))."
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, "A dot is a run, a line joins the runs of a seed; \(metric.direction).")
    guard !variants.isEmpty else { return canvas.nothing("There is no run yet.", top: top) }
    let chart = RowChart(labels: variants, texts: variants.map(text), top: top + 4, on: canvas) { length in
      Axis(variants.flatMap(results), length: length)
    }
    chart.drawScale(on: &canvas, title: metric.axisTitle)
    let isTold = seeds.count <= Paint.seriesCount
    for (index, seed) in seeds.enumerated() {
      let paint = isTold ? Paint.series(index) : .undecided
      let dash = isTold ? Canvas.Dash.series(index) : .solid
      // A line ends where a run is missing.
      let places = variants.indices.map { row in values[variants[row]]?[seed].map { chart.place($0, row: row) } }
      for run in places.split(separator: nil) {
        canvas.line(run.compactMap(\.self), paint: paint, width: 1.3, dash: dash, opacity: isTold ? 0.75 : 0.45)
      }
    }
    chart.drawTexts(on: &canvas)
    for (row, variant) in variants.enumerated() {
      if let mean = mean(variant) {
        let place = chart.place(mean, row: row)
        canvas.line([.init(place.x, place.y - 8), .init(place.x, place.y + 8)], width: 2.2)
      }
      for (index, seed) in seeds.enumerated() {
        guard let value = values[variant]?[seed] else { continue }
        canvas.mark(
          isTold ? .series(index) : .circle, at: chart.place(value, row: row), size: 7.5,
          paint: isTold ? .series(index) : .muted, hint: "\(variant), seed \(seed): \(metric.text(value))")
      }
    }
    var key = [Canvas.KeyEntry]()
    if isTold {
      key = seeds.enumerated().map { .init(.line(.series($0), .series($0), .series($0)), "seed \($1)") }
    } else {
      key = [.init(.line(.undecided, .solid, .circle), "one of \(seeds.count) seeds")]
    }
    key.append(.init(.interval(.ink, width: 2.2), "mean (the number at the right)"))
    _ = canvas.key(key, top: chart.area.bottom + PlotFrame.bottomRoom + 4)
    canvas.notes(data.notes)
  }

  var vegaLite: [String: JSONValue] {
    let rows = (data.runs ?? []).map { run -> JSONValue in
      ["variant": .string(run.variant), "seed": .string(String(run.seed)), "value": .init(finite: run.value)]
    }
    let (x, y) = (VegaLite.number("value", title: metric.axisTitle), VegaLite.name("variant"))
    return [
      "data": ["values": .array(rows)],
      "layer": [
        [
          "mark": ["type": "line", "opacity": 0.6],
          "encoding": [
            "x": x, "y": y, "color": ["field": "seed", "type": "nominal", "scale": ["range": VegaLite.seriesRange]],
            "order": ["field": "variant", "type": "nominal", "sort": nil],
          ],
        ],
        [
          "mark": ["type": "point", "filled": true],
          "encoding": [
            "x": x, "y": y, "color": ["field": "seed", "type": "nominal"],
            "shape": ["field": "seed", "type": "nominal"],
          ],
        ],
        [
          "mark": ["type": "tick", "thickness": 2],
          "encoding": ["x": ["field": "value", "aggregate": "mean", "type": "quantitative"], "y": y],
        ],
      ],
    ]
  }
}
