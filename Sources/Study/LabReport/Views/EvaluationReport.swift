import LabCore
import LabRecords
import LabStats

/// How well a trained model does on some images: metrics, confusions, and metrics of each class.
public struct EvaluationReport: Sendable {
  /// What was evaluated on what.
  public var title: String
  /// The metrics, by names without a split.
  public var metrics: Metrics
  /// The counts of true and predicted classes.
  public var confusion: ConfusionMatrix
  /// The classes' names.
  public var classNames: [String]

  /// Creates a report.
  public init(
    title: String, metrics: Metrics, confusion: ConfusionMatrix, classNames: [String]
  ) {
    self.title = title
    self.metrics = metrics
    self.confusion = confusion
    self.classNames = classNames
  }

  /// A row a metric.
  public var metricTable: ReportTable {
    ReportTable(
      kind: "evaluation", title: title, subtitle: "\(NumberText.grouped(confusion.total)) images",
      columns: [.init("metric", fields: ["metric"]), .init("value", fields: ["value"], alignment: .right)],
      rows: metrics.sortedByName.map { name, value in
        let metric = MetricDescription(named: name.key)
        return .init([
          .init(metric.titleWithUnit, values: [.string(name.key)]),
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
      "images": .integer(confusion.total), "metrics": metrics.json,
      "classes": .array(classes), "confusion_matrix": .array(matrix),
    ])
  }
}
