import LabCore
import LabRecords
import LabStats

extension RunReport {
  /// The final metrics.
  var resultTable: ReportTable {
    ReportTable(
      kind: "results", title: "Results",
      columns: [.init("metric", fields: ["metric"]), .init("value", fields: ["value"], alignment: .right)],
      rows: details.metrics.sortedByName.map { name, value in
        let metric = MetricDescription(named: name.key)
        // Here the split is said, since metrics of several splits may stand side by side.
        let title = metric.split == "test" ? "test " + metric.titleWithUnit : metric.titleWithUnit
        return .init([
          .init(title, values: [.string(name.key)]),
          .init(metric.text(value, decimals: metric.decimals(for: [value])), values: [.number(value)]),
        ])
      })
  }

  /// The names of all metrics of any epoch.
  private var epochMetricNames: [MetricName] {
    details.epochs.reduce(into: Set<MetricName>()) { $0.formUnion($1.metrics.names) }.sorted { $0.key < $1.key }
  }

  /// A row a metric with its first, last and best value and its curve.
  func curveTable(_ options: Options) -> ReportTable {
    let cells = max(8, min(60, options.width - 70))
    let rows = epochMetricNames.map { name in
      let metric = MetricDescription(named: name.key)
      let values = details.epochs.map { $0.metrics[name] }
      let known = zip(details.epochs, values).compactMap { epoch, value in
        value.flatMap { $0.isFinite ? (epoch: epoch.number, value: $0) : nil }
      }
      let decimals = metric.decimals(for: known.lazy.map(\.value))
      func cell(_ value: Double?) -> ReportTable.Cell {
        value.map { .init(metric.text($0, decimals: decimals), values: [.number($0)]) } ?? .missing()
      }
      var best = known.first
      for entry in known.dropFirst() where best.map({ metric.isBetter(entry.value, than: $0.value) }) ?? false {
        best = entry
      }
      if metric.direction == .neutral { best = nil }
      return ReportTable.Row([
        .init(metric.titleWithUnit, values: [.string(name.key)]), cell(known.first?.value), cell(known.last?.value),
        cell(best?.value), best.map { .init("\($0.epoch)", values: [.integer($0.epoch)]) } ?? .missing(),
        .init(Sparkline.text(values, width: cells), values: [.array(values.map { $0.map(JSONValue.number) ?? .null })]),
      ])
    }
    return ReportTable(
      kind: "curves", title: "Curves",
      columns: [
        .init("metric", fields: ["metric"], wraps: true),
        .init("first", fields: ["first"], alignment: .right, priority: 2),
        .init("last", fields: ["last"], alignment: .right),
        .init("best", fields: ["best"], alignment: .right, priority: 1),
        .init("epoch", fields: ["best_epoch"], alignment: .right, priority: 3),
        .init("curve", fields: ["values"], priority: 4),
      ], rows: rows)
  }

  /// A row an epoch with all its metrics.
  var epochTable: ReportTable {
    let metrics = epochMetricNames.map { MetricDescription(named: $0.key) }
    let decimals = metrics.map { metric in
      metric.decimals(for: details.epochs.lazy.compactMap { $0.metrics[MetricName(metric.name)] })
    }
    return ReportTable(
      kind: "epochs", title: "Epochs",
      columns: [.init("epoch", fields: ["epoch"], alignment: .right)]
        + metrics.enumerated().map { index, metric in
          ReportTable.Column(metric.titleWithUnit, fields: [metric.name], alignment: .right, priority: index)
        },
      rows: details.epochs.map { epoch in
        .init(
          [.init("\(epoch.number)", values: [.integer(epoch.number)])]
            + zip(metrics, decimals).map { metric, decimals in
              epoch.metrics[MetricName(metric.name)].map {
                .init(metric.text($0, decimals: decimals), values: [.number($0)])
              } ?? .missing()
            })
      })
  }

  /// A row a class, then the macro and the weighted average.
  func classTable(_ confusion: ConfusionMatrix) -> ReportTable {
    RunReport.classTable(confusion, className: details.className)
  }

  /// A row a class, then the macro and the weighted average.
  static func classTable(_ confusion: ConfusionMatrix, className: (Int) -> String) -> ReportTable {
    func row(_ name: String, _ metrics: ClassMetrics, isTotal: Bool = false) -> ReportTable.Row {
      let shares = [metrics.precision, metrics.recall, metrics.f1]
      return .init(
        [.string(name)] + shares.map { .init(NumberText.fixed($0 * 100, decimals: 2), values: [.number($0)]) }
          + [.init(NumberText.grouped(metrics.support), values: [.integer(metrics.support)])], isTotal: isTotal)
    }
    return ReportTable(
      kind: "classes", title: "Classes",
      columns: [.init("class", fields: ["class"], wraps: true)]
        + ["precision", "recall", "F1"].enumerated().map { index, title in
          ReportTable.Column(
            title + " %", fields: [title.lowercased()], alignment: .right, priority: title == "F1" ? 0 : index + 1)
        } + [.init("images", fields: ["support"], alignment: .right, priority: 3)],
      rows: confusion.classMetrics.enumerated().map { row(className($0), $1) } + [
        row("macro average", confusion.macroAverage, isTotal: true),
        row("weighted average", confusion.weightedAverage, isTotal: true),
      ])
  }
}
