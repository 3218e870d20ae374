import LabCore

/// A JSON object with full precision: rows as objects by field name, columns, notes and what is known of the whole.
struct JSONTableFormat: TableFormat {
  let name = "json"

  /// Writes the object with sorted keys.
  func render(_ table: ReportTable, options: TableRenderingOptions) -> String {
    table.json.printableText
  }

  /// Writes all that the report has.
  func render(_ report: EvaluationReport, options: TableRenderingOptions) -> String { report.json.printableText }

  /// Writes the document's object with sorted keys.
  func render(_ document: ReportDocument, options: TableRenderingOptions) -> String { document.json.printableText }
}

extension ReportTable {
  /// The table as a JSON value; an unknown value is null.
  public var json: JSONValue {
    let fields = columns.map(\.fields)
    func object(_ row: Row) -> JSONValue {
      var members = [String: JSONValue]()
      for (names, cell) in zip(fields, row.cells) {
        for (name, value) in zip(names, cell.values) { members[name] = finite(value) }
      }
      return .object(members)
    }
    var members = metadata.mapValues(finite)
    members["table"] = .string(kind)
    members["title"] = .string(title)
    members["columns"] = .array(
      columns.filter(\.isVisible).map { column in
        .object([
          "title": .string(column.singleLineTitle), "fields": .array(column.fields.map(JSONValue.string)),
          "legend": column.legend.map(JSONValue.string) ?? .null,
        ])
      })
    members["rows"] = .array(rows.filter { !$0.isTotal }.map(object))
    if let total = rows.last(where: \.isTotal) { members["total"] = object(total) }
    members["notes"] = .array((numberedNotes + notes).map(JSONValue.string))
    if let footnote { members["footnote"] = .string(footnote) }
    return .object(members)
  }

  /// JSON has no way to write infinity or what is not a number.
  private func finite(_ value: JSONValue) -> JSONValue {
    switch value {
    case .number(let number) where !number.isFinite: .null
    case .array(let values): .array(values.map(finite))
    case .object(let members): .object(members.mapValues(finite))
    default: value
    }
  }
}
