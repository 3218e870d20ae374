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
      let note = notes.number(for: row.levels.joined(separator: ", "), row.tally)
      return ReportTable.Row(
        row.levels.map { .string($0) }
          + [.init("\(row.cellCount)", values: [.integer(row.cellCount)]), row.tally.cell(note: note)]
          + zip(metricColumns, row.results).flatMap { $0.cells($1, isBaseline: row.isBaseline) })
    }
    let names = factors.map(\.name).joined(separator: " and ")
    return ReportTable(
      kind: factors.count == 1 ? "main-effect" : "interaction", title: "\(snapshot.reportTitle): means by \(names)",
      subtitle: subtitle, columns: leadingColumns + metricColumns.flatMap(\.columns), rows: rows,
      numberedNotes: notes.texts, notes: generalNotes, metadata: metadata)
  }

  private var differenceColumn: MetricColumns.DifferenceColumn {
    if factors.count == 1 {
      return .init(
        legend: "mean difference to \(baselineLevels[0]), paired by seed and all other factors,",
        showsBetterCount: true)
    }
    return .init(
      prefix: "interaction",
      legend: "by how much the effect of \(factors[0].name) differs from that at \(baselineLevels[1]), "
        + "paired by seed and all other factors,",
      baselineText: "")
  }

  private var leadingColumns: [ReportTable.Column] {
    let fields = Dictionary(uniqueKeysWithValues: zip(snapshot.factors.map(\.name), snapshot.factorFields))
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
    let comparisons =
      metrics.indices.map { metric in rows.count { $0.results[metric].difference?.pValue != nil } }.max() ?? 0
    if comparisons > 1 { notes.append(options.multiplicityNote(comparisons)) }
    return notes
  }

  private var metadata: [String: JSONValue] {
    var metadata = snapshot.metadata(options)
    metadata["by"] = .array(factors.map { .string($0.name) })
    metadata["baseline_levels"] = .array(baselineLevels.map { .string($0) })
    metadata["replication_unit"] = .string(options.replicationUnit.rawValue)
    return metadata
  }
}
