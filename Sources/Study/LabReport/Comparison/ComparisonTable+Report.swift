import Foundation
import LabCore
import LabRecords

extension ComparisonTable {
  /// The comparison as a table for any format.
  public var table: ReportTable {
    let metricColumns = metrics.indices.map { columns(metric: $0) }
    var notes = NoteList()
    let rows = self.rows.map { row in
      let note = notes.number(for: row.label, row.tally)
      return ReportTable.Row(
        leadingCells(row, note: note)
          + metricColumns.indices.flatMap { metric in
            metricColumns[metric].cells(
              row.results[metric], isBaseline: row.isBaseline,
              notes: self.notes(row, metric: metric, metricColumns, &notes))
          } + trailingCells(row))
    }
    return ReportTable(
      kind: "comparison", title: sweep.reportTitle, subtitle: subtitle,
      columns: leadingColumns + metricColumns.flatMap(\.columns) + trailingColumns, rows: rows,
      numberedNotes: notes.texts, notes: generalNotes + sweep.healthNotes(of: self.rows.map(\.variantIndex)),
      footnote: footnote(metricColumns, isCompact: false), hasFootnoteInLegend: true,
      metadata: metadata)
  }

  /// What programs may want to know of the sweep and of what was asked for.
  var metadata: [String: JSONValue] { sweep.metadata(options) }

  /// The columns of a metric.
  ///
  /// - Parameters:
  ///   - metric: its position.
  ///   - decimals: those of the numbers; nil for the metric's own.
  func columns(metric: Int, decimals: Int? = nil) -> MetricColumns {
    MetricColumns(
      metrics[metric], position: metric, results: rows.map { $0.results[metric] }, options: options,
      spreadLegend: "mean ± standard deviation over seeds", difference: differenceColumn,
      family: .init(count: comparisons[metric].comparisonCount, variances: comparisons[metric].variances),
      decimals: decimals)
  }

  /// The numbers of the notes on a difference.
  func notes(_ row: Row, metric: Int, _ columns: [MetricColumns], _ notes: inout NoteList) -> [Int] {
    let result = row.results[metric]
    var numbers = [Int]()
    if let text = result.difference?.caveatText(metrics[metric]) ?? result.incomparability {
      numbers.append(notes.number(for: row.label, text))
    }
    let pairs = columns.indices.map { columns[$0].pairsText(row.results[$0], baseline: baselineResults[$0]) }
    if pairs[metric] != nil {
      let texts = pairs.compactMap { $0 } + [MetricColumns.pairsEnding]
      numbers.append(notes.number(for: row.label, texts.joined(separator: "; ")))
    }
    return numbers
  }

  /// What the numbers are, in one line.
  func footnote(_ columns: [MetricColumns], isCompact: Bool) -> String {
    let counts = Set(rows.map(\.tally.completed)).sorted()
    let text = counts.first.map { $0 == counts.last ? "\($0)" : "\($0) to \(counts.last ?? $0)" } ?? "0"
    return MetricColumns.footnote("n = \(text) runs a variant", columns, isCompact: isCompact)
  }

  private var differenceColumn: MetricColumns.DifferenceColumn? {
    baselineLabel.map { .init(legend: "mean difference to the baseline (\($0))", pairing: "paired by seed") }
  }

  private var leadingColumns: [ReportTable.Column] {
    [ReportTable.Column("variant", fields: ["variant", "is_baseline"], wraps: true, legend: variantLegend)]
      + sweep.factorFields.map { ReportTable.Column(fields: [$0]) }
      + [ReportTable.Column("n", fields: RunTally.fields, alignment: .right, legend: "completed of planned runs")]
  }

  private var variantLegend: String? {
    sweep.factors.isEmpty ? nil : "levels of " + sweep.factors.map(\.name).joined(separator: ", ")
  }

