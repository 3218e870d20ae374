import Foundation
import LabCore

/// A page of its own, which needs nothing but a browser.
struct HTMLTableFormat: TableFormat {
  let name = "html"
  let features: Set<TableFeature> = [.caption]

  /// Writes the whole page.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    page(table.title, content(table, options))
  }

  /// Writes the whole page.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    page(
      document.title,
      document.sections.flatMap { section in
        let title = section.title ?? section.table?.title
        return [title.map { "<h2>\(HTMLTableFormat.escaped($0))</h2>" }].compactMap { $0 }
          + section.paragraphs.map { "<p>\(HTMLTableFormat.escaped($0))</p>" }
          + (section.table.map { content($0, options) } ?? [])
      })
  }

  private func page(_ title: String, _ content: [String]) -> String {
    let title = HTMLTableFormat.escaped(title)
    let lines =
      [
        "<!DOCTYPE html>", "<html lang=\"en\">", "<head>", "<meta charset=\"utf-8\">",
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">", "<title>\(title)</title>",
        "<style>", HTMLTableFormat.styleSheet, "</style>", "</head>", "<body>", "<h1>\(title)</h1>",
      ] + content + ["</body>", "</html>"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// A table with its notes and legend, without its title.
  private func content(_ table: ReportTable, _ options: TableRenderingOptions) -> [String] {
    var lines = [String]()
    if let subtitle = table.subtitle { lines.append("<p>\(HTMLTableFormat.escaped(subtitle))</p>") }
    lines += tableLines(table, caption: options.caption)
    if !table.numberedNotes.isEmpty {
      lines +=
        ["<ol class=\"notes\">"] + table.numberedNotes.map { "<li>\(HTMLTableFormat.escaped($0))</li>" } + ["</ol>"]
    }
    lines += table.shownNotes(withLegend: options.showsLegend).map {
      "<p class=\"note\">\(HTMLTableFormat.escaped($0))</p>"
    }
    if options.showsLegend, !table.legend().isEmpty {
      lines.append("<dl>")
      lines += table.legend().map {
        "<dt>\(HTMLTableFormat.escaped($0.title))</dt><dd>\(HTMLTableFormat.escaped($0.text))</dd>"
      }
      lines.append("</dl>")
    }
    return lines
  }

  /// The table itself, in a part that scrolls by itself where it is too wide.
  ///
  /// - Parameters:
  ///   - table: the table.
  ///   - anchors: what links lead to the rows by; empty for none.
  ///   - caption: what stands above it; nil for nothing.
  ///   - links: where its rows and titles lead.
  func tableLines(
    _ table: ReportTable, anchors: [String] = [], caption: String? = nil, links: HTMLParts.TableLinks = .init()
  ) -> [String] {
    let columns = table.visibleColumns
    var lines = ["<div class=\"scroll\">", "<table>"]
    if let caption { lines.append("<caption>\(HTMLTableFormat.escaped(caption))</caption>") }
    lines.append("<thead>")
    let titles = columns.map { index, column in
      let text = HTMLTableFormat.escaped(column.ownTitle)
      let title = links.columns[index].map { "<a href=\"\(HTMLTableFormat.escaped($0))\">\(text)</a>" } ?? text
      let order = links.sorted.flatMap { $0.index == index ? $0.isAscending : nil }
      let sorted = order.map { " aria-sort=\"\($0 ? "ascending" : "descending")\"" } ?? ""
      return "<th scope=\"col\"\(attributes(column))\(sorted)>\(title)</th>"
    }
    if columns.contains(where: { $0.column.group != nil }) {
      let groups = table.groups.map { title, count in
        title.map {
          "<th scope=\"colgroup\" colspan=\"\(count)\" class=\"center\">\(HTMLTableFormat.escaped($0))</th>"
        } ?? "<td></td>"
      }
      lines.append("<tr>\(groups.joined())</tr>")
    }
    lines += ["<tr>\(titles.joined())</tr>", "</thead>", "<tbody>"]
    for (position, row) in table.rows.enumerated() {
      let anchor = anchors.indices.contains(position) ? HTMLTableFormat.escaped(anchors[position]) : nil
      let cells = columns.enumerated().map { place, entry in
        let (index, column) = entry
        let content = content(row.cells[index], in: column)
        let link = links.rows.indices.contains(position) ? links.rows[position].map(HTMLTableFormat.escaped) : nil
        let address = place == 0 ? anchor.map { "#" + $0 } ?? link : nil
        let linked = address.map { "<a href=\"\($0)\">\(content)</a>" }
        let mark = place == 0 && links.marks.indices.contains(position) ? links.marks[position].map(box) ?? "" : ""
        return "<td\(attributes(column))>\(mark)\(linked ?? content)</td>"
      }
      let id = anchor.map { " id=\"\($0)\"" } ?? ""
      lines.append("<tr\(id)\(row.isTotal ? " class=\"total\"" : "")>\(cells.joined())</tr>")
    }
    return lines + ["</tbody>", "</table>", "</div>"]
  }

  /// A box to mark a row with.
  private func box(_ mark: HTMLParts.TableLinks.Mark) -> String {
    func attribute(_ name: String, _ value: String) -> String { " \(name)=\"\(HTMLTableFormat.escaped(value))\"" }
    return "<input type=\"checkbox\"" + attribute("form", mark.form) + attribute("name", mark.name)
      + " value=\"\(HTMLTableFormat.markup(mark.value))\"" + attribute("aria-label", mark.hint) + "> "
  }

  /// What stands in a cell.
  ///
  /// Word processors know one class a cell, which says where the text stands, and break numbers at spaces that are not
  /// told to hold.
  private func content(_ cell: ReportTable.Cell, in column: ReportTable.Column) -> String {
    func held(_ text: String) -> String {
      let escaped = HTMLTableFormat.escaped(text)
      return column.alignment == .right || column.alignment == .plusMinus
        ? escaped.replacingOccurrences(of: " ", with: "\u{A0}") : escaped
    }
    let text = held(cell.text)
    let marked = cell.role == .best ? "<strong>\(text)</strong>" : cell.role == .second ? "<u>\(text)</u>" : text
    let notes = cell.notes.map(String.init).joined(separator: ", ")
    let detail = cell.detail.map { detail in
      (text.isEmpty ? "" : " ") + "<small\(detail.role.map { " class=\"\($0)\"" } ?? "")>\(held(detail.text))</small>"
    }
    let colored = cell.role.map { text.isEmpty ? "" : "<span class=\"\($0)\">\(marked)</span>" } ?? marked
    return colored + (detail ?? "") + (notes.isEmpty ? "" : "<sup>\(notes)</sup>")
  }

  private func attributes(_ column: ReportTable.Column) -> String {
    switch column.alignment {
    case .left: ""
    case .center: " class=\"center\""
    case .right, .plusMinus: " class=\"number\""
    }
  }

  /// The text with everything escaped that could be read as markup.
  static func escaped(_ text: String) -> String { markup(text.singleLine) }

  /// The text with its spaces and line ends, and with everything else escaped that could be read as markup.
  static func markup(_ text: String) -> String {
    var result = ""
    for character in text.printableLines {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.append(character)
      }
    }
    return result
  }

  private static let styleSheet = """
    :root { color-scheme: light dark; }
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; }
    h1 { font-size: 1.3rem; }
    h2 { font-size: 1.1rem; margin-top: 2rem; }
    .scroll { overflow-x: auto; }
    table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
    th, td { padding: 0.3rem 0.8rem; text-align: left; white-space: nowrap; }
    th { border-bottom: 2px solid; }
    td { border-bottom: 1px solid rgba(128, 128, 128, 0.3); }
    .number { text-align: right; }
    .center { text-align: center; }
    caption { text-align: left; padding: 0.3rem 0; }
    small { font-size: 0.8em; }
    .total td { border-top: 2px solid; font-weight: 600; }
    .best, .second, .better { color: #177a35; }
    .worse, .failure { color: #b3261e; }
    .warning { color: #8a6100; }
    .faint { opacity: 0.6; }
    .notes, .note, dl { font-size: 0.9rem; }
    dt { font-weight: 600; }
    dd { margin: 0 0 0.3rem 1rem; }
    @media (prefers-color-scheme: dark) {
      .best, .second, .better { color: #6fd58c; }
      .worse, .failure { color: #ff8a80; }
      .warning { color: #e6b84d; }
    }
    """
}
