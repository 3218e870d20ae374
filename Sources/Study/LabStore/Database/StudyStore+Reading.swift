import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The runs of a sweep: variants in the order of the plan, then seeds.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func runs(sweep id: Int64) throws -> [StoredRun] {
    try read { database in
      _ = try sweepRecord(id, database)
      return try storedRuns(
        database,
        sql: """
          FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
          WHERE variant.sweep_id = ? ORDER BY variant.position, cell.position
          """, arguments: [id])
    }
  }

  /// The run of an identity, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func run(_ identity: RunIdentity) throws -> StoredRun? {
    try read {
      try storedRuns($0, sql: "FROM run WHERE identity = ?", arguments: [identity.hash.hexadecimal]).first
    }
  }

  /// The runs whose identity starts with hexadecimal digits, in the order of their identities.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func runs(identityPrefix prefix: String) throws -> [StoredRun] {
    let prefix = prefix.lowercased()
    guard !prefix.isEmpty, prefix.allSatisfy(\.isHexDigit) else { return [] }
    return try read {
      // All digits sort before "g", and the range, unlike a pattern, is looked up in the index.
      try storedRuns(
        $0, sql: "FROM run WHERE identity >= ? AND identity < ? ORDER BY identity",
        arguments: [prefix, prefix + "g"])
    }
  }

  /// Where a run stands in sweeps: the sweep's name and the variant's label, those of the sweep registered last first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func cells(of run: RunIdentity) throws -> [(sweep: String, variant: String)] {
    try read { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT sweep.name, variant.label FROM cell JOIN variant ON variant.id = cell.variant_id
          JOIN sweep ON sweep.id = variant.sweep_id WHERE cell.run_id = ?
          ORDER BY sweep.last_registered_at DESC, sweep.id DESC, variant.position
          """, arguments: [runRecord(run, database).id]
      ).map { (sweep: $0[0], variant: $0[1]) }
    }
  }

  /// The recorded epochs of a run in ascending order.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func epochs(of run: RunIdentity) throws -> [EpochRecord] {
    try read { database in
      let id = try runRecord(run, database).id
      var metrics = try epochMetrics(run: id, database)
      return try EpochTimingRecord.fetchAll(
        database, sql: "SELECT * FROM epoch_timing WHERE run_id = ? ORDER BY epoch", arguments: [id]
      ).map {
        EpochRecord(epoch: $0.epoch, metrics: metrics.removeValue(forKey: $0.epoch) ?? [:], timing: $0.timing)
      }
    }
  }

  /// The final record of a completed run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func finalRecord(of run: RunIdentity) throws -> FinalRecord? {
    try read { database in
      let id = try runRecord(run, database).id
      guard let row = try CompletionRecord.fetchOne(database, key: id) else { return nil }
      var record = FinalRecord(
        metrics: try finalMetrics(run: id, database), bestEpoch: row.bestEpoch, evaluatedEpoch: row.evaluatedEpoch,
        weightsHash: row.weightsHash)
      record.classes = try ClassMetricRecord.fetchAll(
        database, sql: "SELECT * FROM class_metric WHERE run_id = ? ORDER BY class", arguments: [id]
      ).map {
        FinalRecord.ClassMetrics(
          name: $0.name, support: $0.support, precision: $0.precision, recall: $0.recall, f1: $0.f1)
      }
      record.health = try HealthRecord.fetchAll(
        database, sql: "SELECT * FROM health WHERE run_id = ?", arguments: [id]
      ).map(\.note).inOrderOfChecks
      let counts = try String.fetchOne(
        database, sql: "SELECT counts FROM confusion_matrix WHERE run_id = ?", arguments: [id])
      record.confusion = try counts.map { try JSONValue(parsing: $0).decode() } ?? []
      return record
    }
  }

  /// The attempts at a run, the first one first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func attempts(at run: RunIdentity) throws -> [RunAttempt] {
    try read { database in
      try AttemptRecord.fetchAll(
        database, sql: "SELECT * FROM attempt WHERE run_id = ? ORDER BY number",
        arguments: [runRecord(run, database).id]
      ).map { try $0.attempt(at: run) }
    }
  }

  /// What happened to a run, in the order in which it happened.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func events(of run: RunIdentity) throws -> [RunEvent] {
    try read { database in
      try EventRecord.fetchAll(
        database, sql: "SELECT * FROM event WHERE run_id = ? ORDER BY id",
        arguments: [runRecord(run, database).id]
      ).map { RunEvent(date: $0.at, attempt: $0.attempt, kind: $0.kind, message: $0.message) }
    }
  }
}

extension StudyStore {
  func runRecord(_ identity: RunIdentity, _ database: Database) throws -> RunRecord {
    let record = try RunRecord.fetchOne(
      database, sql: "SELECT * FROM run WHERE identity = ?", arguments: [identity.hash.hexadecimal])
    guard let record else { throw RunStoreError.unknownRun(identity.short) }
    return record
  }

  func stored(_ record: RunRecord, _ database: Database) throws -> StoredRun {
    let attempts = try Int.fetchOne(
      database, sql: "SELECT COUNT(*) FROM attempt WHERE run_id = ?", arguments: [record.id])
    return try record.stored(attempts: attempts ?? 0)
  }

  /// The metrics of a run's epochs, by the epoch.
  private func epochMetrics(run: Int64, _ database: Database) throws -> [Int: Metrics] {
    let known = try MetricNames(database)
    var metrics: [Int: Metrics] = [:]
    let rows = try Row.fetchCursor(
      database, sql: "SELECT epoch, metric_id, value FROM epoch_value WHERE run_id = ? ORDER BY epoch, metric_id",
      arguments: [run])
    while let row = try rows.next() {
      guard let name = known.name(row[1]) else { continue }
      metrics[row[0], default: [:]].append(row[2] ?? .nan, as: name)
    }
    return metrics
  }

  private func finalMetrics(run: Int64, _ database: Database) throws -> Metrics {
    let known = try MetricNames(database)
    var metrics = Metrics()
    let rows = try Row.fetchCursor(
      database, sql: "SELECT metric_id, value FROM final_value WHERE run_id = ? ORDER BY metric_id", arguments: [run])
    while let row = try rows.next() {
      if let name = known.name(row[0]) { metrics.append(row[1] ?? .nan, as: name) }
    }
    return metrics
  }

  /// The runs of a query that begins with `FROM`.
  private func storedRuns(_ database: Database, sql: String, arguments: StatementArguments) throws -> [StoredRun] {
    let rows = try Row.fetchCursor(
      database,
      sql: "SELECT run.*, (SELECT COUNT(*) FROM attempt WHERE run_id = run.id) AS attempts \(sql)",
      arguments: arguments)
    let abandoned = try abandonedRuns(database)
    var runs: [StoredRun] = []
    while let row = try rows.next() {
      var run = try RunRecord(row: row).stored(attempts: row["attempts"])
      if abandoned.contains(row["id"]) { (run.state, run.reason) = (.interrupted, StudyStore.abandonment) }
      runs.append(run)
    }
    return runs
  }

  /// The runs that are on record as running but whose process has died: who reads sees them as what they are, and who
  /// claims one next writes it down.
  func abandonedRuns(_ database: Database) throws -> Set<Int64> {
    var abandoned: Set<Int64> = []
    for lease in try LeaseRecord.fetchAll(database) {
      let attempt = try AttemptRecord.fetchOne(
        database, sql: "SELECT * FROM attempt WHERE run_id = ? AND number = ?", arguments: [lease.runId, lease.attempt])
      if let attempt, !isLive(lease, attempt.owner, at: options.now()) { abandoned.insert(lease.runId) }
    }
    return abandoned
  }

  /// Why a run of a dead process was interrupted.
  static let abandonment = "its process ended without a word"
}
