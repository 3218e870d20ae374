import GRDB

/// A row of a table with all of its columns, so that one that a later version adds is copied without being named here.
struct StoredRow: Equatable {
  private var values: [String: DatabaseValue]

  /// Reads rows.
  ///
  /// - Parameters:
  ///   - table: the table.
  ///   - rest: the condition, and the order where that matters.
  static func fetch(
    _ table: String, _ rest: String, _ arguments: StatementArguments, _ database: Database
  ) throws -> [StoredRow] {
    try Row.fetchAll(database, sql: "SELECT * FROM \(table) \(rest)", arguments: arguments).map { row in
      StoredRow(values: Dictionary(row.map { ($0.0, $0.1) }) { first, _ in first })
    }
  }

  /// A column's value; nil where it is `NULL`, or missing.
  subscript<T: DatabaseValueConvertible>(column: String) -> T? {
    get { values[column].flatMap { T.fromDatabaseValue($0) } }
    set { values[column] = newValue?.databaseValue ?? .null }
  }

  /// Leaves a column out, so that the database chooses its value.
  mutating func remove(_ column: String) { values[column] = nil }

  /// Inserts the row.
  ///
  /// - Parameter conflict: what becomes of a row of the same key: `ABORT`, `IGNORE` or `REPLACE`.
  func insert(into table: String, onConflict conflict: String = "ABORT", _ database: Database) throws {
    let columns = values.keys.sorted()
    try database.executeCached(
      sql: """
        INSERT OR \(conflict) INTO \(table) (\(columns.map(\.quotedDatabaseIdentifier).joined(separator: ", ")))
        VALUES (\(columns.map { _ in "?" }.joined(separator: ", ")))
        """, arguments: StatementArguments(columns.map { values[$0] ?? .null }))
  }

  /// Gives the row of a number all values but that number.
  func update(_ table: String, id: Int64, _ database: Database) throws {
    let columns = values.keys.filter { $0 != "id" }.sorted()
    try database.executeCached(
      sql: """
        UPDATE \(table) SET \(columns.map { "\($0.quotedDatabaseIdentifier) = ?" }.joined(separator: ", ")) WHERE id = ?
        """, arguments: StatementArguments(columns.map { values[$0] ?? .null } + [id.databaseValue]))
  }
}
