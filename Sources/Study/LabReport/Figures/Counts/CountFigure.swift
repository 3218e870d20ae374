import LabCore

/// Bars above points: how many images of each class and of each size a data set has.
package struct CountFigure: Figure {
  private let bars: BarChart?
  private let scatter: ScatterChart?

  /// - Parameters:
  ///   - bars: how many images each class has; nil leaves them out.
  ///   - scatter: how many images each size has; nil leaves it out.
  package init(bars: BarChart?, scatter: ScatterChart?) {
    self.bars = bars
    self.scatter = scatter
  }

  package var title: String {
    guard let bars else { return scatter?.title ?? "" }
    return scatter.map { "\(bars.title) and \($0.title.lowercased())" } ?? bars.title
  }

  package var summary: String { [bars?.summary, scatter?.summary].compactMap(\.self).joined(separator: " ") }

  package func draw(on canvas: inout Canvas) {
    let top = bars?.draw(on: &canvas, top: Canvas.margin)
    _ = scatter?.draw(on: &canvas, top: top ?? Canvas.margin)
  }

  package var vegaLite: [String: JSONValue] { ["vconcat": .array([barView, scatterView].compactMap(\.self))] }

  private var barView: JSONValue? {
    guard let bars else { return nil }
    let counts = bars.bars.flatMap { bar in
      zip(bars.parts, bar.values).map { part, value -> JSONValue in
        ["label": .string(bar.label), "part": .string(part), "count": .integer(value)]
      }
    }
    return [
      "data": ["values": .array(counts)], "mark": "bar",
      "encoding": [
        "y": VegaLite.name("label"), "x": VegaLite.number("count", zero: true),
        "color": ["field": "part", "type": "nominal", "sort": nil, "scale": ["range": VegaLite.seriesRange]],
      ],
    ]
  }

  private var scatterView: JSONValue? {
    guard let scatter else { return nil }
    let points = scatter.points.map { point -> JSONValue in
      ["x": .integer(point.x), "y": .integer(point.y), "count": .integer(point.count)]
    }
    return [
      "data": ["values": .array(points)], "mark": "circle",
      "encoding": [
        "x": VegaLite.number("x", title: scatter.xLabel, zero: true),
        "y": VegaLite.number("y", title: scatter.yLabel, zero: true),
        "size": ["field": "count", "type": "quantitative"],
      ],
    ]
  }
}
