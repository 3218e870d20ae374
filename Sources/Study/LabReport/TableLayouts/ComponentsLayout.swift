import LabCore
import LabRecords

/// The table of components that papers print: a column a factor with a check mark where a variant has the component.
struct ComponentsLayout: TableLayout {
  let name = "components"
  let summary = "a column a factor with ✓ where a variant has it, the baseline first, differences in small type"

  func tables(_ sweep: Sweep, by factors: [String], options: ReportOptions) throws(ReportError) -> [ReportTable] {
    guard factors.isEmpty else {
      throw .optionWithoutEffect("--by", layout: name, reason: "its columns are all factors of the sweep")
    }
    let table = try ComparisonTable(sweep, options: options)
    let components = Components(table, of: sweep)
    guard !components.columns.isEmpty else {
      throw .tooFewFactors(layout: name, needed: 1, found: sweep.factors.filter { $0.levels.count > 1 }.map(\.name))
    }
    return [components.table]
  }
}

/// The parts of a table of components.
private struct Components {
  /// How a factor is shown.
  struct FactorColumn {
    var factor: Factor
    /// The level that has a mark and the one that has none; nil where levels are shown by their names.
    var levels: (on: String, off: String)?
    var title: String
  }

  /// Names of levels that say no more than that the factor is there.
  private static let switches: Set<String> = ["on", "yes", "true", "with", "enabled", "1"]

  private let comparison: ComparisonTable
  /// The factors with several levels among the variants that are shown.
  let columns: [FactorColumn]
  private let rows: [ComparisonTable.Row]

  init(_ comparison: ComparisonTable, of sweep: Sweep) {
    self.comparison = comparison
    rows = comparison.rows.filter(\.isBaseline) + comparison.rows.filter { !$0.isBaseline }
    // The marks are of what the spec adds to its baseline, whichever variant the differences are to.
    let baseline = sweep.variants.first(where: \.isBaseline)
    let shown = comparison.shownVariants
    var columns = [FactorColumn]()
    for factor in sweep.factors {
      let used = factor.levels.filter { level in shown.contains { $0.levels[factor.name] == level } }
      guard used.count > 1 else { continue }
      let off = baseline?.levels[factor.name] ?? factor.levels[0]
      let others = factor.levels.filter { level in
        level != off && sweep.variants.contains { $0.levels[factor.name] == level }
      }
      guard others.count == 1, let on = others.first else {
        columns.append(.init(factor: factor, levels: nil, title: factor.name))
        continue
      }
      let title =
        Components.switches.contains(on.lowercased())
        ? factor.name : on.first?.isLetter ?? false ? on : "\(factor.name) \(on)"
      columns.append(.init(factor: factor, levels: (on, off), title: title))
    }
    let counts = Dictionary(grouping: columns, by: \.title).mapValues(\.count)
    for index in columns.indices where counts[columns[index].title, default: 0] > 1 {
      if let on = columns[index].levels?.on { columns[index].title = "\(columns[index].factor.name) \(on)" }
    }
    self.columns = columns
  }

  private var sweep: Sweep { comparison.sweep }

  /// Whether the variants can be told apart by their levels.
  private var isTold: Bool { Set(rows.map(\.levels)).count == rows.count }

  /// Whether all planned runs of all rows are there, the same number for each.
  private var isUniform: Bool {
    Set(rows.map(\.tally.completed)).count < 2
      && rows.allSatisfy { $0.tally.completed == $0.tally.planned && $0.tally.problems.isEmpty }
  }

  var table: ReportTable {
    let metricColumns = self.metricColumns
    var notes = NoteList()
    let tableRows = rows.map { ReportTable.Row(cells($0, metricColumns, &notes)) }
    let resultColumns = metricColumns.flatMap { columns -> [ReportTable.Column] in
      let adjusted = isAdjusted ? columns.differenceColumn.map(columns.adjustedColumn) : nil
      return [columns.compactColumn()] + [adjusted].compactMap { $0 }
    }
    return ReportTable(
      kind: "components", title: sweep.reportTitle, subtitle: comparison.subtitle,
      columns: leadingColumns + resultColumns + trailingColumns, rows: tableRows, numberedNotes: notes.texts,
      notes: componentNotes + comparison.generalNotes + sweep.healthNotes(of: rows.map(\.variantIndex)),
      footnote: comparison.footnote(metricColumns, isCompact: true), metadata: comparison.metadata)
  }

