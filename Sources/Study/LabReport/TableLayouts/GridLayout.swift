import LabCore
import LabRecords

/// One factor in the rows and another in the columns, a table a metric.
struct GridLayout: TableLayout {
  let name = "grid"
  let summary = "a factor in rows, another in columns (--by for each; else the first two), a table a metric"

  func tables(_ sweep: Sweep, by factors: [String], options: ReportOptions) throws(ReportError) -> [ReportTable] {
    if options.sort != nil {
      throw .optionWithoutEffect("--sort", layout: name, reason: "rows and columns are in the order of the spec")
    }
    if options.multiplicity == .holm {
      throw .optionWithoutEffect("--holm", layout: name, reason: "its cells have no room for p-values")
    }
    let known = sweep.factors.filter { $0.levels.count > 1 }.map(\.name)
    let names = factors.isEmpty ? Array(known.prefix(2)) : factors
    guard names.count == 2, names[0] != names[1] else {
      guard factors.isEmpty else { throw .invalidGrid(factors) }
      throw .tooFewFactors(layout: name, needed: 2, found: known)
    }
    let means = try FactorTable(sweep, by: names, options: options, comparing: .cells)
    return means.metrics.indices.map { means.grid(metric: $0) }
  }
}

extension FactorTable {
  /// The cells of two factors as a table with a row a level of the first and a column a level of the second.
  ///
  /// - Parameter index: the metric.
  func grid(metric index: Int) -> ReportTable {
    let widths = rows.compactMap { $0.results[index].difference?.interval?.halfWidth }
    let decimals = metrics[index].decimals(forHalfWidths: widths, values: rows.compactMap { $0.results[index].mean })
    let columns = columns(metric: index, difference: gridDifference, decimals: decimals)
    let shown = factors.enumerated().map { place, factor in
      factor.levels.filter { level in rows.contains { $0.levels[place] == level } }
    }
    let cells = Dictionary(rows.map { ($0.levels, $0) }) { first, _ in first }
    let titles = columns.compactColumn().fields
    var notes = NoteList()
    let tableRows = shown[0].map { level in
      ReportTable.Row(
        [.string(level)]
          + shown[1].map { other in
            guard let row = cells[[level, other]] else {
              return .missing(fieldCount: 1 + RunTally.fields.count + titles.count)
            }
            return cell(row, metric: index, columns, &notes)
          })
    }
    let rowField = zip(sweep.factors, sweep.factorFields).first { $0.0.name == factors[0].name }?.1 ?? factors[0].name
    var metadata = self.metadata
    metadata["metric"] = .string(metrics[index].name)
    metadata["column_levels"] = .array(shown[1].map(JSONValue.string))
    return ReportTable(
      kind: "grid",
      title: "\(sweep.reportTitle): \(columns.titleWithArrow) by \(factors[0].name) and \(factors[1].name)",
      subtitle: subtitle,
      columns: [.init(factors[0].name, fields: [rowField], wraps: true)]
        + shown[1].enumerated().map { place, level in
          var column = columns.compactColumn(title: level, prefix: level + "_")
          column.fields = (["cells"] + RunTally.fields).map { "\(level)_\($0)" } + column.fields
          column.group = factors[1].name
          column.priority = place
          return column
        }, rows: tableRows, numberedNotes: notes.texts, notes: gridNotes(index) + healthNotes,
      footnote: footnote([columns], isCompact: true), metadata: metadata)
  }

  private func cell(
    _ row: Row, metric index: Int, _ columns: MetricColumns, _ notes: inout NoteList
  ) -> ReportTable.Cell {
    var numbers = [notes.number(for: row.label, row.tally)].compactMap { $0 }
    if let text = caveatText(columns, row, metric: index) { numbers.append(notes.number(for: row.label, text)) }
    if let text = pairsText(columns, row, metric: index) {
      numbers.append(notes.number(for: row.label, ([text] + pairsEnding).joined(separator: "; ")))
    }
    var cell = columns.compactCell(row.results[index], isBaseline: row.isBaseline, notes: numbers)
    cell.values = [.integer(row.cellCount)] + row.tally.cell().values + cell.values
    return cell
  }

  private var gridDifference: MetricColumns.DifferenceColumn {
    .init(
      legend: "mean difference to \(baselineLevels.joined(separator: ", "))" + (isAveraged ? alikeText : ""),
      pairing: isAveraged ? "paired by seed and all other factors" : "paired by seed", repetitions: repetitions,
      baselineText: "")
  }

  private func gridNotes(_ index: Int) -> [String] {
    var notes = [String]()
    if isAveraged {
      let names = sweep.factors.map(\.name).filter { name in !factors.contains { $0.name == name } }
      let counts = Set(rows.map(\.cellCount)).sorted()
      let text = counts.first == counts.last ? "\(counts[0])" : "\(counts[0]) to \(counts[counts.count - 1])"
      notes.append(
        "Each cell is the mean over \(text) combinations of the other factors (\(names.joined(separator: ", "))), with "
          + "the same weight for each.")
    }
    let results = rows.map { $0.results[index] }
    notes += Leaders.notes(results, isModel: judgements[index].usesModel, options: options)
    notes += Leaders.unmarkedNotes([metrics[index]], [judgements[index].unmarkedReason])
    return notes + generalNotes
  }
}
