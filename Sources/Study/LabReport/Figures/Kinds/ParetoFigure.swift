import LabCore

/// What variants bring against what they cost, with those that none beats in both.
struct ParetoFigure: Figure {
  static let kind = FigureKind(
    "pareto", title: "Result against cost",
    summary:
      "The metric of each variant against its parameters, multiply-adds, time or memory; a line joins the variants "
      + "that no other beats in both.",
    needs: [.costs]
  ) { ParetoFigure(data: $0) }

  private typealias Item = FigureData.Costs.Item

  let data: FigureData
  /// The items of which both numbers are known, the cheapest first.
  private let items: [FigureData.Costs.Item]
  private let front: [Int]

  init(data: FigureData) {
    self.data = data
    let known = (data.costs?.items ?? []).filter { $0.cost.isFinite && $0.cost >= 0 && $0.value.isFinite }
    let sign = data.metric.higherIsBetter ? 1.0 : -1
    items = known.sorted { ($0.cost, -sign * $0.value) < ($1.cost, -sign * $1.value) }
    var best = -Double.infinity
    var front = [Int]()
    for (index, item) in items.enumerated() where sign * item.value > best {
      best = sign * item.value
      front.append(index)
    }
    self.front = front
  }

  private var metric: FigureData.Metric { data.metric }
  private var costs: FigureData.Costs { data.costs ?? .init("costs", []) }

  private func cost(_ value: Double) -> String {
    switch costs.unit {
    case .count: value < 9e15 ? NumberText.count(Int(value.rounded())) : NumberText.significant(value, digits: 3)
    case .seconds: NumberText.seconds(value)
    case .bytes: value < 9e15 ? NumberText.bytes(Int(value.rounded())) : NumberText.significant(value, digits: 3)
    }
  }

  private func text(_ item: Item) -> String { "\(item.label) \(metric.text(item.value)) at \(cost(item.cost))" }

  var title: String { "\(data.name): \(metric.label) against \(costs.label)" }

  var summary: String {
    guard !items.isEmpty else { return "\(title). There is no variant." }
    return "\(title), for \(FigureText.count(items.count, "variant")). No other beats in both: "
      + FigureText.list(front.map { text(items[$0]) }) + "."
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(
      title, "The line joins what no other variant beats in both; \(metric.direction), cheaper is to the left.")
    guard !items.isEmpty else { return canvas.nothing("There is no variant with both numbers yet.", top: top) }
    let height = max(280, min(460, canvas.width * 0.6))
    let ends = items.map(\.value) + items.compactMap { $0.interval?.known }.flatMap { [$0.lower, $0.upper] }
    let y = Axis(ends, length: height, isVertical: true, padding: 0.06)
    let area = Canvas.Box(
      left: Canvas.margin + PlotFrame.labelRoom(y), top: top + 16, right: canvas.width - Canvas.margin - 4,
      bottom: top + 16 + height)
    let known = items.map(\.cost)
    let isWide = (known.max() ?? 1) > 5 * (known.min() ?? 1) && (known.min() ?? 0) > 0
    let format: Axis.Format = costs.unit == .bytes ? .bytes : costs.unit == .count ? .count : .number
    let x = Axis(known, length: area.width, isLogarithmic: isWide, format: format, padding: 0.1)
    let frame = PlotFrame(area: area, x: x, y: y)
    let unit = costs.unit == .seconds ? " (s)" : ""
    frame.drawAxes(
      on: &canvas, xTitle: "\(costs.label)\(unit)\(isWide ? ", logarithmic" : "")", yTitle: metric.axisTitle)
    let points = items.map { frame.place($0.cost, $0.value) }
    var steps = [Canvas.Point]()
    for index in front {
      if let last = steps.last { steps.append(.init(points[index].x, last.y)) }
      steps.append(points[index])
    }
    canvas.line(steps, paint: .better, width: 1.5, dash: .dashed)
    for (index, item) in items.enumerated() {
      if let interval = item.interval?.known {
        canvas.line(
          [frame.place(item.cost, interval.lower), frame.place(item.cost, interval.upper)], paint: .undecided,
          width: 1.2)
      }
      let look = look(index)
      canvas.mark(look.shape, at: points[index], size: 9, paint: look.paint, hint: text(item))
    }
    let isFirst = Set(front)
    let order =
      front + items.indices.filter { !isFirst.contains($0) && items[$0].label == data.baseline }
      + items.indices.filter { !isFirst.contains($0) && items[$0].label != data.baseline }
    // Where there are many, names stand out from intervals instead of keeping off them.
    let intervals = (items.count > 12 ? [] : items).compactMap { item -> Canvas.Box? in
      guard let interval = item.interval?.known else { return nil }
      let ends = [interval.upper, interval.lower].map { frame.place(item.cost, $0) }
      return Canvas.Box(left: ends[0].x - 2, top: ends[0].y, right: ends[0].x + 2, bottom: ends[1].y)
    }
    let names = MarkNames(
      order.map { items[$0].label }, at: order.map { points[$0] }, avoiding: intervals, within: area)
    names.draw(on: &canvas)
    var key = [Canvas.KeyEntry]()
    if front.contains(where: { items[$0].label != data.baseline }) {
      key.append(.init(.mark(.diamond, .better), "beaten by none in both"))
    }
    if items.indices.contains(where: { !isFirst.contains($0) && items[$0].label != data.baseline }) {
      key.append(.init(.mark(.ring, .undecided), "beaten by another"))
    }
    if items.contains(where: { $0.label == data.baseline }) { key.append(.init(.mark(.square, .ink), "the baseline")) }
    _ = canvas.key(key, top: area.bottom + PlotFrame.bottomRoom + 4)
    let hasIntervals = items.contains { $0.interval?.known != nil }
    canvas.notes(
      names.key + (hasIntervals ? ["Vertical lines: intervals of \(data.confidenceText)."] : []) + data.notes)
  }

  private func look(_ index: Int) -> (shape: MarkShape, paint: Paint) {
    if items[index].label == data.baseline { return (.square, .ink) }
    return front.contains(index) ? (.diamond, .better) : (.ring, .undecided)
  }

  var vegaLite: [String: JSONValue] {
    let rows = items.indices.map { index -> JSONValue in
      let item = items[index]
      return [
        "variant": .string(item.label), "cost": .number(item.cost), "value": .number(item.value),
        "lower": .init(finite: item.interval?.known?.lower), "upper": .init(finite: item.interval?.known?.upper),
        "front": .boolean(front.contains(index)),
      ]
    }
    let isPositive = items.allSatisfy { $0.cost > 0 }
    let x: JSONValue = [
      "field": "cost", "type": "quantitative", "title": .string(costs.label),
      "scale": ["type": .string(isPositive ? "log" : "linear"), "zero": false],
    ]
    let y = VegaLite.number("value", title: metric.axisTitle)
    return [
      "data": ["values": .array(rows)], "width": 420, "height": 320,
      "layer": [
        [
          "transform": [["filter": "datum.front"]], "mark": ["type": "line", "interpolate": "step-after"],
          "encoding": ["x": x, "y": y],
        ],
        ["mark": "rule", "encoding": ["x": x, "y": VegaLite.number("lower"), "y2": ["field": "upper"]]],
        [
          "mark": ["type": "point", "filled": true],
          "encoding": ["x": x, "y": y, "shape": ["field": "front", "type": "nominal"]],
        ],
        [
          "mark": ["type": "text", "align": "left", "dx": 7],
          "encoding": ["x": x, "y": y, "text": ["field": "variant", "type": "nominal"]],
        ],
      ],
    ]
  }
}
