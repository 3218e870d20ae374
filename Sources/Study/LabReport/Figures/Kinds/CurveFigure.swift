import LabCore

/// The course of each variant over epochs, and its difference to the baseline's.
struct CurveFigure: Figure {
  static let kind = FigureKind(
    "curves", title: "Courses over epochs",
    summary:
      "The mean of each variant over epochs with a band, and its difference to the baseline with a band that holds "
      + "for all epochs at once.",
    needs: [.curves]
  ) { CurveFigure(data: $0) }

  private typealias Course = FigureData.Curves.Course

  let data: FigureData
  private var metric: FigureData.Metric { data.metric }
  private var curves: FigureData.Curves { data.curves ?? .init(means: []) }
  /// The courses that have a known value.
  private var means: [Course] { curves.means.filter { !CurveFigure.known($0).isEmpty } }
  private var differences: [Course] { curves.differences.filter { !CurveFigure.known($0).isEmpty } }

  private static func known(_ course: Course) -> [FigureData.Curves.Point] {
    course.points.filter { $0.value.isFinite }.sorted { $0.epoch < $1.epoch }
  }

  var title: String { "\(data.name): \(metric.label) over epochs" }

  var summary: String {
    guard !means.isEmpty || !differences.isEmpty else { return "\(title). There is no epoch." }
    let ends = means.compactMap { course in
      CurveFigure.known(course).last.map { "\(course.label) \(metric.text($0.value)) after epoch \($0.epoch)" }
    }
    let apart = differences.compactMap { course -> String? in
      let known = CurveFigure.known(course)
      let outside = known.filter { $0.band?.known.map { $0.lower > 0 || $0.upper < 0 } ?? false }
      guard let first = outside.first, let last = known.last else { return nil }
      return "\(course.label) in \(outside.count) of \(known.count) epochs, first in \(first.epoch), at the end "
        + metric.difference(last.value)
    }
    let mean = curves.isOfOneRun ? "" : ", the mean of \(FigureText.count(means.count, "variant"))"
    var text = "\(title)\(mean). Ends: \(FigureText.list(ends))."
    if !differences.isEmpty {
      text +=
        apart.isEmpty
        ? " No band of a difference leaves zero out." : " Bands that leave zero out: \(FigureText.list(apart))."
    }
    return text
  }

  func draw(on canvas: inout Canvas) {
    let direction = metric.direction.prefix(1).uppercased() + metric.direction.dropFirst()
    var top = canvas.header(
      title, curves.isOfOneRun ? "\(direction)." : "Bands: \(curves.meanBand); \(metric.direction).")
    guard !means.isEmpty || !differences.isEmpty else { return canvas.nothing("There is no epoch yet.", top: top) }
    if means.count > Paint.seriesCount + 1 {
      let others = means.filter { $0.label != data.baseline }
      let baseline = means.first { $0.label == data.baseline }
      top = drawPanels(others, behind: baseline, head: "\(metric.axisTitle) by epoch", top: top, on: &canvas)
      if let baseline {
        top = canvas.key(
          [
            .init(
              .line(.ink, .dashed, nil),
              baseline.label == "baseline" ? "the baseline" : "\(baseline.label), the baseline")
          ], top: top)
      }
    } else if !means.isEmpty {
      top = drawTogether(top: top, on: &canvas)
    }
    if !differences.isEmpty {
      let unit = metric.differenceUnit.isEmpty ? "" : " (\(metric.differenceUnit))"
      _ = drawPanels(
        differences, behind: nil,
        head: "Difference to \(data.baseline ?? "the baseline") by epoch\(unit)",
        isDifference: true, top: top, on: &canvas)
    }
    let bands = differences.isEmpty ? [] : ["Bands of differences: \(curves.differenceBand)."]
    canvas.notes(bands + data.notes)
  }

  /// The paint, dash and shape of a course: the baseline is in ink, others have those of their order.
  private func look(_ course: Course) -> (paint: Paint, dash: Canvas.Dash, shape: MarkShape) {
    guard course.label != data.baseline else { return (.ink, .solid, .ring) }
    let index = means.filter { $0.label != data.baseline }.firstIndex { $0.label == course.label } ?? 0
    return (.series(index), .series(index + 1), .series(index))
  }

  // MARK: Plots

