import GRDB

/// The views that show rows of metrics as columns, for people who work with the results in other programs.
///
/// They are made anew whenever a metric of a new name is stored, so that it has its column.
enum MetricViews {
  /// SQLite allows a view 2,000 columns; names beyond these are rows of `epoch_metric` and `final_metric` only.
  private static let maximumColumnCount = 1_000

  private static let timings = [
    "train_seconds", "evaluation_seconds", "images_per_second", "mean_step_milliseconds", "peak_memory_bytes",
    "planned_memory_bytes",
  ]

  private static let resultColumns = [
    "sweep.id AS sweep_id", "sweep.name AS sweep", "variant.label AS variant", "variant.is_baseline",
    "variant.parameter_count", "variant.multiply_adds", "run.identity AS run", "run.seed", "run.state", "run.reason",
    "run.completed_epochs", "run.planned_epochs", "run.train_seconds", "run.images_per_second",
    "completion.run_id AS run_id", "completion.best_epoch", "completion.evaluated_epoch", "completion.weights_hash",
  ]

  /// Makes the views for the metrics that the database knows.
  static func create(_ database: Database) throws {
    let epochNames = try names("of_epochs", database)
    let finalNames = try names("of_results", database)
    let epochColumns = (["run_id", "epoch"] + timings).map { "epoch_timing.\($0)" }
    let finalColumns = ["run_id", "best_epoch", "evaluated_epoch", "weights_hash"].map { "completion.\($0)" }
    let epochKey = "epoch_value.run_id = epoch_timing.run_id AND epoch_value.epoch = epoch_timing.epoch"
    let finalKey = "final_value.run_id = completion.run_id"
    for view in ["epoch", "epoch_metric", "final", "final_metric", "result"] {
      try database.execute(sql: "DROP VIEW IF EXISTS \(view)")
    }
    try database.execute(
      sql: """
        CREATE VIEW epoch AS
        SELECT \(select(epochColumns, "epoch_value", epochKey, epochNames)) FROM epoch_timing;
        CREATE VIEW epoch_metric AS
        SELECT epoch_value.run_id, epoch_value.epoch, metric.name, epoch_value.value
        FROM epoch_value JOIN metric ON metric.id = epoch_value.metric_id;
        CREATE VIEW final AS
        SELECT \(select(finalColumns, "final_value", finalKey, finalNames)) FROM completion;
        CREATE VIEW final_metric AS
        SELECT final_value.run_id, metric.name, final_value.value
        FROM final_value JOIN metric ON metric.id = final_value.metric_id;
        CREATE VIEW result AS
        SELECT \(select(resultColumns, "final_value", finalKey, finalNames))
        FROM sweep
        JOIN variant ON variant.sweep_id = sweep.id
        JOIN cell ON cell.variant_id = variant.id
        JOIN run ON run.id = cell.run_id
        LEFT JOIN completion ON completion.run_id = run.id;
        """)
  }

  private static func names(_ condition: String, _ database: Database) throws -> [(id: Int64, name: String)] {
    try Row.fetchAll(database, sql: "SELECT id, name FROM metric WHERE \(condition) ORDER BY id").map { ($0[0], $0[1]) }
  }

  /// The columns of a view: its own, then one a metric, unless one of its own has that name.
  private static func select(
    _ columns: [String], _ table: String, _ key: String, _ metrics: [(id: Int64, name: String)]
  ) -> String {
    var taken = Set(columns.map { String($0.split { $0 == " " || $0 == "." }.last ?? "") })
    let further = metrics.prefix(maximumColumnCount).compactMap { metric -> String? in
      // To SQLite, names that differ in case are one.
      guard taken.insert(metric.name.lowercased()).inserted else { return nil }
      let name = metric.name.replacing("\"", with: "\"\"")
      return "(SELECT value FROM \(table) WHERE \(key) AND metric_id = \(metric.id)) AS \"\(name)\""
    }
    return (columns + further).joined(separator: ",\n  ")
  }
}
