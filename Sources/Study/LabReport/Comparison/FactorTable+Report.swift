import LabCore

extension FactorTable {
  /// The means as a table for any format.
  public var table: ReportTable {
    let metricColumns = metrics.enumerated().map { position, metric in
      MetricColumns(
        metric, position: position, results: self.rows.map { $0.results[position] }, options: options,
        spreadLegend: "mean of the cells' means ± standard deviation over all runs", difference: differenceColumn)
    }
    var notes = NoteList()
    let rows = self.rows.map { row in
      let label = row.levels.joined(separator: ", ")
      let note = notes.number(for: label, row.tally)
      let pairs = metricColumns.indices.map { pairsText(metricColumns[$0], row, metric: $0) }
      let pairsNote = (pairs.compactMap { $0 } + [MetricColumns.pairsEnding]).joined(separator: "; ")
      return ReportTable.Row(
        row.levels.map { .string($0) } + [
          .init("\(row.cellCount)", values: [.integer(row.cellCount)]),
          row.tally.cell(notes: [note].compactMap { $0 }),
        ]
          + metricColumns.indices.flatMap { metric in
            let (columns, result) = (metricColumns[metric], row.results[metric])
            var numbers = [Int]()
            if let text = result.difference?.caveatText(columns.metric) {
              numbers.append(notes.number(for: label, text))
            }
            if pairs[metric] != nil { numbers.append(notes.number(for: label, pairsNote)) }
            return columns.cells(result, isBaseline: row.isBaseline, notes: numbers)
          })
    }
    let names = factors.map(\.name).joined(separator: " and ")
    return ReportTable(
      kind: factors.count == 1 ? "main-effect" : "interaction", title: "\(sweep.reportTitle): means by \(names)",
      subtitle: subtitle, columns: leadingColumns + metricColumns.flatMap(\.columns), rows: rows,
      numberedNotes: notes.texts, notes: generalNotes + healthNotes, metadata: metadata)
  }

  /// What a row's note says of the pairs behind its difference; nil where they are all of its runs.
  private func pairsText(_ columns: MetricColumns, _ row: Row, metric: Int) -> String? {
    let result = row.results[metric]
    if factors.count == 1 {
      return columns.pairsText(result, baseline: rows.first(where: \.isBaseline)?.results[metric])
    }
    guard let difference = result.difference, difference.pairCount != result.count else { return nil }
    return "interaction \(columns.metric.titleWithUnit) over \(difference.pairCount) of \(result.count) runs, "
      + "those with all three partners"
  }

  private var differenceColumn: MetricColumns.DifferenceColumn {
    if factors.count == 1 {
      return .init(
        legend: "mean difference to \(baselineLevels[0])", pairing: "paired by seed and all other factors",
        repetitions: repetitions, showsBetterCount: true)
    }
    return .init(
      prefix: "interaction",
      legend: "by how much the effect of \(factors[0].name) differs from that at \(baselineLevels[1])",
      pairing: "paired by seed and all other factors", repetitions: repetitions, baselineText: "")
  }

  private var repetitions: String { options.replicationUnit == .seed ? "seeds" : "pairs" }

  private var leadingColumns: [ReportTable.Column] {
    let fields = Dictionary(uniqueKeysWithValues: zip(sweep.factors.map(\.name), sweep.factorFields))
    return factors.map { ReportTable.Column($0.name, fields: [fields[$0.name] ?? $0.name], wraps: true) } + [
      ReportTable.Column(
        "cells", fields: ["cells"], alignment: .right, priority: 1001,
        legend: "combinations of the other factors' levels"),
      ReportTable.Column("n", fields: RunTally.fields, alignment: .right, legend: "completed of planned runs"),
    ]
  }

  private var subtitle: String? {
    guard !options.filters.isEmpty else { return nil }
    return "where " + options.filters.map { "\($0.factor) = \($0.level)" }.joined(separator: ", ")
  }

  private var generalNotes: [String] {
    guard rows.contains(where: { $0.results.contains { $0.difference != nil } }) else { return [] }
    var notes = [String]()
    switch options.replicationUnit {
    case .seed:
      notes.append("Differences are averaged over the cells of a seed first; intervals are over the seeds.")
    case .pair:
      notes.append("Intervals are over all pairs of runs, as if the cells were a random sample of settings.")
    }
    if factors.count == 1 {
      let variants = sweep.variants.filter { $0.levels[factors[0].name] != nil }
      notes += metrics.indices.compactMap { metric in
        sweep.tieNote(metrics[metric], rows.compactMap { $0.results[metric].difference }, variants)
      }
    }
    let comparisons =
      metrics.indices.map { metric in rows.count { $0.results[metric].difference?.pValue != nil } }.max() ?? 0
    if comparisons > 1, let note = options.multiplicityNote(comparisons, isSimultaneous: false) { notes.append(note) }
    return notes
  }

  private var healthNotes: [String] {
    let shown = (try? sweep.variantIndices(passing: options.filters)) ?? []
    return sweep.healthNotes(of: Array(shown))
  }

  private var metadata: [String: JSONValue] {
    var metadata = sweep.metadata(options)
    metadata["intervals"] = .string(ReportOptions.Coverage.perComparison.rawValue)
    metadata["by"] = .array(factors.map { .string($0.name) })
    metadata["baseline_levels"] = .array(baselineLevels.map { .string($0) })
    metadata["replication_unit"] = .string(options.replicationUnit.rawValue)
    return metadata
  }
}
