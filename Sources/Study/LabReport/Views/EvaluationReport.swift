import LabCore
import LabStats

/// How well a trained model does on some images: metrics, confusions, and metrics of each class.
public struct EvaluationReport: Sendable {
  /// What was evaluated on what.
  public var title: String
  /// The metrics.
  public var metrics: ClassificationMetrics
  /// The counts of true and predicted classes.
  public var confusion: ConfusionMatrix
  /// The classes' names.
  public var classNames: [String]

  /// Creates a report.
  public init(
    title: String, metrics: ClassificationMetrics, confusion: ConfusionMatrix, classNames: [String]
  ) {
    self.title = title
    self.metrics = metrics
    self.confusion = confusion
    self.classNames = classNames
  }

  /// A row a metric.
  public var metricTable: ReportTable {
    let named = metrics.named()
    return ReportTable(
      kind: "evaluation", title: title, subtitle: "\(NumberText.grouped(metrics.count)) images",
      columns: [.init("metric", fields: ["metric"]), .init("value", fields: ["value"], alignment: .right)],
      rows: named.keys.sorted().map { name in
        let metric = MetricDescription(named: name)
        let value = named[name] ?? .nan
        return .init([
          .init(metric.titleWithUnit, values: [.string(name)]),
          .init(
            metric.text(value, decimals: metric.decimals(for: [value])),
            values: [value.isFinite ? .number(value) : .null]),
        ])
      })
  }

  /// A row a class.
  public var classTable: ReportTable { RunReport.classTable(confusion) { classNames[$0] } }

  /// The report for a terminal.
  public func text(width: Int, style: Style, confusedPairCount: Int = 15) -> String {
    func block(_ table: ReportTable) -> String {
      TextTableFormat().render(table, options: .init(width: width, style: style, showsLegend: false))
    }
    let view = ConfusionView(confusion, classNames: classNames)
    let matrix =
      view.lines(width: width, style: style)
      .map { ([style.apply(.heading, to: ConfusionView.title)] + $0).joined(separator: "\n") + "\n" }
      ?? block(view.pairTable(limit: confusedPairCount))
    return [block(metricTable), block(classTable), matrix].joined(separator: "\n")
  }

  /// The report as a JSON value in full precision.
  public var json: JSONValue {
    let matrix = (0..<confusion.classCount).map { label in
      JSONValue.array((0..<confusion.classCount).map { .integer(confusion[label: label, prediction: $0]) })
    }
    let classes = confusion.classMetrics.enumerated().map { index, metrics in
      JSONValue.object([
        "class": .string(classNames[index]), "precision": .number(metrics.precision),
        "recall": .number(metrics.recall), "f1": .number(metrics.f1), "support": .integer(metrics.support),
      ])
    }
    return .object([
      "images": .integer(metrics.count),
      "metrics": .object(metrics.named().mapValues { $0.isFinite ? .number($0) : .null }),
      "classes": .array(classes), "confusion_matrix": .array(matrix),
    ])
  }
}
