import Foundation
import GRDB

/// The tables of the results database.
///
/// Names are for people who read the database with other programs: `Results/README.md` explains them, and a change here
/// is a new migration, never an edit of an old one.
enum DatabaseSchema {
  /// Brings any older database up to date.
  static var migrator: DatabaseMigrator {
    // No migration takes away a row that another one belongs to, and looking for such rows takes minutes in large databases.
    var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
    migrator.registerMigration("v1") { database in
      try database.execute(sql: "PRAGMA application_id = \(DatabaseOpening.applicationIdentifier)")
      try createSweeps(database)
      try createRuns(database)
      try createCells(database)
      try createAttempts(database)
      try createMetrics(database)
      try createResultsView(database)
    }
    migrator.registerMigration("measured memory") { database in
      try database.alter(table: "epoch") { $0.add(column: "planned_memory_bytes", .integer) }
      // What was kept as the peak so far was the plan.
      try database.execute(sql: "UPDATE epoch SET planned_memory_bytes = peak_memory_bytes, peak_memory_bytes = NULL")
    }
    migrator.registerMigration("log loss and health", migrate: addLogLossAndHealth)
    migrator.registerMigration("identity", migrate: createIdentity)
    migrator.registerMigration("metric rows", migrate: MetricRowsMigration.migrate)
    migrator.registerMigration("analysis", migrate: createAnalyses)
    migrator.registerMigration("seed rules", migrate: createSeedRules)
    migrator.registerMigration("imports") { database in
      try database.alter(table: "sweep") { $0.add(column: "imported", .text) }
    }
    migrator.registerMigration("capsules") { database in
      try database.alter(table: "attempt") { $0.add(column: "capsule_sequence", .integer) }
    }
    migrator.registerMigration("shards", migrate: createShards)
    migrator.registerMigration("merged attempts") { database in
      try database.alter(table: "attempt") { $0.add(column: "database", .text) }
    }
    migrator.registerMigration("progress", migrate: addProgress)
    return migrator
  }

  /// What files are compared with, to know that they belong to this database and to each other.
  private static func createIdentity(_ database: Database) throws {
    try database.create(table: "store") { table in
      table.column("token", .text).notNull()
    }
    try database.execute(sql: "INSERT INTO store (token) VALUES (?)", arguments: [UUID().uuidString])
    try database.alter(table: "attempt") { table in
      table.add(column: "token", .text)
      table.add(column: "start_step", .integer)
    }
    try database.create(table: "file", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("name", .text).notNull()
      table.column("sha256", .text).notNull()
      table.column("bytes", .integer).notNull()
      table.primaryKey(["run_id", "name"])
    }
  }

  /// How far runs are that are being trained, which goes with their leases.
  private static func addProgress(_ database: Database) throws {
    try database.alter(table: "lease") { table in
      table.add(column: "progress_at", .datetime)
      for column in ["epoch", "epochs", "step", "steps_per_epoch"] { table.add(column: column, .integer) }
      for column in ["loss", "images_per_second", "remaining_seconds"] { table.add(column: column, .double) }
      table.add(column: "activity", .text)
    }
  }

  /// What studies said that they would conclude from, and how much was known when they said it.
  private static func createAnalyses(_ database: Database) throws {
    try database.create(table: "analysis", options: .withoutRowID) { table in
      table.reference("sweep", onDelete: .cascade)
      table.column("number", .integer).notNull()
      table.column("plan", .text)
      table.column("registered_at", .datetime).notNull()
      table.column("completed_runs", .integer).notNull()
      table.primaryKey(["sweep_id", "number"])
    }
  }

  /// The rules by which seeds were added to sweeps; the seeds of a spec have none.
  private static func createSeedRules(_ database: Database) throws {
    try database.create(table: "seed_rule", options: .withoutRowID) { table in
      table.reference("sweep", onDelete: .cascade)
      table.column("number", .integer).notNull()
      table.column("metric", .text).notNull()
      table.column("half_width", .double).notNull()
      table.column("maximum_seeds", .integer).notNull()
      table.column("registered_at", .datetime).notNull()
      table.column("completed_runs", .integer).notNull()
      table.primaryKey(["sweep_id", "number"])
    }
    try database.alter(table: "sweep_seed") { table in
      table.add(column: "rule", .integer)
      table.add(column: "added_at", .datetime)
    }
  }

