import LabCore
import LabStats

/// Effects by size against what chance alone would give, with Lenth's margins.
///
/// - Source: Daniel, Technometrics 1, 1959, for the plot; Lenth, Technometrics 31, 1989, for the margins.
struct HalfNormalFigure: Figure {
  static let kind = FigureKind(
    "half-normal", title: "Half-normal plot of effects",
    summary:
      "The sizes of effects against those that chance alone would give, with Lenth's margins: what lies above the "
      + "line and the margins is more than chance.",
    needs: [.effects]
  ) { HalfNormalFigure(data: $0) }

  let data: FigureData
  /// The known effects by size, the smallest first.
  private let effects: [FigureData.Effects.Effect]

  init(data: FigureData) {
    self.data = data
    effects = (data.effects?.effects ?? []).filter(\.estimate.isFinite).enumerated()
      .sorted { (abs($0.element.estimate), $0.offset) < (abs($1.element.estimate), $1.offset) }.map(\.element)
  }

  private var metric: FigureData.Metric { data.metric }
  /// Up to how many effects all are named.
  private static let allNamed = 15
  private var margin: Double? { data.effects.flatMap { $0.margin.isFinite ? $0.margin : nil } }
  private var simultaneous: Double? {
    data.effects.flatMap { $0.simultaneousMargin.isFinite ? $0.simultaneousMargin : nil }
  }

  /// The half-normal quantile of an effect's place among all.
  private func quantile(_ index: Int) -> Double {
    StandardNormal().quantile(0.5 + 0.5 * (Double(index) + 0.5) / Double(effects.count))
  }

  var title: String { "\(data.name): effects on \(metric.label)" }

  var summary: String {
    guard !effects.isEmpty else { return "\(title). There is no effect." }
    func beyond(_ margin: Double) -> String {
      let some = effects.reversed().filter { abs($0.estimate) > margin }
      return some.isEmpty ? "none" : FigureText.list(some.map { "\($0.label) \(metric.difference($0.estimate))" })
    }
    var text = "\(title), \(FigureText.count(effects.count, "effect")) by size against half-normal quantiles."
    if let simultaneous {
      text += " Beyond the margin of all at once (\(metric.text(simultaneous))): \(beyond(simultaneous))."
    }
    if let margin { text += " Beyond the margin of a single one (\(metric.text(margin))): \(beyond(margin))." }
    return text
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, "Effects that chance alone would give lie along the line from zero.")
    guard !effects.isEmpty else { return canvas.nothing("There is no effect yet.", top: top) }
    let sizes = effects.map { abs($0.estimate) }
    let margins = [margin, simultaneous].compactMap(\.self)
    let height = max(260, min(420, canvas.width * 0.55))
    let y = Axis(sizes + margins + [0], length: height, isVertical: true)
    let left = Canvas.margin + PlotFrame.labelRoom(y)
    let area = Canvas.Box(left: left, top: top + 18, right: canvas.width - Canvas.margin - 8, bottom: top + 18 + height)
    let x = Axis(effects.indices.map(quantile) + [0], length: area.width, padding: 0.08)
    let frame = PlotFrame(area: area, x: x, y: y)
    let unit = metric.differenceUnit.isEmpty ? "" : " (\(metric.differenceUnit))"
    frame.drawAxes(on: &canvas, xTitle: "half-normal quantile", yTitle: "size of effect\(unit)")
    if let slope = data.effects?.pseudoStandardError, slope.isFinite, slope > 0 {
      // The line ends where it leaves the plot.
      let end = min(x.upper, y.upper / slope)
      canvas.line([frame.place(0, 0), frame.place(end, slope * end)], paint: .muted, dash: .dotted)
    }
    var boxes = [Canvas.Box]()
    for (value, name, dash) in [(margin, "one effect", Canvas.Dash.dashed), (simultaneous, "all effects", .solid)] {
      guard let value else { continue }
      let line = frame.place(0, value).y
      canvas.line([.init(area.left, line), .init(area.right, line)], paint: .worse, width: 1.2, dash: dash)
      boxes.append(.init(left: area.left, top: line - 1, right: area.right, bottom: line + 1))
      let text = "\(name): \(metric.text(value))"
      // Below the line where there is no room above it.
      let place = Canvas.Point(area.left + 6, line - 14 > area.top ? line - 4 : line + 13)
      let box = Canvas.textBox(text, at: place, size: 11)
      guard !boxes.dropLast().contains(where: box.overlaps) else { continue }
      canvas.text(text, at: place, size: 11, paint: .muted, hasHalo: true)
      boxes.append(box)
    }
    let order = Array(effects.indices.reversed())
    let points = order.map { frame.place(quantile($0), sizes[$0]) }
    for (index, point) in zip(order, points) {
      let effect = effects[index]
      let isBeyond = sizes[index] > (margin ?? .infinity)
      let paint: Paint = isBeyond ? ((effect.estimate > 0) == metric.higherIsBetter ? .better : .worse) : .undecided
      let shape: MarkShape = isBeyond ? (effect.estimate > 0 ? .up : .down) : .ring
      canvas.mark(
        shape, at: point, size: 8, paint: paint, hint: "\(effect.label): \(metric.difference(effect.estimate))")
    }
    // Where there are many, only those are named that stand out, which are the first.
    let beyond = order.prefix { sizes[$0] > (margin ?? .infinity) }.count
    let named = order.count <= HalfNormalFigure.allNamed ? order.count : beyond
    let others = points[named...].map { Canvas.Box(left: $0.x, top: $0.y, right: $0.x, bottom: $0.y).expanded(by: 5) }
    let names = MarkNames(
      order[..<named].map { effects[$0].label }, at: Array(points[..<named]), avoiding: boxes + others, within: area)
    names.draw(on: &canvas)
    var rest = [String]()
    if named < order.count {
      rest = [
        "Within the margin, from the largest: \(order[named...].map { effects[$0].label }.joined(separator: ", "))."
      ]
    }
    let key: [Canvas.KeyEntry] = [
      .init(.mark(.up, metric.higherIsBetter ? .better : .worse), "raises, beyond the margin of one effect"),
      .init(.mark(.down, metric.higherIsBetter ? .worse : .better), "lowers, beyond it"),
      .init(.mark(.ring, .undecided), "within it"),
    ]
    _ = canvas.key(key, top: area.bottom + PlotFrame.bottomRoom + 4)
    canvas.notes(names.key + rest + ["Margins of \(data.confidenceText) by Lenth's method."] + data.notes)
  }

  var vegaLite: [String: JSONValue] {
    let rows = effects.indices.map { index -> JSONValue in
      [
        "effect": .string(effects[index].label), "estimate": .number(effects[index].estimate),
        "size": .number(abs(effects[index].estimate)), "quantile": .number(quantile(index)),
      ]
    }
    let x = VegaLite.number("quantile", title: "half-normal quantile", zero: true)
    let y = VegaLite.number("size", title: "size of effect", zero: true)
    var layers: [JSONValue] = [
      ["mark": ["type": "point", "filled": true], "encoding": ["x": x, "y": y]],
      [
        "mark": ["type": "text", "align": "right", "dx": -8],
        "encoding": ["x": x, "y": y, "text": ["field": "effect", "type": "nominal"]],
      ],
    ]
    layers += [margin, simultaneous].compactMap(\.self).map {
      ["mark": ["type": "rule", "strokeDash": [4, 3]], "encoding": ["y": ["datum": .number($0)]]]
    }
    return ["data": ["values": .array(rows)], "layer": .array(layers)]
  }
}