  private func leadingCells(_ row: Row, note: Int?) -> [ReportTable.Cell] {
    [.init(row.label.singleLine, values: [.string(row.label), .boolean(row.isBaseline)])]
      + sweep.factors.map { factor in
        row.levels[factor.name].map { .string($0) } ?? .missing()
      } + [row.tally.cell(notes: [note].compactMap { $0 })]
  }

  var trailingColumns: [ReportTable.Column] {
    // Of what labrun has not built itself, people see only what there is.
    let isOwn = rows.isEmpty || rows.contains { $0.parameterCount != nil }
    let values = rows.map(trailingCells)
    return allTrailingColumns.enumerated().map { place, column in
      var column = column
      if !isOwn, values.allSatisfy({ $0[place].values == [.null] }) { column.title = [] }
      return column
    }
  }

  private var allTrailingColumns: [ReportTable.Column] {
    // Whatever metrics were asked for are more important than these.
    [
      .init(
        "params", fields: ["parameters"], alignment: .right, priority: 1001, legend: "trainable parameters"),
      .init(
        "multiply-", "adds", fields: ["multiply_adds"], alignment: .right, priority: 1002,
        legend: "multiply-adds of one image's forward pass"),
      .init(
        "train", "time", fields: ["train_seconds"], alignment: .right, priority: 1003,
        legend: "mean training time of a completed run"),
      .init(
        "images/s", fields: ["images_per_second"], alignment: .right, priority: 1004,
        legend: "mean training throughput of completed runs"),
    ]
  }

  func trailingCells(_ row: Row) -> [ReportTable.Cell] {
    [
      row.parameterCount.map { .init(NumberText.count($0), values: [.integer($0)]) } ?? .missing(),
      row.multiplyAdds.map { .init(NumberText.count($0), values: [.integer($0)]) } ?? .missing(),
      row.trainSeconds.map { .init(NumberText.seconds($0), values: [.number($0)]) } ?? .missing(),
      row.imagesPerSecond.map { .init(NumberText.rate($0), values: [.number($0)]) } ?? .missing(),
    ]
  }

  var subtitle: String {
    var total = RunTally()
    for row in rows { total.addCounts(of: row.tally) }
    let states = ["\(total.completed) of \(total.planned) runs completed"] + total.stateSummary
    let shown =
      rows.count < sweep.variants.count ? ["\(rows.count) of \(sweep.variants.count) variants shown"] : []
    return (states + shown).joined(separator: ", ")
  }

  var generalNotes: [String] {
    var notes = sweep.importNotes + sweep.shardNotes + sweep.processorNotes
    notes += Leaders.notes(
      rows.flatMap(\.results), isModel: comparisons.contains { $0.model.isPooled }, options: options)
    notes += Leaders.unmarkedNotes(metrics, unmarkedReasons)
    if baselineLabel == nil, !rows.isEmpty { notes.append("The sweep has no baseline, so no differences are shown.") }
    if let baselineLabel, !rows.contains(where: \.isBaseline), !rows.isEmpty {
      notes.append("Differences are to \(baselineLabel), which the filter leaves out.")
    }
    let unpaired = rows.filter {
      $0.results.contains { $0.difference.map { !$0.isPaired && !$0.isEstimatedThroughOthers } ?? false }
    }.map(\.label)
    if !unpaired.isEmpty {
      let usesWelch = rows.contains { $0.results.contains { $0.difference?.method == .welch } }
      notes.append(
        "No seed shared with the baseline, so the difference is unpaired\(usesWelch ? " (Welch)" : ""): "
          + "\(unpaired.joined(separator: "; ")).")
    }
    notes += comparisons.modelNotes
    notes += [sweep.seedRuleNote].compactMap(\.self)
    if baselineLabel == nil {
      notes += metrics.compactMap { sweep.lossNote($0, shownVariants) }
    }
    notes += metrics.indices.compactMap { metric in
      sweep.tieNote(metrics[metric], rows.compactMap { $0.results[metric].difference }, shownVariants)
    }
    let count =
      metrics.indices.map { metric in rows.count { $0.results[metric].difference?.pValue != nil } }.max() ?? 0
    if count > 1,
      let note = options.multiplicityNote(
        count, isSimultaneous: options.coverage == .simultaneous && options.intervalMethod == .studentT)
    {
      notes.append(note)
    }
    return notes
  }
}

