/// A LaTeX table with the rules of the booktabs package.
struct LaTeXTableFormat: TableFormat {
  let name = "latex"
  let features: Set<TableFeature> = [.caption, .label, .siunitx]

  /// Writes a `table` environment with caption, label and notes; what the columns mean belongs into the paper.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    let columns = table.visibleColumns
    let settings = columns.map { index, column in
      LaTeXColumn(column, cells: table.rows.map { $0.cells[index] }, usesSiunitx: options.usesSiunitx)
    }
    let title = [table.title, table.subtitle].compactMap { $0 }.map(LaTeXTableFormat.escaped).joined(separator: ". ")
    let caption = options.caption.map(LaTeXTableFormat.escaped) ?? title
    let header = zip(columns, settings).map { $1.header(LaTeXTableFormat.escaped($0.column.ownTitle)) }
    var lines = [
      "\\begin{table}",
      "  \\centering",
      "  \\caption{\(caption)}",
      "  \\label{\(options.label ?? "tab:\(label(table))")}",
      "  \\begin{tabular}{\(settings.map(\.specification).joined())}",
      "    \\toprule",
    ]
    lines += groupLines(table, settings)
    lines += ["    " + header.joined(separator: " & ") + " \\\\", "    \\midrule"]
    for (index, row) in table.rows.enumerated() {
      if row.isTotal, index > 0, !table.rows[index - 1].isTotal { lines.append("    \\midrule") }
      let cells = zip(columns, settings).map { $1.cell(row.cells[$0.index]) }
      lines.append("    " + cells.joined(separator: " & ") + " \\\\")
    }
    lines += ["    \\bottomrule", "  \\end{tabular}"]
    var notes = table.numberedNotes.enumerated().map { place, text in
      "\\textsuperscript{\(place + 1)} \(LaTeXTableFormat.escaped(text))"
    }
    // A caption of the user's stands in place of title and subtitle, and the latter says how much there is.
    if options.caption != nil, let subtitle = table.subtitle { notes.append(LaTeXTableFormat.escaped(subtitle + ".")) }
    notes += table.shownNotes(withLegend: false).map(LaTeXTableFormat.escaped)
    if !notes.isEmpty {
      lines += ["  \\par\\smallskip", "  \\begin{minipage}{\\linewidth}\\footnotesize"]
      lines += notes.map { "    \($0)\\par" }
      lines.append("  \\end{minipage}")
    }
    lines.append("\\end{table}")
    return (needs(lines, usesSiunitx: options.usesSiunitx) + lines).joined(separator: "\n") + "\n"
  }

  /// What columns have in common, above a rule over each group; nothing without groups.
  private func groupLines(_ table: ReportTable, _ settings: [LaTeXColumn]) -> [String] {
    let groups = table.groups
    guard groups.contains(where: { $0.title != nil }) else { return [] }
    var (cells, rules, place, first) = ([String](), [String](), 0, 1)
    for (title, count) in groups {
      let span = settings[place..<(place + count)].reduce(0) { $0 + $1.span }
      if let title {
        cells.append("\\multicolumn{\(span)}{c}{\(LaTeXTableFormat.escaped(title))}")
        rules.append("\\cmidrule(lr){\(first)-\(first + span - 1)}")
      } else {
        cells.append(String(repeating: " &", count: span - 1))
      }
      (place, first) = (place + count, first + span)
    }
    return ["    " + cells.joined(separator: " & ") + " \\\\", "    " + rules.joined(separator: " ")]
  }

  /// What the document has to load so that the lines compile.
  private func needs(_ lines: [String], usesSiunitx: Bool) -> [String] {
    let packages =
      ["booktabs"] + (usesSiunitx ? ["siunitx"] : [])
      + (lines.contains { $0.contains("\\checkmark") } ? ["amssymb"] : [])
    let foreign = lines.contains { $0.unicodeScalars.contains { $0.value > 0x17f } }
    return ["% Needs \\usepackage{\(packages.joined(separator: ", "))}."]
      + (foreign
        ? ["% Has letters that pdfLaTeX does not know: compile it with LuaLaTeX or XeLaTeX, and a font that has them."]
        : [])
  }

  /// Writes paragraphs under run-in headings, and a `table` environment each.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    var parts = ["% \(document.title.singleLine)\n"]
    for section in document.sections {
      let title = section.title.map { "\\paragraph{\(LaTeXTableFormat.escaped($0))}" }
      let lines = [title].compactMap { $0 } + section.paragraphs.map { LaTeXTableFormat.escaped($0) + "\n" }
      if !lines.isEmpty { parts.append(lines.joined(separator: "\n") + (section.paragraphs.isEmpty ? "\n" : "")) }
      if let table = section.table { parts.append(render(table, options: options)) }
    }
    return parts.joined(separator: "\n")
  }

  private func label(_ table: ReportTable) -> String {
    String((table.kind + "-" + table.title).lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
      .split(separator: "-").joined(separator: "-")
  }

  /// The text with TeX's own characters escaped and the signs that text fonts lack in mathematics.
  static func escaped(_ text: String) -> String {
    text.singleLine.map { replacements[$0] ?? String($0) }.joined()
  }

  private static let replacements: [Character: String] = {
    var table: [Character: String] = [
      "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}",
      ">": "\\textgreater{}", "|": "\\textbar{}", "\"": "\\textquotedblright{}", "–": "--", "—": "---",
      "…": "\\ldots{}",
      "±": "$\\pm$", "−": "$-$", "×": "$\\times$", "·": "$\\cdot$", "Δ": "$\\Delta$", "→": "$\\to$", "≥": "$\\geq$",
      "≤": "$\\leq$", "≈": "$\\approx$", "∞": "$\\infty$", "✓": "$\\checkmark$", "½": "$\\frac{1}{2}$", "µ": "$\\mu$",
      "°": "$^\\circ$", "√": "$\\surd$", "’": "'", "‘": "`",
      "“": "\\textquotedblleft{}", "”": "\\textquotedblright{}", "←": "$\\gets$", "↑": "$\\uparrow$",
      "↓": "$\\downarrow$", "†": "\\dag{}", "χ": "$\\chi$",
    ]
    for (digit, character) in "⁰¹²³⁴⁵⁶⁷⁸⁹".enumerated() { table[character] = "\\textsuperscript{\(digit)}" }
    for (digit, character) in "₀₁₂₃₄₅₆₇₈₉".enumerated() { table[character] = "$_{\(digit)}$" }
    for (character, name) in zip(
      "αβγδεηκλμνρσω",
      ["alpha", "beta", "gamma", "delta", "varepsilon", "eta", "kappa", "lambda", "mu", "nu", "rho", "sigma", "omega"])
    { table[character] = "$\\\(name)$" }
    for character in "&%$#_{}" { table[character] = "\\" + String(character) }
    return table
  }()
}
