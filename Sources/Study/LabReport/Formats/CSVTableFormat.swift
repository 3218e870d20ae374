import LabCore

/// Comma-separated values in full precision, one column a field.
struct CSVTableFormat: TableFormat {
  let name = "csv"
  let keepsTextsVerbatim = true
  let holdsOneTable = true

  /// Writes a header of field names and a line a row; an unknown value is empty, and totals are left out.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    let header = table.columns.flatMap(\.fields).map(DelimitedText.quoted)
    let rows = table.rows.filter { !$0.isTotal }.map { row in row.cells.flatMap(\.values).map(field) }
    return ([header] + rows).map { $0.joined(separator: ",") + "\n" }.joined()
  }

  /// Writes the document's first table: a file of several would be nobody's CSV.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String {
    document.sections.lazy.compactMap(\.table).first.map { render($0, options: options) } ?? ""
  }

  private func field(_ value: JSONValue) -> String {
    switch value {
    case .null: ""
    case .string(let text): DelimitedText.quoted(text)
    case .number(let number) where !number.isFinite: ""
    case .array, .object: DelimitedText.quoted(value.canonicalText)
    case .boolean, .integer, .number: value.canonicalText
    }
  }
}
