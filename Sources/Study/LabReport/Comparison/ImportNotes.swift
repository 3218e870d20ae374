import LabCore
import LabRecords

extension Sweep {
  /// That the numbers of a table were measured by another program; nothing of a sweep that labrun trains.
  var importNotes: [String] { imported.map { [$0.sentence] } ?? [] }

  /// Where the numbers come from, for programs; nothing of a sweep that labrun trains.
  var importMetadata: [String: JSONValue] {
    guard let imported else { return [:] }
    return [
      "imported": .object([
        "format": .string(imported.format),
        "sources": .array(
          imported.sources.map { .object(["name": .string($0.name), "sha256": .string($0.sha256.hexadecimal)]) }),
      ])
    ]
  }
}

extension ImportRecord {
  /// What imported sweeps that are compared with each other say of their metrics; nil where none is imported.
  ///
  /// - Throws: ``ReportError/dataSets(_:)`` where two of them contradict each other.
  static func common(to sweeps: [Sweep]) throws(ReportError) -> ImportRecord? {
    let records = sweeps.compactMap(\.imported)
    guard var common = records.first else { return nil }
    for record in records.dropFirst() {
      for (name, direction) in record.directions {
        guard common.directions.updateValue(direction, forKey: name).map({ $0 == direction }) ?? true else {
          throw .dataSets("of \(name), higher values are better in one of the sweeps, and lower ones in another")
        }
      }
    }
    return common
  }
}

extension ImportRecord {
  /// What became of each column, for any format.
  public var table: ReportTable {
    ReportTable(
      kind: "columns", title: "Columns",
      columns: [
        .init("column", fields: ["column"], wraps: true), .init("taken for", fields: ["role"]),
        .init("name", fields: ["name"], wraps: true), .init("remark", fields: ["remark"], wraps: true),
      ],
      rows: columns.map { column in
        .init([
          .string(column.header), .string(column.role.rawValue.replacing("_", with: " ")),
          .string(column.role == .leftOut ? "" : column.name), .string(remark(on: column)),
        ])
      })
  }

  private func remark(on column: Column) -> String {
    let divisor = column.divisor.map { "divided by \(NumberText.plain($0))" }
    guard column.role == .metric else { return column.reason ?? divisor ?? "" }
    let metric = MetricDescription(named: column.name, directions: directions)
    let better = metric.direction == .neutral ? "neither side is better" : "\(metric.direction.rawValue) is better"
    return [better, divisor].compactMap { $0 }.joined(separator: ", ")
  }
}
