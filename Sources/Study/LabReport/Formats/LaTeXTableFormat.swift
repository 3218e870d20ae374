/// A LaTeX table with the rules of the booktabs package.
struct LaTeXTableFormat: TableFormat {
  let name = "latex"

  /// Writes a `table` environment with caption, label and notes; what the columns mean belongs into the paper.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    let columns = table.visibleColumns
    var lines = [
      "\\begin{table}",
      "  \\centering",
      "  \\caption{\(([table.title] + [table.subtitle].compactMap { $0 }).map(escaped).joined(separator: ". "))}",
      "  \\label{tab:\(label(table))}",
      "  \\begin{tabular}{\(columns.map { $0.column.alignment == .left ? "l" : "r" }.joined())}",
      "    \\toprule",
      "    " + columns.map { escaped($0.column.singleLineTitle) }.joined(separator: " & ") + " \\\\",
      "    \\midrule",
    ]
    for (index, row) in table.rows.enumerated() {
      if row.isTotal, index > 0, !table.rows[index - 1].isTotal { lines.append("    \\midrule") }
      lines.append("    " + columns.map { cell(row.cells[$0.index]) }.joined(separator: " & ") + " \\\\")
    }
    lines += ["    \\bottomrule", "  \\end{tabular}"]
    let notes =
      table.numberedNotes.enumerated().map { "\\textsuperscript{\($0.offset + 1)} \(escaped($0.element))" }
      + table.notes.map(escaped)
    if !notes.isEmpty {
      lines += ["  \\par\\smallskip", "  \\begin{minipage}{\\linewidth}\\footnotesize"]
      lines += notes.map { "    \($0)\\par" }
      lines.append("  \\end{minipage}")
    }
    lines.append("\\end{table}")
    return (needs(lines) + lines).joined(separator: "\n") + "\n"
  }

  /// What the document has to load so that the lines compile.
  private func needs(_ lines: [String]) -> [String] {
    let packages = ["booktabs"] + (lines.contains { $0.contains("\\checkmark") } ? ["amssymb"] : [])
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
      let title = section.title.map { "\\paragraph{\(escaped($0))}" }
      let lines = [title].compactMap { $0 } + section.paragraphs.map { escaped($0) + "\n" }
      if !lines.isEmpty { parts.append(lines.joined(separator: "\n") + (section.paragraphs.isEmpty ? "\n" : "")) }
      if let table = section.table { parts.append(render(table, options: options)) }
    }
    return parts.joined(separator: "\n")
  }

  private func label(_ table: ReportTable) -> String {
    String((table.kind + "-" + table.title).lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" })
      .split(separator: "-").joined(separator: "-")
  }

  private func cell(_ cell: ReportTable.Cell) -> String {
    let text = cell.role == .best ? "\\textbf{\(escaped(cell.text))}" : escaped(cell.text)
    let notes = cell.notes.map(String.init).joined(separator: ", ")
    return text + (notes.isEmpty ? "" : "\\textsuperscript{\(notes)}")
  }

  /// The text with TeX's own characters escaped and the signs that text fonts lack in mathematics.
  private func escaped(_ text: String) -> String {
    text.singleLine.map { LaTeXTableFormat.replacements[$0] ?? String($0) }.joined()
  }

  private static let replacements: [Character: String] = {
    var table: [Character: String] = [
      "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}",
      ">": "\\textgreater{}", "|": "\\textbar{}", "\"": "\\textquotedblright{}", "–": "--", "—": "---",
      "…": "\\ldots{}",
      "±": "$\\pm$", "−": "$-$", "×": "$\\times$", "·": "$\\cdot$", "Δ": "$\\Delta$", "→": "$\\to$", "≥": "$\\geq$",
      "≤": "$\\leq$", "≈": "$\\approx$", "∞": "$\\infty$", "✓": "$\\checkmark$", "½": "$\\frac{1}{2}$", "µ": "$\\mu$",
      "°": "$^\\circ$", "√": "$\\surd$", "’": "'", "‘": "`",
      "“": "\\textquotedblleft{}", "”": "\\textquotedblright{}", "←": "$\\gets$", "χ": "$\\chi$",
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
