import LabCore

extension FactorTable {
  /// The means as a table for any format.
  public var table: ReportTable {
    let metricColumns = metrics.indices.map { columns(metric: $0, difference: differenceColumn) }
    var notes = NoteList()
    let rows = self.rows.map { row in
      let note = notes.number(for: row.label, row.tally)
      let pairs = metricColumns.indices.map { pairsText(metricColumns[$0], row, metric: $0) }
      let pairsNote = (pairs.compactMap { $0 } + pairsEnding).joined(separator: "; ")
      return ReportTable.Row(
        row.levels.map { .string($0) } + [
          .init("\(row.cellCount)", values: [.integer(row.cellCount)]),
          row.tally.cell(notes: [note].compactMap { $0 }),
        ]
          + metricColumns.indices.flatMap { metric in
            let (columns, result) = (metricColumns[metric], row.results[metric])
            var numbers = [Int]()
            if let text = caveatText(columns, row, metric: metric) {
              numbers.append(notes.number(for: row.label, text))
            }
            if pairs[metric] != nil { numbers.append(notes.number(for: row.label, pairsNote)) }
            return columns.cells(result, isBaseline: row.isBaseline, notes: numbers)
          })
    }
    let names = factors.map(\.name).joined(separator: " and ")
    return ReportTable(
      kind: factors.count == 1 ? "main-effect" : "interaction", title: "\(sweep.reportTitle): means by \(names)",
      subtitle: subtitle, columns: leadingColumns + metricColumns.flatMap(\.columns), rows: rows,
      numberedNotes: notes.texts, notes: generalNotes + healthNotes,
      footnote: footnote(metricColumns, isCompact: false), hasFootnoteInLegend: true, metadata: metadata)
  }

  /// The columns of a metric.
  ///
  /// - Parameters:
  ///   - metric: its position.
  ///   - difference: what the differences are.
  ///   - decimals: those of the numbers; nil for the metric's own.
  func columns(metric: Int, difference: MetricColumns.DifferenceColumn, decimals: Int? = nil) -> MetricColumns {
    let judgement = judgements[metric]
    let isOfCells = comparing == .cells || factors.count == 1
    return MetricColumns(
      metrics[metric], position: metric, results: rows.map { $0.results[metric] }, options: options,
      spreadLegend: comparing == .cells && !isAveraged
        ? "mean ± standard deviation over seeds" : "mean of the cells' means ± standard deviation over all runs",
      difference: difference,
      family: .init(
        count: judgement.effectCount, variances: judgement.comparisons.variances,
        method: isOfCells ? "Dunnett" : "largest |t|"), decimals: decimals)
  }

  /// What keeps a row's difference from being judged or estimated; nil where nothing does.
  func caveatText(_ columns: MetricColumns, _ row: Row, metric: Int) -> String? {
    let result = row.results[metric]
    if let difference = result.difference { return difference.caveatText(columns.metric) }
    guard !row.isBaseline, result.mean != nil else { return nil }
    return "no runs with \(partners) to estimate the difference by"
  }

  /// What a row's note says of the runs behind its difference; nil where they are all of its runs.
  func pairsText(_ columns: MetricColumns, _ row: Row, metric: Int) -> String? {
    let result = row.results[metric]
    let isInteraction = factors.count > 1 && comparing == .effects
    let title = (isInteraction ? "interaction " : "Δ ") + columns.metric.titleWithUnit
    if judgements[metric].usesModel {
      guard let count = row.comparedCellCounts[metric] else { return nil }
      let reference = rows.first(where: \.isBaseline)
      let isWhole = isInteraction || reference == nil || reference?.cellCount == count
      guard count != row.cellCount || !isWhole else { return nil }
      return "\(title) over \(count) of \(row.cellCount) cells, those with \(partners)"
    }
    if !isInteraction {
      return columns.pairsText(result, baseline: rows.first(where: \.isBaseline)?.results[metric])
    }
    guard let difference = result.difference, difference.pairCount != result.count else { return nil }
    return "\(title) over \(difference.pairCount) of \(result.count) runs, those with \(partners)"
  }

  /// What a row is compared with, as a note says it.
  private var partners: String {
    comparing == .effects && factors.count > 1
      ? "all three partners" : "a partner at \(baselineLevels.joined(separator: ", "))"
  }

  /// What all notes on the runs behind differences end with.
  var pairsEnding: [String] {
    judgements.contains(where: \.usesModel)
      ? ["the means in the table are over all cells"] : [MetricColumns.pairsEnding]
  }

