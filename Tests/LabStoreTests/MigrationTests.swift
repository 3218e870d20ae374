import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Databases of earlier versions: `Fixtures/released.sql` is of the first one, `Fixtures/columns.sql` of the last one with a
/// column a metric.
@Suite struct MigrationTests {
  private let folder = TestFolder()

  /// The database of a completed sweep, as an earlier version left it.
  private func released(_ fixture: String = "released") throws -> String {
    let script = try #require(Bundle.module.url(forResource: "Fixtures/\(fixture)", withExtension: "sql"))
    let path = folder.path("labrun.sqlite")
    // A dump has its tables by name, not in the order in which they refer to each other.
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: path, configuration: configuration).writeWithoutTransaction {
      try $0.execute(sql: String(contentsOf: script, encoding: .utf8))
    }
    return path
  }

  private func check(_ store: StudyStore) throws {
    let sweep = try store.sweep(#require(store.sweeps().first).id)
    let runs = sweep.runs
    #expect(runs.map(\.state) == [.completed, .completed])
    #expect(runs.map(\.identity.short) == ["ae76a3334748", "74436f46e2e7"])
    for (variant, run) in zip(sweep.variants, runs) {
      let final = try #require(try store.finalRecord(of: run.identity))
      let accuracy = try #require(final.metrics["test_accuracy"])
      #expect(accuracy > 0 && final.metrics["test_log_loss"] == nil && final.metrics["validation_log_loss"] == nil)
      #expect(final.bestEpoch != nil && final.evaluatedEpoch == nil && final.health.isEmpty)
      #expect(variant.runs[0].metrics["test_accuracy"] == accuracy)
      #expect(variant.runs[0].metrics["test_log_loss"] == nil && variant.runs[0].health.isEmpty)
      #expect(try store.epochs(of: run.identity).map { $0.metrics["test_log_loss"] } == [nil, nil])
    }
  }

  @Test func aStoreOfAnEarlierVersionIsReadWithoutBeingChanged() throws {
    let path = try released()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try check(StudyStore(reading: folder.path))
    chmod(path, 0o444)
    chmod(folder.path, 0o555)
    try check(StudyStore(reading: folder.path))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func aStoreOfAnEarlierVersionIsUpgradedWhereItIsWritten() throws {
    _ = try released()
    let store = try StudyStore(folder: folder.path)
    try check(store)
    #expect(try store.text("PRAGMA integrity_check") == "ok")
    // What new runs keep finds its place beside the old ones.
    let sweep = try store.register(RunStoreSamples.sweep())
    let claimed = try #require(try store.claimed("static", 0, sweep.id))
    try store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    #expect(try store.finalRecord(of: claimed.lease.run) == RunStoreSamples.final())
    #expect(try store.integer("SELECT COUNT(*) FROM result WHERE test_log_loss = 2 AND evaluated_epoch = 2") == 1)
    #expect(try store.integer("SELECT COUNT(*) FROM health WHERE kind = 'late_collapse' AND value = 0.4") == 1)
  }

  /// A run that was being trained when the program was exchanged has told nothing, and tells from then on.
  @Test(arguments: ["released", "columns"]) func leasesOfEarlierVersionsHaveNoProgress(_ fixture: String) throws {
    let path = try released(fixture)
    let owner = RunStoreSamples.foreignProcess()
    let token = UUID()
    try DatabaseQueue(path: path).write { database in
      try database.execute(sql: "UPDATE run SET state = 'running', completed_epochs = 1 WHERE id = 1")
      try database.execute(
        sql: """
          INSERT INTO attempt (run_id, number, sweep_id, host, process_scope, pid, process_start, started_at)
          VALUES (1, 9, 1, ?, ?, ?, ?, ?)
          """, arguments: [owner.host, owner.scope, owner.pid, owner.startTime, Date()])
      try database.execute(
        sql: "INSERT INTO lease (run_id, attempt, token, heartbeat_at) VALUES (1, 9, ?, ?)",
        arguments: [token.uuidString, Date()])
    }
    let run = try #require(try StudyStore(reading: folder.path).sweep(1).runs.first { $0.state == .running })
    #expect(run.progress == nil && run.progressAt == nil)
    let store = try StudyStore(folder: folder.path)
    let lease = RunLease(run: run.identity, token: token, attempt: 9)
    try store.heartbeat(lease)
    #expect(try store.run(run.identity)?.progress == nil)
    let progress = RunProgress(epoch: 1, epochs: 2, step: 5, stepsPerEpoch: 8, loss: 0.25, imagesPerSecond: 99.5)
    try store.heartbeat(lease, progress: progress)
    #expect(try store.run(run.identity)?.progress == progress)
  }

  // MARK: Metrics

  /// The numbers of a row with a column a metric, by what its columns meant: NaN was NULL where there was an accuracy.
  private func numbers(_ row: Row, extra: [String: Double] = [:]) -> [String: UInt64] {
    let timings = [
      "train_seconds", "evaluation_seconds", "images_per_second", "mean_step_milliseconds", "peak_memory_bytes",
      "planned_memory_bytes", "run_id", "epoch", "best_epoch", "evaluated_epoch", "weights_hash",
    ]
    let withNaN = ["loss", "macro_precision", "macro_recall", "macro_f1", "ece"]
    var numbers = extra
    for column in row.columnNames where !timings.contains(column) {
      let parts = column.split(separator: "_", maxSplits: 1).map(String.init)
      let isEvaluated = ["validation", "test"].contains(parts[0]) && row["\(parts[0])_accuracy"] as Double? != nil
      if let value: Double = row[column] {
        numbers[column] = value
      } else if ["train_loss", "learning_rate"].contains(column) || (isEvaluated && withNaN.contains(parts[1])) {
        numbers[column] = .nan
      }
    }
    return numbers.mapValues { $0.isNaN ? Double.nan.bitPattern : $0.bitPattern }
  }

  private func numbers(_ metrics: Metrics) -> [String: UInt64] {
    Dictionary(
      uniqueKeysWithValues: metrics.map { ($0.name.key, $0.value.isNaN ? Double.nan.bitPattern : $0.value.bitPattern) })
  }

  @Test(arguments: ["released", "columns"])
  func everyNumberOfAColumnIsKeptBitForBit(_ fixture: String) throws {
    let path = try released(fixture)
    let (epochs, finals, further) = try DatabaseQueue(path: path).read { database in
      (
        try Row.fetchAll(database, sql: "SELECT * FROM epoch ORDER BY run_id, epoch"),
        try Row.fetchAll(database, sql: "SELECT * FROM final ORDER BY run_id"),
        try Row.fetchAll(database, sql: "SELECT * FROM final_metric")
      )
    }
    #expect(epochs.count == (fixture == "released" ? 4 : 6) && finals.count == 2)
    for store in [try StudyStore(reading: folder.path), try StudyStore(folder: folder.path)] {
      let sweep = try store.sweep(1)
      let runs = sweep.runs.map(\.identity)
      let records = try runs.flatMap { try store.epochs(of: $0) }
      #expect(records.count == epochs.count)
      for (record, row) in zip(records, epochs) {
        #expect(numbers(record.metrics) == numbers(row))
        #expect(record.epoch == row["epoch"])
        #expect(record.timing.trainSeconds == row["train_seconds"])
        #expect(record.timing.evaluationSeconds == row["evaluation_seconds"])
        #expect(record.timing.imagesPerSecond == row["images_per_second"])
        #expect(record.timing.meanStepMilliseconds == row["mean_step_milliseconds"])
        // The first version called the plan a peak.
        let columns = fixture == "released" ? ["peak_memory_bytes"] : ["planned_memory_bytes", "peak_memory_bytes"]
        #expect(record.timing.plannedMemoryBytes == row[columns[0]])
        if fixture == "columns" { #expect(record.timing.peakMemoryBytes == row[columns[1]]) }
      }
      for (index, row) in finals.enumerated() {
        let id: Int64 = row["run_id"]
        let extra = further.filter { $0["run_id"] == id }.map { ($0["name"] as String, $0["value"] as Double? ?? .nan) }
        let expected = numbers(row, extra: Dictionary(uniqueKeysWithValues: extra))
        let record = try #require(try store.finalRecord(of: runs[index]))
        #expect(numbers(record.metrics) == expected)
        #expect(record.bestEpoch == row["best_epoch"] && record.weightsHash?.hexadecimal == row["weights_hash"])
        let shown = expected.filter { !Double(bitPattern: $0.value).isNaN }
        #expect(numbers(sweep.variants[index].runs[0].metrics) == shown)
      }
    }
  }

  /// What other programs ask of the database gives what it gave when metrics were columns.
  @Test func viewsShowWhatWereColumns() throws {
    let path = try released("columns")
    func columns(_ sql: String) throws -> [[String: DatabaseValue]] {
      try DatabaseQueue(path: path).read { database in
        try Row.fetchAll(database, sql: sql).map { row in
          Dictionary(row.map { ($0.lowercased(), $1) }, uniquingKeysWith: { first, _ in first })
        }
      }
    }
    let queries = [
      "SELECT * FROM result ORDER BY run_id", "SELECT * FROM epoch ORDER BY run_id, epoch",
      "SELECT * FROM final ORDER BY run_id",
    ]
    let before = try queries.map(columns)
    let further = try columns("SELECT * FROM final_metric")
    _ = try StudyStore(folder: folder.path)
    for (query, old) in zip(queries, before) {
      let new = try columns(query)
      #expect(new.count == old.count && !old.isEmpty)
      for (newRow, oldRow) in zip(new, old) {
        for (column, value) in oldRow { #expect(newRow[column] == value, "\(query): \(column)") }
      }
    }
    let rows = try columns("SELECT * FROM final_metric")
    for row in further where row["name"]?.storage.value as? String != "test_accuracy" { #expect(rows.contains(row)) }
    #expect(try columns("SELECT * FROM result WHERE \"ease \"\"of\"\" use\" > 1e300").count == 1)
  }

  /// An upgrade is all or nothing, wherever it ends: here by a table in the place of the last view but one.
  @Test func anUpgradeThatFailsChangesNothing() throws {
    let path = try released("columns")
    func rows() throws -> [[Row]] {
      try DatabaseQueue(path: path).read { database in
        try ["epoch", "final", "final_metric", "result"].map { try Row.fetchAll(database, sql: "SELECT * FROM \($0)") }
      }
    }
    let before = try rows()
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE epoch_metric (x)") }
    #expect(throws: StoreError.self) { try StudyStore(folder: folder.path) }
    #expect(try rows() == before)
    try DatabaseQueue(path: path).write { try $0.execute(sql: "DROP TABLE epoch_metric") }
    let store = try StudyStore(folder: folder.path)
    #expect(try store.integer("SELECT COUNT(*) FROM epoch") == 6)
  }

  @Test func theRoomOfOldColumnsIsGivenBack() throws {
    let path = try released("columns")
    let count = 20_000
    try DatabaseQueue(path: path).write { database in
      try database.execute(
        sql: """
          WITH RECURSIVE later (n) AS (VALUES (3) UNION ALL SELECT n + 1 FROM later WHERE n < \(count))
          INSERT INTO epoch (run_id, epoch, train_loss, learning_rate, train_seconds, evaluation_seconds,
            images_per_second, mean_step_milliseconds)
          SELECT 1, n, 1.0 / n, 0.1 / n, 0.1 + n, 0.2 + n, 0.3 + n, 0.4 + n FROM later
          """)
    }
    let store = try StudyStore(folder: folder.path)
    let unused = try #require(try store.integer("PRAGMA freelist_count"))
    let pages = try #require(try store.integer("PRAGMA page_count"))
    #expect(pages > 100 && unused * 4 <= pages, "\(unused) of \(pages) pages are unused")
    #expect(try store.integer("SELECT COUNT(*) FROM epoch WHERE train_loss = 1.0 / epoch") == count - 2)
    #expect(try store.text("PRAGMA integrity_check") == "ok")
  }
}
