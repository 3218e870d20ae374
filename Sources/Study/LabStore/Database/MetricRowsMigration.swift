import GRDB

/// Turns the columns of metrics of earlier databases into a row a number, so that a metric needs no column of its own.
///
/// Every number keeps its bits. Where a column could say NaN, which SQLite keeps as NULL, a row says it: a row without a
/// value is NaN, a missing row is nothing.
enum MetricRowsMigration {
  /// The columns of a split in the databases before.
  private static let splitColumns = [
    "loss", "accuracy", "top5_accuracy", "macro_precision", "macro_recall", "macro_f1", "ece", "log_loss",
  ]
  /// Columns that were NaN where they were NULL, of a split that was evaluated; an accuracy tells whether it was.
  private static let columnsWithNaN: Set<String> = ["loss", "macro_precision", "macro_recall", "macro_f1", "ece"]

  private struct Column {
    var name: String
    /// The condition under which the column has a number, or NaN.
    var condition: String
  }

  private static let splitNumbers: [Column] = ["validation", "test"].flatMap { split in
    splitColumns.map { column in
      let number = "\(split)_\(column) IS NOT NULL"
      return Column(
        name: "\(split)_\(column)",
        condition: columnsWithNaN.contains(column) ? "(\(number) OR \(split)_accuracy IS NOT NULL)" : number)
    }
  }

  private static let epochNumbers =
    [
      Column(name: "train_loss", condition: "TRUE"),
      Column(name: "train_accuracy", condition: "train_accuracy IS NOT NULL"),
      Column(name: "learning_rate", condition: "TRUE"),
    ] + splitNumbers

  static func migrate(_ database: Database) throws {
    try createTables(database)
    for column in epochNumbers {
      try database.execute(
        sql: "INSERT INTO metric (name, of_epochs, of_results) VALUES (?, TRUE, ?)",
        arguments: [column.name, splitNumbers.contains { $0.name == column.name }])
    }
    try moveEpochs(database)
    try moveFinals(database)
    try database.execute(sql: "DROP VIEW result; DROP TABLE epoch; DROP TABLE final_metric; DROP TABLE final")
    try MetricViews.create(database)
  }

  private static func createTables(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE TABLE metric (
          id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, of_epochs BOOLEAN NOT NULL, of_results BOOLEAN NOT NULL);
        CREATE TABLE epoch_value (
          run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, epoch INTEGER NOT NULL,
          metric_id INTEGER NOT NULL REFERENCES metric(id), value DOUBLE,
          PRIMARY KEY (run_id, epoch, metric_id)) WITHOUT ROWID;
        CREATE TABLE epoch_timing (
          run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE, epoch INTEGER NOT NULL,
          train_seconds DOUBLE NOT NULL, evaluation_seconds DOUBLE NOT NULL, images_per_second DOUBLE NOT NULL,
          mean_step_milliseconds DOUBLE NOT NULL, peak_memory_bytes INTEGER, planned_memory_bytes INTEGER,
          PRIMARY KEY (run_id, epoch)) WITHOUT ROWID;
        CREATE TABLE final_value (
          run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
          metric_id INTEGER NOT NULL REFERENCES metric(id), value DOUBLE,
          PRIMARY KEY (run_id, metric_id)) WITHOUT ROWID;
        CREATE TABLE completion (
          run_id INTEGER PRIMARY KEY REFERENCES run(id) ON DELETE CASCADE,
          best_epoch INTEGER, evaluated_epoch INTEGER, weights_hash TEXT);
        """)
  }

  /// Inserts all numbers in one pass, in the order of the new table's key: a million epochs take seconds.
  private static func moveEpochs(_ database: Database) throws {
    let identifiers = try MetricNames(database)
    var columns: [(id: Int64, column: Column)] = []
    for column in epochNumbers {
      let isUsed = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT 1 FROM epoch WHERE \(column.condition))")
      if isUsed == true, let id = identifiers.id(of: column.name) { columns.append((id, column)) }
    }
    func cases(_ text: (Column) -> String) -> String {
      "CASE number.id " + columns.map { "WHEN \($0.id) THEN \(text($0.column))" }.joined(separator: " ") + " END"
    }
    if !columns.isEmpty {
      try database.execute(
        sql: """
          WITH number (id) AS (VALUES \(columns.map { "(\($0.id))" }.joined(separator: ", ")))
          INSERT INTO epoch_value (run_id, epoch, metric_id, value)
          SELECT epoch.run_id, epoch.epoch, number.id, \(cases(\.name))
          FROM epoch CROSS JOIN number WHERE \(cases(\.condition))
          """)
    }
    try database.execute(
      sql: """
        INSERT INTO epoch_timing SELECT run_id, epoch, train_seconds, evaluation_seconds, images_per_second,
          mean_step_milliseconds, peak_memory_bytes, planned_memory_bytes FROM epoch
        """)
  }

  private static func moveFinals(_ database: Database) throws {
    let identifiers = try MetricNames(database)
    for column in splitNumbers {
      try database.execute(
        sql: """
          INSERT INTO final_value (run_id, metric_id, value) SELECT run_id, ?, \(column.name) FROM final
          WHERE \(column.condition)
          """, arguments: [identifiers.id(of: column.name)])
    }
    try database.execute(
      sql: """
        INSERT INTO metric (name, of_epochs, of_results)
        SELECT DISTINCT name, FALSE, TRUE FROM final_metric WHERE TRUE ORDER BY name
        ON CONFLICT (name) DO UPDATE SET of_results = TRUE;
        INSERT OR IGNORE INTO final_value (run_id, metric_id, value)
        SELECT final_metric.run_id, metric.id, final_metric.value
        FROM final_metric JOIN metric ON metric.name = final_metric.name;
        INSERT INTO completion SELECT run_id, best_epoch, evaluated_epoch, weights_hash FROM final;
        """)
  }
}
