import GRDB
import LabRecords

/// What a number is of: an epoch of a run, or a run's result.
enum MetricTable: String {
  case epochs = "epoch_value"
  case results = "final_value"

  /// The column of `metric` that says that the table has numbers of a name.
  fileprivate var mark: String {
    switch self {
    case .epochs: "of_epochs"
    case .results: "of_results"
    }
  }
}

/// The small numbers that stand for the names of metrics in the tables of their values.
struct MetricNames {
  private var identifiers: [String: Int64] = [:]
  private var names: [Int64: MetricName] = [:]

  /// Reads the names that the database knows.
  ///
  /// - Parameter table: only names of this table's numbers; nil for all.
  init(of table: MetricTable? = nil, _ database: Database) throws {
    let rows = try Row.fetchAll(
      database, sql: "SELECT name, id FROM metric" + (table.map { " WHERE \($0.mark)" } ?? ""))
    for row in rows { set(row[0], row[1]) }
  }

  private mutating func set(_ name: String, _ id: Int64) {
    identifiers[name] = id
    names[id] = MetricName(name)
  }

  /// The number of a name; nil where the database does not know it.
  func id(of name: String) -> Int64? { identifiers[name] }

  /// The name of a number.
  func name(_ id: Int64) -> MetricName? { names[id] }

  /// Makes the names of some metrics known, and columns of the views.
  mutating func add(_ metrics: Metrics, to table: MetricTable, _ database: Database) throws {
    let unknown = metrics.names.filter { identifiers[$0.key] == nil }
    guard !unknown.isEmpty else { return }
    for name in unknown {
      let id = try Int64.fetchOne(
        database,
        sql: """
          INSERT INTO metric (name, of_epochs, of_results) VALUES (?, ?, ?)
          ON CONFLICT (name) DO UPDATE SET \(table.mark) = TRUE RETURNING id
          """, arguments: [name.key, table == .epochs, table == .results])
      if let id { set(name.key, id) }
    }
    try MetricViews.create(database)
  }
}

extension Metrics {
  /// Stores the numbers, a row each; NaN is a row without a value.
  ///
  /// - Parameter epoch: the epoch; nil for numbers of the run's result.
  func insert(run: Int64, epoch: Int?, _ database: Database) throws {
    let table: MetricTable = epoch == nil ? .results : .epochs
    var known = try MetricNames(of: table, database)
    try known.add(self, to: table, database)
    let statement = try database.cachedStatement(
      sql: epoch == nil
        ? "INSERT INTO final_value (run_id, metric_id, value) VALUES (?, ?, ?)"
        : "INSERT INTO epoch_value (run_id, epoch, metric_id, value) VALUES (?, ?, ?, ?)")
    for (name, value) in self {
      let key = [run, epoch.map { Int64($0) }, known.id(of: name.key)].compactMap { $0 }
      try statement.execute(arguments: StatementArguments(key) + [value])
    }
  }
}
