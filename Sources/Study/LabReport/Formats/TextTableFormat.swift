/// Box-drawing characters for a terminal.
struct TextTableFormat: TableFormat {
  let name = "text"
  let takesSeveralTables = true

  /// Writes metrics, classes and confusions.
  func render(_ report: EvaluationReport, options: TableRenderingOptions) -> String {
    report.text(width: options.width, style: options.style)
  }

  /// Writes the table with its notes and legend, no line longer than the width.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    let style = options.style
    let visible = table.visibleColumns
    var lines = table.title.singleLine.wrapped(to: options.width).map { style.apply(.heading, to: $0) }
    if let subtitle = table.subtitle { lines += subtitle.singleLine.wrapped(to: options.width) }
    var omitted = [Int]()
    if table.rows.isEmpty {
      lines.append(style.apply(.faint, to: "(no rows)"))
    } else {
      let layout = TextTable(
        columns: visible.map { _, column in
          TextTable.Column(
            title: ([column.group].compactMap { $0 } + column.title).map(\.singleLine), alignment: column.alignment,
            priority: column.priority,
            wraps: column.wraps)
        },
        rows: table.rows.enumerated().map { index, row in
          TextTable.Row(
            cells: visible.map { cell(row.cells[$0.index]) },
            hasRuleAbove: row.isTotal && index > 0 && !table.rows[index - 1].isTotal, role: row.isTotal ? .heading : nil
          )
        })
      let result = layout.lines(width: options.width, style: style)
      lines += result.lines
      omitted = result.omitted
    }
    for (index, note) in table.numberedNotes.enumerated() {
      lines += "\(ReportTable.superscript(index + 1)) \(note.singleLine)".wrapped(to: options.width, hangingIndent: 2)
    }
    for note in table.shownNotes(withLegend: options.showsLegend) {
      lines += note.singleLine.wrapped(to: options.width)
    }
    if !omitted.isEmpty {
      let titles = omitted.map { visible[$0].column.singleLineTitle.singleLine }.joined(separator: ", ")
      lines += "Not shown at this width: \(titles).".wrapped(to: options.width)
    }
    if options.showsLegend {
      lines += legend(of: table, without: Set(omitted.map { visible[$0].index }), options)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes headings, wrapped paragraphs and tables.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    func wrapped(_ text: String, _ role: Style.Role? = nil) -> String {
      text.singleLine.wrapped(to: options.width).map { options.style.apply(role, to: $0) + "\n" }.joined()
    }
    var parts = [wrapped(document.title, .heading)]
    for section in document.sections {
      let texts =
        [section.title.map { wrapped($0, .heading) }].compactMap { $0 } + section.paragraphs.map { wrapped($0) }
      if !texts.isEmpty { parts.append(texts.joined()) }
      if let table = section.table { parts.append(render(table, options: options)) }
    }
    return parts.joined(separator: "\n")
  }

  private func cell(_ cell: ReportTable.Cell) -> TextTable.Cell {
    TextTable.Cell(
      text: cell.text.printable,
      mark: ReportTable.mark(cell.role).map { " " + $0 } ?? "", detail: cell.detail?.text.printable ?? "",
      suffix: cell.notes.map { " " + ReportTable.superscript($0) }.joined(), role: cell.role)
  }

  private func legend(
    of table: ReportTable, without omitted: Set<Int>, _ options: TableRenderingOptions
  ) -> [String] {
    let entries = table.legend(without: omitted).map { (title: $0.title.singleLine, text: $0.text.singleLine) }
    guard !entries.isEmpty, !table.rows.isEmpty else { return [] }
    let longest = entries.map(\.title.displayWidth).max() ?? 0
    // Titles share a column unless that would leave no room for the texts.
    let indent = min(longest, options.width / 3) + 2
    let lines = entries.flatMap { title, text in
      (title.padded(to: indent - 2).replacing(" ", with: "\u{a0}") + "\u{a0} " + text)
        .wrapped(to: options.width, hangingIndent: indent)
    }
    return [""] + lines.map { options.style.apply(.faint, to: $0.replacing("\u{a0}", with: " ")) }
  }
}
