/// A GitHub-flavoured Markdown table.
struct MarkdownTableFormat: TableFormat {
  let name = "markdown"
  let features: Set<TableFeature> = [.caption]

  /// Writes a heading, the table, and its notes and legend as a list.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    render(table, options: options, anchors: [])
  }

  /// Writes the same, with what links lead to the rows by; empty for none.
  func render(_ table: ReportTable, options: TableRenderingOptions = .init(), anchors: [String]) -> String {
    let columns = table.visibleColumns
    var lines = ["### " + MarkdownTableFormat.escaped(table.title), ""]
    if let subtitle = table.subtitle { lines += [MarkdownTableFormat.escaped(subtitle), ""] }
    if let caption = options.caption { lines += [MarkdownTableFormat.escaped(caption), ""] }
    lines.append(row(columns.map { MarkdownTableFormat.escaped($0.column.singleLineTitle) }))
    lines.append(row(columns.map { MarkdownTableFormat.rule($0.column.alignment) }))
    for (position, entry) in table.rows.enumerated() {
      var cells = columns.map { cell(entry.cells[$0.index], isTotal: entry.isTotal) }
      if anchors.indices.contains(position), !cells.isEmpty {
        cells[0] = "<a id=\"\(HTMLTableFormat.escaped(anchors[position]))\"></a>" + cells[0]
      }
      lines.append(row(cells))
    }
    let notes =
      table.numberedNotes.enumerated().map { "\(ReportTable.superscript($0.offset + 1)) \($0.element)" }
      + table.shownNotes(withLegend: options.showsLegend)
    if !notes.isEmpty { lines += [""] + notes.map { "- " + MarkdownTableFormat.escaped($0) } }
    if options.showsLegend, !table.legend().isEmpty {
      lines += [""]
      lines += table.legend().map {
        "- **\(MarkdownTableFormat.escaped($0.title))**: \(MarkdownTableFormat.escaped($0.text))"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// Writes headings, paragraphs and tables.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    var parts = ["## " + MarkdownTableFormat.escaped(document.title) + "\n"]
    for section in document.sections {
      if let title = section.title { parts.append("### " + MarkdownTableFormat.escaped(title) + "\n") }
      parts += section.paragraphs.map { MarkdownTableFormat.escaped($0) + "\n" }
      if let table = section.table { parts.append(render(table, options: options)) }
    }
    return parts.joined(separator: "\n")
  }

  private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }

  private func cell(_ cell: ReportTable.Cell, isTotal: Bool) -> String {
    var text = MarkdownTableFormat.escaped(cell.text)
    if cell.role == .best || (isTotal && !text.isEmpty) { text = "**\(text)**" }
    if cell.role == .second { text = "*\(text)*" }
    if let detail = cell.detail { text += (text.isEmpty ? "" : " ") + MarkdownTableFormat.escaped(detail.text) }
    return text + cell.notes.map { " " + ReportTable.superscript($0) }.joined()
  }

  private static func rule(_ alignment: ReportTable.Alignment) -> String {
    switch alignment {
    case .left: "---"
    case .center: ":---:"
    case .right, .plusMinus: "---:"
    }
  }

  /// The text with everything escaped that Markdown would read as markup.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text.singleLine {
      switch character {
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "&": result += "&amp;"
      case "\\", "|", "*", "_", "`", "[", "]", "#", "~": result += "\\" + String(character)
      default: result.append(character)
      }
    }
    return result
  }
}
