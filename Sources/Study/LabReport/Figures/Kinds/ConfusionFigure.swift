import LabCore

/// Which classes are taken for which, or how two variants differ in this.
struct ConfusionFigure: Figure {
  static let kind = FigureKind(
    "confusion", title: "Predicted by true classes",
    summary: "The share of each class's images that is taken for each class, or how a variant differs in this from the "
      + "baseline.",
    needs: [.confusion]
  ) { ConfusionFigure(data: $0) }

  let data: FigureData
  /// The share of each class's images that is taken for each class, or the difference of shares, in percent.
  private let shares: [[Double?]]

  init(data: FigureData) {
    self.data = data
    let confusion = data.confusion ?? .init(classes: [], label: "", counts: [])
    let count = confusion.classes.count
    let own = ConfusionFigure.shares(confusion.counts, count)
    if let other = confusion.otherCounts {
      let others = ConfusionFigure.shares(other, count)
      shares = zip(own, others).map { first, second in
        zip(first, second).map { one, other in one.flatMap { one in other.map { one - $0 } } }
      }
    } else {
      shares = own
    }
  }

  private static func shares(_ counts: [[Double]], _ classCount: Int) -> [[Double?]] {
    (0..<classCount).map { row in
      let known = (0..<classCount).map { column -> Double? in
        guard counts.indices.contains(row), counts[row].indices.contains(column) else { return nil }
        let count = counts[row][column]
        return count.isFinite && count >= 0 ? count : nil
      }
      let most = known.compactMap(\.self).max() ?? 0
      // Of parts of the greatest count, the sum is finite whatever counts are.
      let sum = known.reduce(0) { $0 + ($1 ?? 0) / max(most, .leastNormalMagnitude) }
      return known.map { count in sum > 0 ? count.map { $0 / most / sum * 100 } : nil }
    }
  }

  private var confusion: FigureData.Confusion { data.confusion ?? .init(classes: [], label: "", counts: []) }
  private var isDifference: Bool { confusion.otherCounts != nil }
  private var other: String { confusion.otherLabel ?? data.baseline ?? "the baseline" }

  private func text(_ value: Double) -> String { NumberText.fixed(value, decimals: 1, signed: isDifference) }

  /// The known shares off the diagonal, the greatest first.
  private var mistakes: [(row: Int, column: Int, value: Double)] {
    shares.indices.flatMap { row in
      shares[row].indices.compactMap { column in
        guard row != column, let value = shares[row][column], value != 0 else { return nil }
        return (row, column, value)
      }
    }.sorted { (abs($0.value), $1.row, $1.column) > (abs($1.value), $0.row, $0.column) }
  }

  private var mistakesText: String {
    let rows = mistakes.prefix(5).map {
      "\(confusion.classes[$0.row]) taken for \(confusion.classes[$0.column]) \(text($0.value))"
        + (isDifference ? " points" : " %")
    }
    guard !rows.isEmpty else {
      return isDifference ? "No class is taken for another more or less often." : "No class is taken for another."
    }
    return (isDifference ? "Most different: " : "Most often: ") + rows.joined(separator: ", ") + "."
  }

  var title: String {
    isDifference
      ? "\(data.name): predicted classes, \(confusion.label) less \(other) (points)"
      : "\(data.name): predicted classes of \(confusion.label) (% of the true class)"
  }

  var summary: String {
    guard shares.contains(where: { $0.contains { $0 != nil } }) else { return "\(title). There is no image." }
    let count = shares.count == 1 ? "1 class" : "\(NumberText.grouped(shares.count)) classes"
    return "\(title), a row a true class, a column a predicted one, for \(count). \(mistakesText)"
  }

  func draw(on canvas: inout Canvas) {
    let top = canvas.header(
      title,
      isDifference ? "Blue is better: more of a class is recognized, or less taken for another." : nil)
    let values = shares.flatMap(\.self).compactMap(\.self)
    guard !values.isEmpty else { return canvas.nothing("There is no image yet.", top: top) }
    let most = values.map(abs).max() ?? 0
    let scale = isDifference ? (most > 0 ? most : 1) : 100
    let isNumbered = ColorMap.needsNumbers(confusion.classes, width: canvas.width)
    let map = ColorMap(
      rows: confusion.classes.enumerated().map { isNumbered ? "\($0 + 1) \($1)" : $1 }, columns: confusion.classes,
      cell: { row, column in
        guard let value = shares[row][column], value != 0 || row == column else { return nil }
        let gain = row == column ? value : -value
        return .init(
          paint: isDifference ? .change(gain / scale) : .share(value / scale), text: text(value),
          isMarked: isDifference && gain < 0,
          hint: hint(row, column, value),
          address: value == 0 ? nil : confusion.address.map { "\($0)true=%23\(row)&predicted=%23\(column)" })
      }, breaks: false, rowTitle: "true", columnTitle: "predicted")
    let bottom = map.draw(on: &canvas, top: top)
    if isDifference {
      let key: [Canvas.KeyEntry] = [
        .init(.block(.change(-1)), "worse by \(NumberText.fixed(scale, decimals: 1))"),
        .init(.block(.change(0)), "the same"),
        .init(.block(.change(1)), "better by \(NumberText.fixed(scale, decimals: 1))"),
      ]
      _ = canvas.key(key, top: bottom)
    } else {
      _ = canvas.key([0.02, 0.25, 0.5, 0.75, 1].map { .init(.block(.share($0)), "\(Int($0 * 100)) %") }, top: bottom)
    }
    canvas.notes([mistakesText] + data.notes)
  }

  /// What is told of a cell: where it leads to its images, how many these are.
  private func hint(_ row: Int, _ column: Int, _ value: Double) -> String {
    let (label, prediction) = (confusion.classes[row], confusion.classes[column])
    guard confusion.address != nil, let count = Int(exactly: confusion.counts[row][column]) else {
      return "\(label) taken for \(prediction): \(text(value))"
    }
    let images = "\(NumberText.grouped(count)) \(count == 1 ? "image" : "images")"
    return "true \(label), predicted \(prediction): \(images), \(text(value)) %"
  }

  var vegaLite: [String: JSONValue] {
    let rows = shares.indices.flatMap { row in
      shares[row].indices.map { column -> JSONValue in
        [
          "true": .string(confusion.classes[row]), "predicted": .string(confusion.classes[column]),
          "percent": .init(finite: shares[row][column]),
        ]
      }
    }
    let order: JSONValue = .array(confusion.classes.map(JSONValue.string))
    let scale: JSONValue = isDifference ? ["scheme": "redblue", "domainMid": 0] : ["scheme": "blues"]
    return [
      "data": ["values": .array(rows)], "mark": "rect",
      "encoding": [
        "y": ["field": "true", "type": "nominal", "sort": order],
        "x": ["field": "predicted", "type": "nominal", "sort": order],
        "color": ["field": "percent", "type": "quantitative", "scale": scale],
      ],
    ]
  }
}