  /// The parts of sweeps that were trained by themselves.
  private static func createShards(_ database: Database) throws {
    try database.create(table: "shard", options: .withoutRowID) { table in
      table.reference("sweep", onDelete: .cascade)
      table.column("count", .integer).notNull()
      table.column("number", .integer).notNull()
      table.column("registered_at", .datetime).notNull()
      table.primaryKey(["sweep_id", "count", "number"])
    }
  }

  private static func createSweeps(_ database: Database) throws {
    try database.create(table: "sweep") { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("name", .text).notNull().indexed()
      table.column("spec_text", .text).notNull()
      table.column("spec_hash", .text).notNull()
      table.column("plan_hash", .text).notNull().unique()
      table.column("created_at", .datetime).notNull()
      table.column("last_registered_at", .datetime).notNull()
    }
    try database.create(table: "sweep_seed", options: .withoutRowID) { table in
      table.reference("sweep", onDelete: .cascade)
      table.column("position", .integer).notNull()
      table.column("seed", .integer).notNull()
      table.primaryKey(["sweep_id", "position"])
    }
    try database.create(table: "factor_level", options: .withoutRowID) { table in
      table.reference("sweep", onDelete: .cascade)
      table.column("factor_position", .integer).notNull()
      table.column("level_position", .integer).notNull()
      table.column("factor", .text).notNull()
      table.column("level", .text)
      table.primaryKey(["sweep_id", "factor_position", "level_position"])
    }
    try database.create(table: "variant") { table in
      table.autoIncrementedPrimaryKey("id")
      table.reference("sweep", onDelete: .cascade)
      table.column("position", .integer).notNull()
      table.column("label", .text).notNull()
      table.column("is_baseline", .boolean).notNull()
      table.column("parameter_count", .integer)
      table.column("multiply_adds", .integer)
      table.uniqueKey(["sweep_id", "position"])
    }
    try database.create(table: "variant_level", options: .withoutRowID) { table in
      table.reference("variant", onDelete: .cascade)
      table.column("factor", .text).notNull()
      table.column("level", .text).notNull()
      table.primaryKey(["variant_id", "factor"])
    }
  }

  private static func createRuns(_ database: Database) throws {
    try database.create(table: "run") { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("identity", .text).notNull().unique()
      table.column("configuration", .text).notNull()
      table.column("data_hash", .text).notNull()
      table.column("seed", .integer).notNull()
      table.column("planned_epochs", .integer).notNull()
      table.column("state", .text).notNull().check {
        ["pending", "running", "interrupted", "completed", "failed", "diverged"].contains($0)
      }
      table.column("reason", .text)
      table.column("is_retriable", .boolean).notNull()
      // Sums over the run's epochs, kept with every change of them so that a table need not read a million rows.
      table.column("completed_epochs", .integer).notNull()
      table.column("train_seconds", .double)
      table.column("images_per_second", .double)
      table.column("created_at", .datetime).notNull()
      table.column("ended_at", .datetime)
      table.column("discards_files", .boolean).notNull()
    }
  }

  private static func createCells(_ database: Database) throws {
    try database.create(table: "cell", options: .withoutRowID) { table in
      table.reference("variant", onDelete: .cascade)
      table.column("position", .integer).notNull()
      table.reference("run", onDelete: .restrict).indexed()
      table.primaryKey(["variant_id", "position"])
    }
  }

  private static func createAttempts(_ database: Database) throws {
    try database.create(table: "attempt", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("number", .integer).notNull()
      table.reference("sweep", onDelete: .cascade).indexed()
      table.column("host", .text).notNull()
      table.column("process_scope", .text)
      table.column("pid", .integer).notNull()
      table.column("process_start", .integer).notNull()
      table.column("started_at", .datetime).notNull()
      table.column("ended_at", .datetime)
      table.column("exit_state", .text)
      table.column("exit_reason", .text)
      table.column("provenance", .text)
      table.primaryKey(["run_id", "number"])
    }
    try database.create(table: "lease") { table in
      table.primaryKey("run_id", .integer).references("run", onDelete: .cascade)
      table.column("attempt", .integer).notNull()
      table.column("token", .text).notNull().unique()
      table.column("heartbeat_at", .datetime).notNull()
    }
    try database.create(table: "event") { table in
      table.autoIncrementedPrimaryKey("id")
      table.reference("run", onDelete: .cascade).indexed()
      table.column("attempt", .integer).notNull()
      table.column("at", .datetime).notNull()
      table.column("kind", .text).notNull()
      table.column("message", .text).notNull()
    }
  }