extension ReportOptions {
  /// What to know about there being many comparisons.
  ///
  /// - Parameter isSimultaneous: whether all intervals hold at once.
  /// - Returns: nil where the intervals take care of it.
  func multiplicityNote(_ comparisons: Int, isSimultaneous: Bool) -> String? {
    switch (multiplicity, isSimultaneous) {
    case (.holm, _):
      (isSimultaneous ? "Intervals hold at once" : "Intervals are per comparison")
        + "; p-values are adjusted by Holm's method over \(comparisons) comparisons a metric."
    case (.perComparison, true): nil
    case (.perComparison, false):
      "Intervals are per comparison: of \(comparisons) of them, some exclude 0 by chance "
        + "(Holm's adjustment corrects for their number)."
    }
  }
}

extension Sweep {
  /// That runs tie because images are few; nil where none do, and where one image is less than a tenth of a point.
  func tieNote(
    _ metric: MetricDescription, _ differences: [BaselineDifference], _ variants: [Variant]
  ) -> String? {
    let ties = differences.reduce(0) { $0 + $1.tiedCount }
    let counts = Set(variants.compactMap(\.testImageCount))
    guard ties > 0, metric.isShareOfImages, metric.split == "test", counts.count == 1, let images = counts.first,
      1...1000 ~= images
    else { return nil }
    let pairs = differences.reduce(0) { $0 + $1.pairCount }
    let points = NumberText.significant(100 / Double(images), digits: 3)
    return "\(ties) of \(pairs) pairs have exactly the same \(metric.title): one of the "
      + "\(NumberText.grouped(images)) test images is \(points) points."
  }
}

extension RunTally {
  /// The names of the counts in formats for programs.
  static let fields = [
    "n_completed", "n_planned", "n_diverged", "n_failed", "n_interrupted", "n_running", "n_not_started", "n_missing",
    "problems",
  ]

  /// The counts as a cell.
  func cell(notes: [Int] = []) -> ReportTable.Cell {
    let states = [RunState.diverged, .failed, .interrupted, .running, .pending].map { counts[$0, default: 0] }
    return ReportTable.Cell(
      text,
      values: ([completed, planned] + states + [missing]).map(JSONValue.integer)
        + [problems.isEmpty ? .null : .string(problems.joined(separator: " · "))],
      role: unsuccessful > 0 ? .failure : completed < planned ? .warning : nil, notes: notes)
  }
}

extension Sweep {
  /// The title of every table on the sweep.
  var reportTitle: String { id.map { "\(name) (sweep \($0))" } ?? name }

  /// The factors' names as field names; a prefix keeps those apart that a table uses itself.
  var factorFields: [String] {
    let reserved = Set(["variant", "is_baseline", "cells"] + RunTally.fields)
    return factors.map { reserved.contains($0.name) ? "factor_" + $0.name : $0.name }
  }

  /// What programs may want to know of the sweep and of what was asked for.
  func metadata(_ options: ReportOptions) -> [String: JSONValue] {
    [
      "sweep": .object([
        "id": id.map { .integer(Int($0)) } ?? .null, "name": .string(name),
        "created_at": createdAt.map { .string($0.ISO8601Format()) } ?? .null,
        "seeds": .array(seeds.map(JSONValue.init(seed:))),
        "baseline": variants.first(where: \.isBaseline).map { .string($0.label) } ?? .null,
      ]),
      "confidence_level": .number(options.confidenceLevel),
      "interval_method": .string(options.intervalMethod.rawValue),
      "multiplicity": .string(options.multiplicity.rawValue),
      "intervals": .string(options.coverage.rawValue),
    ].merging(importMetadata) { own, _ in own }
  }
}