  /// The columns of the metrics, with as many digits as their intervals deserve.
  private var metricColumns: [MetricColumns] {
    comparison.metrics.indices.map { metric in
      let widths = rows.compactMap { $0.results[metric].difference?.interval?.halfWidth }
      let means = rows.compactMap { $0.results[metric].mean }
      return comparison.columns(
        metric: metric, decimals: comparison.metrics[metric].decimals(forHalfWidths: widths, values: means))
    }
  }

  private func cells(
    _ row: ComparisonTable.Row, _ metricColumns: [MetricColumns], _ notes: inout NoteList
  ) -> [ReportTable.Cell] {
    let note = notes.number(for: row.label, row.tally)
    var cells = [
      ReportTable.Cell(row.label.singleLine, values: [.string(row.label), .boolean(row.isBaseline)])
    ]
    cells += sweep.factors.map { cell(row, $0) }
    cells.append(row.tally.cell(notes: [note].compactMap { $0 }))
    for (metric, columns) in metricColumns.enumerated() {
      let result = row.results[metric]
      let numbers = comparison.notes(row, metric: metric, metricColumns, &notes)
      cells.append(columns.compactCell(result, isBaseline: row.isBaseline, notes: numbers))
      if isAdjusted { cells.append(columns.adjustedCell(result, isBaseline: row.isBaseline)) }
    }
    return cells + comparison.trailingCells(row)
  }

  /// Whether p-values that are adjusted for their number have columns.
  private var isAdjusted: Bool {
    comparison.options.multiplicity == .holm && comparison.baselineLabel != nil
  }

  private var leadingColumns: [ReportTable.Column] {
    let fields = zip(sweep.factors, sweep.factorFields)
    var label = ReportTable.Column("variant", fields: ["variant", "is_baseline"], wraps: true)
    if isTold { label.title = [] }
    var count = ReportTable.Column(
      "n", fields: RunTally.fields, alignment: .right, legend: "completed of planned runs")
    if isUniform { count.title = [] }
    return [label]
      + fields.map { factor, field in
        guard let column = columns.first(where: { $0.factor.name == factor.name }) else {
          return .init(fields: [field])
        }
        return .init(
          column.title, fields: [field], alignment: column.levels == nil ? .left : .center, wraps: column.levels == nil,
          legend: column.levels == nil ? "level of \(factor.name)" : nil)
      } + [count]
  }

  private func cell(_ row: ComparisonTable.Row, _ factor: Factor) -> ReportTable.Cell {
    guard let level = row.levels[factor.name] else { return .missing() }
    guard let levels = columns.first(where: { $0.factor.name == factor.name })?.levels else { return .string(level) }
    return .init(level == levels.on ? "✓" : "", values: [.string(level)])
  }

  /// Parameters and multiply-adds; what else is known stands in formats for programs.
  private var trailingColumns: [ReportTable.Column] {
    comparison.trailingColumns.enumerated().map { place, column in
      var column = column
      if place > 1 { column.title = [] }
      return column
    }
  }

  private var componentNotes: [String] {
    let marked = columns.compactMap { column in
      column.levels.map { levels in
        let (factor, on) = (column.factor.name.singleLine, levels.on.singleLine)
        return (column.title == levels.on ? "\(on) (\(factor))" : "\(factor) = \(on)")
          + " in place of \(levels.off.singleLine)"
      }
    }
    let constant = sweep.factors.compactMap { factor -> String? in
      let used = Set(rows.compactMap { $0.levels[factor.name] })
      guard used.count == 1, let level = used.first else { return nil }
      return "\(factor.name.singleLine) = \(level.singleLine)"
    }
    return (marked.isEmpty ? [] : ["✓: \(marked.joined(separator: "; "))."])
      + (constant.isEmpty ? [] : ["The same in all rows: \(constant.joined(separator: "; "))."])
  }
}
