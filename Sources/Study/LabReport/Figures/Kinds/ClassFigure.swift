import LabCore

/// Which classes each variant recognizes better or worse than the baseline does.
struct ClassFigure: Figure {
  static let kind = FigureKind(
    "classes", title: "Differences by class",
    summary:
      "How much each variant differs from the baseline in each class; what is known to be a difference is framed.",
    needs: [.classes]
  ) { ClassFigure(data: $0) }

  let data: FigureData
  private var classes: FigureData.Classes { data.classes ?? .init(classes: [], variants: [], changes: []) }

  private func change(_ row: Int, _ column: Int) -> Double? {
    guard classes.changes.indices.contains(row), classes.changes[row].indices.contains(column) else { return nil }
    let value = classes.changes[row][column]
    return value.isFinite ? value : nil
  }

  private func isCertain(_ row: Int, _ column: Int) -> Bool {
    guard classes.isCertain.indices.contains(row), classes.isCertain[row].indices.contains(column) else { return false }
    return classes.isCertain[row][column]
  }

  private func text(_ value: Double) -> String {
    abs(value) < 1e5
      ? NumberText.fixed(value, decimals: 1, signed: true)
      : (value > 0 ? "+" : "") + NumberText.significant(value, digits: 2)
  }

  private var baseline: String { data.baseline ?? "the baseline" }

  /// The known changes, the greatest losses first.
  private var changes: [(row: Int, column: Int, value: Double)] {
    classes.classes.indices.flatMap { row in
      classes.variants.indices.compactMap { column in change(row, column).map { (row, column, $0) } }
    }.sorted { $0.value < $1.value }
  }

  var title: String { "\(data.name): \(classes.measure) by class, difference to \(baseline) (points)" }

  var summary: String {
    let changes = changes
    guard let worst = changes.first, let best = changes.last else { return "\(title). There is no difference." }
    func phrase(_ change: (row: Int, column: Int, value: Double)) -> String {
      "\(classes.classes[change.row]) by \(classes.variants[change.column]) \(text(change.value))"
    }
    let certain = changes.filter { isCertain($0.row, $0.column) }
    let known =
      certain.isEmpty ? "None is known to be one" : "Known to be one: \(FigureText.list(certain.map(phrase)))"
    return "\(title), for \(FigureText.count(classes.variants.count, "variant")). From \(phrase(worst)) to "
      + "\(phrase(best)). \(known)."
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(title, "Framed: known to differ, corrected for the number of classes.")
    let values = changes.map { abs($0.value) }
    guard let most = values.max() else { return canvas.nothing("There is no difference yet.", top: top) }
    let scale = most > 0 ? most : 1
    let map = ColorMap(
      rows: classes.classes, columns: classes.variants,
      cell: { row, column in
        change(row, column).map { value in
          .init(
            paint: .change(value / scale), text: text(value), isMarked: value < 0, isFramed: isCertain(row, column),
            hint: "\(classes.classes[row]), \(classes.variants[column]): \(text(value))")
        }
      }, emptyIsUnknown: true, rowTitle: "class")
    let bottom = map.draw(on: &canvas, top: top)
    _ = canvas.key(ColorMap.changeKey(scale, text: text), top: bottom)
    let isWhole = values.count == classes.classes.count * classes.variants.count
    canvas.notes((isWhole ? [] : ["Struck out: unknown."]) + data.notes)
  }

  var vegaLite: [String: JSONValue] {
    let rows = changes.map { change -> JSONValue in
      [
        "class": .string(classes.classes[change.row]), "variant": .string(classes.variants[change.column]),
        "change": .number(change.value), "certain": .boolean(isCertain(change.row, change.column)),
      ]
    }
    return [
      "data": ["values": .array(rows)], "mark": "rect",
      "encoding": [
        "y": ["field": "class", "type": "nominal", "sort": .array(classes.classes.map(JSONValue.string))],
        "x": ["field": "variant", "type": "nominal", "sort": .array(classes.variants.map(JSONValue.string))],
        "color": ["field": "change", "type": "quantitative", "scale": ["scheme": "redblue", "domainMid": 0]],
      ],
    ]
  }
}

extension ColorMap {
  /// A key of changes from the greatest loss to the greatest gain.
  static func changeKey(_ scale: Double, text: (Double) -> String) -> [Canvas.KeyEntry] {
    [-1, -0.5, 0, 0.5, 1].map { .init(.block(.change($0)), text($0 * scale)) }
  }
}
