/// A table in box-drawing characters that fits the width of a terminal.
///
/// What does not fit is wrapped where the column allows it; then columns are left out, the least important first.
/// No line is ever longer than the width.
struct TextTable {
  /// One column.
  struct Column {
    var title: [String]
    var alignment: ReportTable.Alignment
    /// 0 for a column that is always shown; the greatest number is left out first.
    var priority = 0
    var wraps = false
  }

  /// One cell: its text, and what stands after it and is aligned by itself: a mark, a detail, and numbers of notes.
  struct Cell {
    var text: String
    var mark = ""
    var detail = ""
    var suffix = ""
    var role: Style.Role?
  }

  /// One row; a rule separates it from the row above if asked for.
  struct Row {
    var cells: [Cell]
    var hasRuleAbove = false
    var role: Style.Role?
  }

  /// A wrapping column is not made narrower than this while others can be left out.
  private static let comfortableWrapWidth = 14
  /// Nothing is laid out for less than this; a narrower terminal wraps by itself.
  private static let smallestWidth = 20

  private let columns: [Column]
  private let rows: [Row]
  private let naturalWidths: [Int]

  init(columns: [Column], rows: [Row]) {
    self.columns = columns
    var aligned = rows
    for index in columns.indices { TextTable.align(&aligned, column: index, columns[index].alignment) }
    self.rows = aligned
    naturalWidths = columns.indices.map { index in
      max(
        columns[index].title.map(\.displayWidth).max() ?? 0,
        aligned.map { $0.cells[index].text.displayWidth }.max() ?? 0, 1)
    }
  }

  /// Lays the table out.
  ///
  /// - Returns: the lines, and the indices of the columns that are left out.
  func lines(width: Int, style: Style) -> (lines: [String], omitted: [Int]) {
    let widths = fittedWidths(max(width, TextTable.smallestWidth))
    let kept = columns.indices.filter { widths[$0] != nil }
    let keptWidths = kept.map { widths[$0] ?? 0 }
    func rule(_ left: String, _ middle: String, _ right: String) -> String {
      left + keptWidths.map { String(repeating: "─", count: $0 + 2) }.joined(separator: middle) + right
    }
    var lines = [rule("┌", "┬", "┐")]
    let header = kept.map { Cell(text: columns[$0].title.joined(separator: "\n"), role: .heading) }
    lines += rowLines(header, kept, keptWidths, role: nil, style)
    lines.append(rule("├", "┼", "┤"))
    for row in rows {
      if row.hasRuleAbove { lines.append(rule("├", "┼", "┤")) }
      lines += rowLines(kept.map { row.cells[$0] }, kept, keptWidths, role: row.role, style)
    }
    lines.append(rule("└", "┴", "┘"))
    return (lines, columns.indices.filter { widths[$0] == nil })
  }

  private func rowLines(
    _ cells: [Cell], _ kept: [Int], _ widths: [Int], role: Style.Role?, _ style: Style
  ) -> [String] {
    let wrapped = zip(cells, widths).map { cell, width in
      cell.text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
        // A padded text must keep its inner spaces, so only what is too long goes through wrapping.
        line.displayWidth <= width ? [String(line)] : String(line).wrapped(to: width)
      }
    }
    return (0..<(wrapped.map(\.count).max() ?? 0)).map { line in
      let parts = kept.indices.map { position in
        let text = line < wrapped[position].count ? wrapped[position][line] : ""
        let padding = String(repeating: " ", count: max(0, widths[position] - text.displayWidth))
        let colored = style.apply(cells[position].role ?? role, to: text)
        switch columns[kept[position]].alignment {
        case .left: return colored + padding
        case .center: return padding.prefix(padding.count / 2) + colored + padding.dropFirst(padding.count / 2)
        case .right, .plusMinus: return padding + colored
        }
      }
      return "│ " + parts.joined(separator: " │ ") + " │"
    }
  }
}

extension TextTable {
  /// The width of every column; nil for those that are left out.
  private func fittedWidths(_ width: Int) -> [Int?] {
    var widths: [Int?] = naturalWidths
    func total(_ widths: [Int?]) -> Int { widths.reduce(1) { $0 + ($1.map { $0 + 3 } ?? 0) } }
    while total(widths) > width {
      var wrapped = widths
      for index in columns.indices where columns[index].wraps {
        guard let natural = wrapped[index] else { continue }
        let smallest = min(natural, TextTable.comfortableWrapWidth)
        wrapped[index] = max(smallest, natural - (total(wrapped) - width))
      }
      if total(wrapped) <= width { return wrapped }
      guard
        let least = columns.indices.filter({ widths[$0] != nil && columns[$0].priority > 0 })
          .max(by: { (columns[$0].priority, $0) < (columns[$1].priority, $1) })
      else { return squeezed(widths, to: width) }
      widths[least] = nil
    }
    return widths
  }

  /// Takes one cell after another from the widest column, wrapping everything, until the table fits.
  private func squeezed(_ widths: [Int?], to width: Int) -> [Int?] {
    var widths = widths
    var excess = widths.reduce(1 - width) { $0 + ($1.map { $0 + 3 } ?? 0) }
    while excess > 0, let widest = widths.indices.max(by: { (widths[$0] ?? 0) < (widths[$1] ?? 0) }),
      let current = widths[widest], current > 2
    {
      widths[widest] = current - 1
      excess -= 1
    }
    return widths
  }

  /// Pads the texts of a column so that marks, and for `plusMinus` the signs, stand below each other.
  private static func align(_ rows: inout [Row], column: Int, _ alignment: ReportTable.Alignment) {
    if alignment == .plusMinus {
      let texts = aligned(rows.map { $0.cells[column].text })
      let details = aligned(rows.map { $0.cells[column].detail })
      for index in rows.indices {
        rows[index].cells[column].text = texts[index]
        rows[index].cells[column].detail = details[index]
      }
    }
    func width(_ part: KeyPath<Cell, String>) -> Int {
      rows.map { $0.cells[column][keyPath: part].displayWidth }.max() ?? 0
    }
    let widths = (mark: width(\.mark), detail: width(\.detail), suffix: width(\.suffix))
    for index in rows.indices {
      let cell = rows[index].cells[column]
      let detail = (widths.detail == 0 || alignment == .left && cell.detail.isEmpty ? "" : " ") + cell.detail
      rows[index].cells[column].text +=
        alignment == .left
        ? cell.mark + detail + cell.suffix
        : cell.mark.padded(to: widths.mark) + detail.padded(to: widths.detail + (widths.detail == 0 ? 0 : 1))
          + cell.suffix.padded(to: widths.suffix)
    }
  }

  /// The texts of a column with the `±` signs below each other; texts without one are as they were.
  private static func aligned(_ texts: [String]) -> [String] {
    let separator = " ± "
    func halves(_ text: String) -> (String, String)? {
      let parts = text.split(separator: separator, maxSplits: 1)
      return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
    }
    let all = texts.compactMap(halves)
    let left = all.map(\.0.displayWidth).max() ?? 0
    let right = all.map(\.1.displayWidth).max() ?? 0
    return texts.map { text in
      halves(text).map { $0.padded(to: left, rightAligned: true) + separator + $1.padded(to: right) } ?? text
    }
  }
}
