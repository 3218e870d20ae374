import Foundation
import GRDB
import LabCore
import LabRecords
import LabStats

extension StudyStore {
  /// The run of an identity, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func run(_ identity: RunIdentity) throws -> Run? {
    try read { try runs(.identity(identity), held: heldRuns($0), $0).first?.run }
  }

  /// The runs whose identity starts with hexadecimal digits, in the order of their identities.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func runs(identityPrefix prefix: String) throws -> [Run] {
    let prefix = prefix.lowercased()
    guard !prefix.isEmpty, prefix.allSatisfy(\.isHexDigit) else { return [] }
    // All digits sort before "g", and the range, unlike a pattern, is looked up in the index.
    let query = RunQuery.runs(
      where: "run.identity >= ? AND run.identity < ?", order: "ORDER BY run.identity",
      arguments: [prefix, prefix + "g"])
    return try read { try runs(query, held: heldRuns($0), $0).map(\.run) }
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
    try read { try finalRecord(run: runRecord(run, $0).id, $0) }
  }

  func finalRecord(run id: Int64, _ database: Database) throws -> FinalRecord? {
    guard let row = try CompletionRecord.fetchOne(database, key: id) else { return nil }
    var record = FinalRecord(
      metrics: try finalMetrics(run: id, database), bestEpoch: row.bestEpoch, evaluatedEpoch: row.evaluatedEpoch,
      weightsHash: row.weightsHash)
    record.classNames = try String.fetchAll(
      database, sql: "SELECT name FROM class_metric WHERE run_id = ? ORDER BY class", arguments: [id])
    record.health = try HealthRecord.fetchAll(
      database, sql: "SELECT * FROM health WHERE run_id = ?", arguments: [id]
    ).map(\.note).inOrderOfChecks
    let counts = try String.fetchOne(
      database, sql: "SELECT counts FROM confusion_matrix WHERE run_id = ?", arguments: [id])
    record.confusion = try counts.map { text in
      let rows: [[Int]] = try JSONValue(parsing: text).decode()
      return try ConfusionMatrix(classCount: rows.count, counts: rows.flatMap(\.self))
    }
    return record
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

  /// The metrics of a run's epochs, by the epoch.
  func epochMetrics(run: Int64, _ database: Database) throws -> [Int: Metrics] {
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
}
