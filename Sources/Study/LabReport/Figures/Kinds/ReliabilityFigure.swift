import LabCore

/// How often predictions are right by their confidence, with how many there are.
struct ReliabilityFigure: Figure {
  static let kind = FigureKind(
    "reliability", title: "Reliability of confidence",
    summary: "The share of predictions that is right against their confidence, with intervals, and how many there are; "
      + "below the diagonal, a model is surer than it should be.",
    needs: [.reliability]
  ) { ReliabilityFigure(data: $0) }

  private typealias Bin = FigureData.Reliability.Bin

  let data: FigureData
  private let variants: [FigureData.Reliability]

  init(data: FigureData) {
    self.data = data
    variants = (data.reliability ?? []).map { variant in
      var variant = variant
      variant.bins = variant.bins.filter {
        $0.count.isFinite && $0.count > 0 && $0.meanConfidence.isFinite && $0.accuracy.isFinite && $0.range.known != nil
      }
      return variant
    }.filter { !$0.bins.isEmpty }
  }

  private func percent(_ share: Double) -> String { NumberText.fixed(min(10, max(-10, share)) * 100, decimals: 1) }

  private func error(_ variant: FigureData.Reliability) -> String? {
    guard let error = variant.calibrationError, error.isFinite else { return nil }
    return "\(percent(error)) %"
      + (variant.calibrationInterval?.known.map { " " + FigureText.brackets($0, percent) } ?? "")
  }

  var title: String { "\(data.name): share that is right by confidence" }

  var summary: String {
    guard !variants.isEmpty else { return "\(title). There is no prediction." }
    let rows = variants.map { variant in
      // Weighted by parts of the greatest count, which do not overflow.
      let most = variant.bins.map(\.count).max() ?? 1
      let weight = variant.bins.reduce(0) { $0 + $1.count / most }
      let gap = variant.bins.reduce(0) { $0 + $1.count / most * ($1.meanConfidence - $1.accuracy) } / weight
      return "\(variant.label) \(error(variant) ?? "unknown"), \(gap > 0 ? "surer" : "less sure") than right by "
        + "\(percent(abs(gap))) points"
    }
    return "\(title). Expected calibration error: \(FigureText.list(rows))."
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, "Below the diagonal, a model is surer than it should be; bars count predictions.")
    guard !variants.isEmpty else { return canvas.nothing("There is no prediction yet.", top: top) }
    let isAlone = variants.count == 1
    let grid = PanelGrid(
      count: variants.count, top: top, on: canvas, least: isAlone ? canvas.width - 2 * Canvas.margin : 184,
      height: isAlone ? 360 : 262)
    for (index, variant) in variants.enumerated() { draw(variant, in: grid[index], on: &canvas) }
    var notes = ["ECE: expected calibration error."]
    if variants.contains(where: { $0.bins.contains { $0.interval?.known != nil } }) {
      notes = ["Vertical lines: intervals of \(data.confidenceText). ECE: expected calibration error."]
    }
    canvas.notes(notes + data.notes)
  }

  private func draw(_ variant: FigureData.Reliability, in panel: Canvas.Box, on canvas: inout Canvas) {
    canvas.text(variant.label, at: .init(panel.left, panel.top + 12), isBold: true, room: panel.width - 14)
    if let error = error(variant) {
      canvas.text(
        "ECE \(error)", at: .init(panel.left, panel.top + 27), size: 11, paint: .muted, room: panel.width - 14)
    }
    let (upper, lower) = (panel.top + 38, panel.bottom - 44)
    let counts = 34.0
    let y = Axis([0, 1], length: lower - counts - 6 - upper, isVertical: true, padding: 0)
    let area = Canvas.Box(
      left: panel.left + PlotFrame.labelRoom(y), top: upper, right: panel.right - 16, bottom: lower - counts - 6)
    let x = Axis([0, 1], length: area.width, padding: 0)
    let frame = PlotFrame(area: area, x: x, y: y)
    for tick in y.ticks {
      let line = frame.place(0, tick.value).y
      canvas.line([.init(area.left, line), .init(area.right, line)], paint: .grid)
      canvas.text(tick.label, at: .init(area.left - 6, line + 4), size: Axis.labelSize, anchor: .end, paint: .muted)
    }
    canvas.line([frame.place(0, 0), frame.place(1, 1)], paint: .muted, dash: .dashed)
    let base = Canvas.Box(left: area.left, top: lower - counts, right: area.right, bottom: lower)
    PlotFrame.drawAxis(x, on: &canvas, area: base, title: "confidence", hasGrid: false)
    let most = variant.bins.map(\.count).max() ?? 1
    for bin in variant.bins {
      let (left, right) = (frame.place(bin.range.lower, 0).x, frame.place(bin.range.upper, 0).x)
      canvas.rectangle(
        .init(
          left: left + 0.5, top: lower - counts * bin.count / most, right: max(left + 0.5, right - 0.5), bottom: lower),
        fill: .undecided, hint: "\(NumberText.significant(bin.count, digits: 4)) predictions")
    }
    let bins = variant.bins.sorted { $0.meanConfidence < $1.meanConfidence }
    let points = bins.map { frame.place($0.meanConfidence, $0.accuracy) }
    canvas.line(points, paint: .series(0), width: 1.6)
    for (bin, point) in zip(bins, points) {
      if let interval = bin.interval?.known {
        let ends = [interval.lower, interval.upper].map { frame.place(bin.meanConfidence, $0) }
        canvas.line(ends, paint: .series(0), width: 1.6)
      }
      canvas.mark(
        .circle, at: point, size: 6, paint: .series(0),
        hint: "confidence \(percent(bin.meanConfidence)) %, right \(percent(bin.accuracy)) %")
    }
  }

  var vegaLite: [String: JSONValue] {
    let rows = variants.flatMap { variant in
      variant.bins.map { bin -> JSONValue in
        [
          "variant": .string(variant.label), "from": .number(bin.range.lower), "to": .number(bin.range.upper),
          "count": .number(bin.count), "confidence": .number(bin.meanConfidence), "accuracy": .number(bin.accuracy),
          "lower": .init(finite: bin.interval?.known?.lower), "upper": .init(finite: bin.interval?.known?.upper),
        ]
      }
    }
    let x: JSONValue = ["field": "confidence", "type": "quantitative", "scale": ["domain": [0, 1]]]
    let y: JSONValue = ["field": "accuracy", "type": "quantitative", "scale": ["domain": [0, 1]]]
    return [
      "data": ["values": .array(rows)], "facet": ["field": "variant", "type": "nominal", "sort": nil], "columns": 3,
      "spec": [
        "layer": [
          ["mark": ["type": "line", "point": true], "encoding": ["x": x, "y": y]],
          [
            "mark": "rule",
            "encoding": ["x": x, "y": ["field": "lower", "type": "quantitative"], "y2": ["field": "upper"]],
          ],
        ]
      ],
    ]
  }
}