  private var differenceColumn: MetricColumns.DifferenceColumn {
    if factors.count == 1 {
      return .init(
        legend: "mean difference to \(baselineLevels[0])" + alikeText, pairing: "paired by seed and all other factors",
        repetitions: repetitions, showsBetterCount: true)
    }
    return .init(
      prefix: "interaction",
      legend: "by how much the effect of \(factors[0].name) differs from that at \(baselineLevels[1])" + alikeText,
      pairing: "paired by seed and all other factors", repetitions: repetitions, baselineText: "")
  }

  /// Over what a difference of the model is the mean.
  var alikeText: String {
    judgements.contains(where: \.usesModel) ? " over the same levels of all other factors" : ""
  }

  var repetitions: String { options.replicationUnit == .seed ? "seeds" : "pairs" }

  private var leadingColumns: [ReportTable.Column] {
    let fields = Dictionary(uniqueKeysWithValues: zip(sweep.factors.map(\.name), sweep.factorFields))
    return factors.map { ReportTable.Column($0.name, fields: [fields[$0.name] ?? $0.name], wraps: true) } + [
      ReportTable.Column(
        "cells", fields: ["cells"], alignment: .right, priority: 1001,
        legend: "combinations of the other factors' levels"),
      ReportTable.Column("n", fields: RunTally.fields, alignment: .right, legend: "completed of planned runs"),
    ]
  }

  var subtitle: String? {
    guard !options.filters.isEmpty else { return nil }
    return "where " + options.filters.map { "\($0.factor) = \($0.level)" }.joined(separator: ", ")
  }

  /// Whether a row is the mean over several variants.
  var isAveraged: Bool { rows.contains { $0.cellCount > 1 } }

  /// What the numbers are, in one line.
  func footnote(_ columns: [MetricColumns], isCompact: Bool) -> String {
    let counts = Set(rows.map(\.tally.completed)).sorted()
    let text = counts.first.map { $0 == counts.last ? "\($0)" : "\($0) to \(counts.last ?? $0)" } ?? "0"
    let noun = factors.count == 1 ? "level" : "cell"
    return MetricColumns.footnote("n = \(text) runs a \(noun)", columns, isCompact: isCompact)
  }

  var generalNotes: [String] {
    var notes = sweep.importNotes + sweep.shardNotes + sweep.processorNotes
    if hidesBaseline {
      notes.append("Differences are to \(baselineLevels.joined(separator: ", ")), which the filter leaves out.")
    }
    if !absent.isEmpty {
      let names = absent.map { $0.map(\.singleLine).joined(separator: " × ") }
      let rest = names.count > 12 ? " and \(names.count - 12) more" : ""
      notes.append("Not in the sweep: \(names.prefix(12).joined(separator: "; "))\(rest).")
    }
    guard rows.contains(where: { $0.results.contains { $0.difference != nil } }) else { return notes }
    notes += modelNotes
    switch options.replicationUnit {
    case .seed:
      let byPairs = judgements.indices.filter { !judgements[$0].usesModel }
      if !byPairs.isEmpty, comparing == .effects || isAveraged {
        let names =
          byPairs.count == metrics.count ? "" : " of \(byPairs.map { metrics[$0].title }.joined(separator: ", "))"
        notes.append("Differences\(names) are averaged over the cells of a seed first; intervals are over the seeds.")
      }
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
    if comparisons > 1,
      let note = options.multiplicityNote(
        comparisons, isSimultaneous: options.coverage == .simultaneous && options.intervalMethod == .studentT)
    {
      notes.append(note)
    }
    return notes + [sweep.seedRuleNote].compactMap(\.self)
  }

  private var modelNotes: [String] {
    var notes = options.replicationUnit == .seed ? judgements.map(\.comparisons).modelNotes : []
    if let reason = judgements.lazy.compactMap(\.reason).first {
      notes.append("Each difference is judged by its own pairs of runs: \(reason).")
    }
    if judgements.contains(where: \.adjustsMeans) {
      notes.append("Means are estimated by least squares, as if no run were missing.")
    }
    return notes
  }

  var healthNotes: [String] {
    let shown = (try? sweep.variantIndices(passing: options.filters)) ?? []
    return sweep.healthNotes(of: Array(shown))
  }

  var metadata: [String: JSONValue] {
    var metadata = sweep.metadata(options)
    metadata["by"] = .array(factors.map { .string($0.name) })
    metadata["baseline_levels"] = .array(baselineLevels.map { .string($0) })
    metadata["replication_unit"] = .string(options.replicationUnit.rawValue)
    return metadata
  }
}