  /// All courses in one plot, with their names at the ends; gives the top of what comes below.
  private func drawTogether(top: Double, on canvas: inout Canvas) -> Double {
    let inner = canvas.width - 2 * Canvas.margin
    let wanted = means.map { TextMeasure.width(of: $0.label.singleLine, size: 11) }.max() ?? 0
    let room = min(wanted, inner * 0.3)
    let height = max(220, min(340, canvas.width * 0.42), Double(means.count) * 16)
    let frame = CurveFigure.frame(
      means,
      in: .init(
        left: Canvas.margin, top: top + 14, right: canvas.width - Canvas.margin - room - 26, bottom: top + 14 + height),
      canvas: canvas)
    frame.begin(on: &canvas)
    frame.drawAxes(on: &canvas, xTitle: "epoch", yTitle: metric.axisTitle)
    canvas.beginGroup("data")
    for course in means { drawBand(course, paint: look(course).paint, in: frame, on: &canvas) }
    for course in means {
      let look = look(course)
      drawLine(course, paint: look.paint, dash: look.dash, in: frame, on: &canvas)
    }
    canvas.endGroup()
    let ends = means.compactMap { CurveFigure.known($0).last.map { frame.place(Double($0.epoch), $0.value) } }
    let places = LabelPlacement.spread(ends.map(\.y), spacing: 15, within: frame.area.top...frame.area.bottom)
    for (index, course) in means.enumerated() {
      let look = look(course)
      let x = frame.area.right + 14
      canvas.beginGroup("ends")
      canvas.line([ends[index], .init(x - 5, places[index])], paint: .undecided, width: 0.7)
      canvas.mark(look.shape, at: ends[index], size: 7, paint: look.paint)
      canvas.endGroup()
      canvas.mark(look.shape, at: .init(x, places[index]), size: 7, paint: look.paint)
      canvas.text(course.label, at: .init(x + 8, places[index] + 4), size: 11, room: room)
    }
    canvas.endGroup()
    return max(frame.area.bottom, places.max() ?? 0) + PlotFrame.bottomRoom + 8
  }

  /// A plot for each course, all with the same scales; gives the top of what comes below.
  private func drawPanels(
    _ courses: [Course], behind: Course?, head: String, isDifference: Bool = false, top: Double, on canvas: inout Canvas
  ) -> Double {
    canvas.text(
      head, at: .init(Canvas.margin, top + 14), size: 13, isBold: true, room: canvas.width - 2 * Canvas.margin)
    // Labels that are cut in the middle may look alike.
    let widest = courses.map { TextMeasure.width(of: $0.label.singleLine, size: 12) }.max() ?? 0
    let grid = PanelGrid(count: courses.count, top: top + 24, on: canvas, least: max(176, widest + 20), height: 164)
    let isTold = means.count <= Paint.seriesCount + 1
    for (index, course) in courses.enumerated() {
      let panel = grid[index]
      let frame = CurveFigure.frame(
        courses + (behind.map { [$0] } ?? []),
        in: .init(left: panel.left, top: panel.top + 24, right: panel.right - 16, bottom: panel.bottom - 28),
        canvas: canvas,
        isDifference: isDifference)
      frame.begin(on: &canvas, isSigned: isDifference)
      frame.drawAxes(on: &canvas, xTitle: nil, yTitle: nil)
      canvas.text(course.label, at: .init(panel.left, panel.top + 14), size: 12, room: panel.width - 16)
      canvas.beginGroup("data")
      if isDifference { canvas.line([frame.place(-1, 0), .init(frame.area.right, frame.place(0, 0).y)], width: 1.2) }
      // Where there are more courses than colours, a colour would say nothing.
      let paint = isTold ? look(course).paint : .series(0)
      drawBand(course, paint: paint, in: frame, on: &canvas)
      if let behind { drawLine(behind, paint: .ink, dash: .dashed, width: 1.2, in: frame, on: &canvas) }
      drawLine(course, paint: paint, dash: .solid, isDifference: isDifference, in: frame, on: &canvas)
      canvas.endGroup()
      canvas.endGroup()
    }
    return courses.isEmpty ? top : grid[courses.count - 1].bottom + 4
  }

