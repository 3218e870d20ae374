import LabCore

/// Bars above points: how many images of each class and of each size a data set has.
package struct CountFigure: Figure {
  private let bars: BarChart
  private let scatter: ScatterChart

  package init(bars: BarChart, scatter: ScatterChart) {
    self.bars = bars
    self.scatter = scatter
  }

  package var title: String { "\(bars.title) and \(scatter.title.lowercased())" }

  package var summary: String { "\(bars.summary) \(scatter.summary)" }

  package func draw(on canvas: inout Canvas) {
    let top = bars.draw(on: &canvas, top: Canvas.margin)
    _ = scatter.draw(on: &canvas, top: top)
  }

  package var vegaLite: [String: JSONValue] {
    let counts = bars.bars.flatMap { bar in
      zip(bars.parts, bar.values).map { part, value -> JSONValue in
        ["label": .string(bar.label), "part": .string(part), "count": .integer(value)]
      }
    }
    let points = scatter.points.map { point -> JSONValue in
      ["x": .integer(point.x), "y": .integer(point.y), "count": .integer(point.count)]
    }
    return [
      "vconcat": [
        [
          "data": ["values": .array(counts)], "mark": "bar",
          "encoding": [
            "y": VegaLite.name("label"), "x": VegaLite.number("count", zero: true),
            "color": ["field": "part", "type": "nominal", "sort": nil, "scale": ["range": VegaLite.seriesRange]],
          ],
        ],
        [
          "data": ["values": .array(points)], "mark": "circle",
          "encoding": [
            "x": VegaLite.number("x", title: scatter.xLabel, zero: true),
            "y": VegaLite.number("y", title: scatter.yLabel, zero: true),
            "size": ["field": "count", "type": "quantitative"],
          ],
        ],
      ]
    ]
  }
}
