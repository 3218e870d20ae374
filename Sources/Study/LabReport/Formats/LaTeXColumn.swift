/// How LaTeX sets a column of a table: as text, or as numbers that siunitx aligns, with what stands behind them beside.
struct LaTeXColumn {
  /// A number as siunitx reads it.
  private struct Number {
    var sign: String
    var whole: String
    var decimals: String
    /// The whole part and the decimals of the spread; nil without one.
    var spread: (whole: String, decimals: String)?

    /// Parses what a cell shows; nil where it is no number, or its spread has other decimals.
    init?(_ text: String) {
      let parts = text.split(separator: " ± ", omittingEmptySubsequences: false)
      guard 1...2 ~= parts.count, let number = Number.digits(parts[0]) else { return nil }
      (sign, whole, decimals) = number
      guard parts.count == 2 else { return }
      guard let spread = Number.digits(parts[1]), spread.sign.isEmpty, spread.decimals.count == decimals.count else {
        return nil
      }
      self.spread = (spread.whole, spread.decimals)
    }

    private static func digits(_ text: Substring) -> (sign: String, whole: String, decimals: String)? {
      guard let match = text.wholeMatch(of: /([+−]?)(\d+|\d{1,3}(?:,\d{3})+)(?:\.(\d+))?/) else { return nil }
      let output = match.output
      return (String(output.1), String(output.2.filter { $0 != "," }), output.3.map { String($0) } ?? "")
    }

    /// The number, and its spread.
    var inputs: [String] {
      let point = decimals.isEmpty ? "" : "."
      return [(sign == "−" ? "-" : sign) + whole + point + decimals]
        + (spread.map { [$0.whole + point + $0.decimals] } ?? [])
    }
  }

  /// The letters of the table's preamble.
  private(set) var specification: String
  /// The number of columns that LaTeX sees.
  private(set) var span = 1
  /// Whether siunitx aligns the numbers.
  private let isNumeric: Bool
  /// Whether numbers and spreads stand in columns of their own, with the signs between them.
  private var hasSpreads = false
  /// Whether what stands behind the numbers has a column of its own.
  private var hasDetails = false

  /// - Parameters:
  ///   - column: the column.
  ///   - cells: its cells.
  ///   - usesSiunitx: whether siunitx aligns what are numbers for the most part.
  init(_ column: ReportTable.Column, cells: [ReportTable.Cell], usesSiunitx: Bool) {
    let texts = cells.map(\.text).filter { !$0.isEmpty }
    let numbers = texts.compactMap(Number.init)
    isNumeric =
      usesSiunitx && column.alignment != .left && column.alignment != .center && !numbers.isEmpty
      && 2 * numbers.count >= texts.count
    guard isNumeric else {
      specification =
        switch column.alignment {
        case .left: "l"
        case .center: "c"
        case .right, .plusMinus: "r"
        }
      return
    }
    let decimals = numbers.map(\.decimals.count).max() ?? 0
    let isSigned = numbers.contains { !$0.sign.isEmpty }
    hasSpreads = numbers.contains { $0.spread != nil }
    hasDetails = cells.contains { $0.detail != nil || !$0.notes.isEmpty }
    func setting(_ whole: Int, isSigned: Bool, side: String) -> String {
      let format = (isSigned ? "+" : "") + "\(whole)" + (decimals > 0 ? ".\(decimals)" : "")
      return "S[table-format=\(format), table-number-alignment=\(side), table-text-alignment=\(side)"
        + (isSigned ? ", retain-explicit-plus]" : "]")
    }
    specification = setting(numbers.map(\.whole.count).max() ?? 1, isSigned: isSigned, side: "right")
    if hasSpreads {
      let whole = numbers.compactMap(\.spread?.whole.count).max() ?? 1
      specification += "@{\\,$\\pm$\\,}" + setting(whole, isSigned: false, side: "left")
    }
    if hasDetails { specification += "@{\\,}r" }
    span = 1 + (hasSpreads ? 1 : 0) + (hasDetails ? 1 : 0)
  }

  /// The title, over all columns that LaTeX sees; escaped.
  func header(_ title: String) -> String {
    guard isNumeric else { return title }
    return span == 1 ? "{\(title)}" : "\\multicolumn{\(span)}{c}{\(title)}"
  }

  /// A cell, with what stands behind its text.
  func cell(_ cell: ReportTable.Cell) -> String {
    let escaped = LaTeXTableFormat.escaped
    let notes = cell.notes.isEmpty ? "" : "\\textsuperscript{\(cell.notes.map(String.init).joined(separator: ", "))}"
    let detail = cell.detail.map { "{\\scriptsize \(escaped($0.text))}" } ?? ""
    let text = LaTeXColumn.marked(escaped(cell.text), cell.role)
    guard isNumeric else {
      return [text, detail].filter { !$0.isEmpty }.joined(separator: " ") + notes
    }
    let main: String
    if let number = Number(cell.text), (number.spread != nil) == hasSpreads {
      let isMarked = cell.role == .best || cell.role == .second
      let inputs =
        isMarked
        ? cell.text.split(separator: " ± ").map { "{\(LaTeXColumn.marked(escaped(String($0)), cell.role))}" }
        : number.inputs
      main = inputs.joined(separator: " & ")
    } else {
      // What is no number stands across both, without the sign between them.
      main = hasSpreads ? "\\multicolumn{2}{c}{\(text)}" : text.isEmpty ? "" : "{\(text)}"
    }
    return hasDetails ? "\(main) & \(detail)\(notes)" : main
  }

  private static func marked(_ text: String, _ role: Style.Role?) -> String {
    switch role {
    case .best: "\\textbf{\(text)}"
    case .second: "\\underline{\(text)}"
    default: text
    }
  }
}