  /// A frame that holds all courses with their bands.
  private static func frame(
    _ courses: [Course], in box: Canvas.Box, canvas: Canvas, isDifference: Bool = false
  ) -> PlotFrame {
    let points = courses.flatMap(known)
    let values = points.map(\.value) + points.compactMap { $0.band?.known }.flatMap { [$0.lower, $0.upper] }
    let y = Axis(
      values + (isDifference ? [0] : []), length: box.height, isVertical: true,
      format: isDifference ? .signed : .number)
    let area = Canvas.Box(left: box.left + PlotFrame.labelRoom(y), top: box.top, right: box.right, bottom: box.bottom)
    let x = Axis(points.map { Double($0.epoch) }, length: area.width, format: .whole, padding: 0.02)
    return PlotFrame(area: area, x: x, y: y)
  }

  private func drawBand(_ course: Course, paint: Paint, in frame: PlotFrame, on canvas: inout Canvas) {
    let bands = CurveFigure.known(course).map { point in point.band?.known.map { (point.epoch, $0) } }
    for part in bands.split(whereSeparator: { $0 == nil }) {
      let band = part.compactMap(\.self)
      let upper = band.map { frame.place(Double($0.0), $0.1.upper) }
      let lower = band.map { frame.place(Double($0.0), $0.1.lower) }
      canvas.area(upper + lower.reversed(), paint: paint, opacity: 0.16)
      if band.count == 1 { canvas.line([upper[0], lower[0]], paint: paint, width: 3, opacity: 0.4) }
    }
  }

  private func drawLine(
    _ course: Course, paint: Paint, dash: Canvas.Dash, width: Double = 2, isDifference: Bool = false,
    in frame: PlotFrame, on canvas: inout Canvas
  ) {
    let known = CurveFigure.known(course)
    let places = known.map { frame.place(Double($0.epoch), $0.value) }
    let values = Canvas.Values(
      label: course.label.singleLine, name: "epoch", positions: known.map(\.epoch), numbers: known.map(\.value),
      texts: canvas.hasValues
        ? known.map { text($0, isDifference: isDifference, hasBand: known.count <= CurveFigure.toldBandLimit) } : [])
    canvas.line(places, paint: paint, width: width, dash: dash, values: values)
    if places.count == 1 { canvas.mark(.circle, at: places[0], size: 6, paint: paint) }
  }

  /// The most points of a course whose bands are told: those of long ones would make a page twice as large.
  private static let toldBandLimit = 60

  /// A point's value with its band, such as `81.20 % [80.10, 82.30]`.
  private func text(_ point: FigureData.Curves.Point, isDifference: Bool, hasBand: Bool) -> String {
    func number(_ value: Double) -> String { isDifference ? metric.difference(value) : metric.text(value) }
    let unit = isDifference ? metric.differenceUnit : metric.unit
    let band = (hasBand ? point.band?.known : nil).map { " [\(number($0.lower)), \(number($0.upper))]" } ?? ""
    return number(point.value) + (unit.isEmpty ? "" : " " + unit) + band
  }

  // MARK: Data

  var vegaLite: [String: JSONValue] {
    func values(_ courses: [Course]) -> JSONValue {
      let rows = courses.flatMap { course in
        course.points.map { point -> JSONValue in
          [
            "variant": .string(course.label), "epoch": .integer(point.epoch), "value": .init(finite: point.value),
            "lower": .init(finite: point.band?.known?.lower), "upper": .init(finite: point.band?.known?.upper),
          ]
        }
      }
      return ["values": .array(rows)]
    }
    func view(_ courses: [Course], title: String) -> JSONValue {
      let color: JSONValue = ["field": "variant", "type": "nominal", "sort": nil]
      let x: JSONValue = ["field": "epoch", "type": "quantitative"]
      return [
        "data": values(courses),
        "layer": [
          [
            "mark": ["type": "area", "opacity": 0.16],
            "encoding": [
              "x": x, "y": VegaLite.number("lower", title: title), "y2": ["field": "upper"], "color": color,
            ],
          ],
          [
            "mark": ["type": "line"],
            "encoding": ["x": x, "y": VegaLite.number("value", title: title), "color": color, "strokeDash": color],
          ],
        ],
      ]
    }
    var views = [view(curves.means, title: metric.axisTitle)]
    if !curves.differences.isEmpty { views.append(view(curves.differences, title: metric.differenceTitle)) }
    return ["vconcat": .array(views)]
  }
}