  private static func createMetrics(_ database: Database) throws {
    func evaluation(_ split: String, _ table: TableDefinition) {
      for column in ["loss", "accuracy", "top5_accuracy", "macro_precision", "macro_recall", "macro_f1", "ece"] {
        table.column("\(split)_\(column)", .double)
      }
    }
    try database.create(table: "epoch", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("epoch", .integer).notNull()
      table.column("train_loss", .double)
      table.column("train_accuracy", .double)
      table.column("learning_rate", .double)
      evaluation("validation", table)
      evaluation("test", table)
      table.column("train_seconds", .double).notNull()
      table.column("evaluation_seconds", .double).notNull()
      table.column("images_per_second", .double).notNull()
      table.column("mean_step_milliseconds", .double).notNull()
      table.column("peak_memory_bytes", .integer)
      table.primaryKey(["run_id", "epoch"])
    }
    try database.create(table: "final") { table in
      table.primaryKey("run_id", .integer).references("run", onDelete: .cascade)
      table.column("best_epoch", .integer)
      table.column("weights_hash", .text)
      evaluation("validation", table)
      evaluation("test", table)
    }
    try database.create(table: "final_metric", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("name", .text).notNull()
      table.column("value", .double)
      table.primaryKey(["run_id", "name"])
    }
    try database.create(table: "class_metric", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("class", .integer).notNull()
      table.column("name", .text).notNull()
      table.column("support", .integer).notNull()
      table.column("precision", .double).notNull()
      table.column("recall", .double).notNull()
      table.column("f1", .double).notNull()
      table.primaryKey(["run_id", "class"])
    }
    try database.create(table: "confusion_matrix") { table in
      table.primaryKey("run_id", .integer).references("run", onDelete: .cascade)
      table.column("counts", .text).notNull()
    }
  }

  /// Log losses of every split, the epoch whose weights were evaluated, and what is odd about a run's course.
  private static func addLogLossAndHealth(_ database: Database) throws {
    for table in ["epoch", "final"] {
      try database.alter(table: table) { table in
        for split in ["validation", "test"] { table.add(column: "\(split)_log_loss", .double) }
      }
    }
    try database.alter(table: "final") { $0.add(column: "evaluated_epoch", .integer) }
    try database.create(table: "health", options: .withoutRowID) { table in
      table.reference("run", onDelete: .cascade)
      table.column("kind", .text).notNull()
      table.column("message", .text).notNull()
      table.column("value", .double)
      table.primaryKey(["run_id", "kind"])
    }
  }

  /// One row a cell, for people who work with the results in other programs.
  private static func createResultsView(_ database: Database) throws {
    try database.execute(
      sql: """
        CREATE VIEW result AS
        SELECT sweep.id AS sweep_id, sweep.name AS sweep, variant.label AS variant, variant.is_baseline,
          variant.parameter_count, variant.multiply_adds, run.identity AS run, run.seed, run.state, run.reason,
          run.completed_epochs, run.planned_epochs, run.train_seconds, run.images_per_second, final.*
        FROM sweep
        JOIN variant ON variant.sweep_id = sweep.id
        JOIN cell ON cell.variant_id = variant.id
        JOIN run ON run.id = cell.run_id
        LEFT JOIN final ON final.run_id = run.id
        """)
  }
}

extension TableDefinition {
  /// Adds the column `TABLE_id` that names a row of another table.
  @discardableResult
  fileprivate func reference(_ table: String, onDelete action: Database.ForeignKeyAction) -> ColumnDefinition {
    column("\(table)_id", .integer).notNull().references(table, onDelete: action)
  }
}
