import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Records from where an attempt trains, and with what, and removes the epochs on record from there on.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws {
    try keep([.start(provenance, epoch: epoch, step: step)], lease: lease)
  }

  /// Records an epoch, in place of an earlier record of it.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func record(_ epoch: EpochRecord, lease: RunLease) throws { try keep([.epoch(epoch)], lease: lease) }

  /// Adds to the run's log.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    try keep([.log(kind, message, at: options.now())], lease: lease)
  }

  private func keep(_ entries: [CapsuleEntry], lease: RunLease) throws {
    try write { database in
      let run = try heldRun(lease, database)
      for entry in entries { try keep(entry, run: run, attempt: lease.attempt, database) }
    }
  }

  // MARK: Capsules

  /// How far the events of an attempt's capsule are in the store.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be read.
  public func capsulePosition(ofAttempt attempt: Int, lease: RunLease) throws -> CapsulePosition {
    try read { database in
      let run = try heldRun(lease, database)
      let sequence = try Int.fetchOne(
        database, sql: "SELECT capsule_sequence FROM attempt WHERE run_id = ? AND number = ?",
        arguments: [run, attempt])
      return CapsulePosition(attempt: attempt, sequence: sequence ?? 0)
    }
  }

  /// Takes events of a capsule over, all or nothing.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func ingest(_ entries: [CapsuleEntry], upTo position: CapsulePosition, lease: RunLease) throws {
    try write { database in
      let run = try heldRun(lease, database)
      for entry in entries { try keep(entry, run: run, attempt: position.attempt, database) }
      try note(position, run: run, database)
    }
  }

  /// Notes how far the events of a capsule are in the store.
  func note(_ position: CapsulePosition, run: Int64, _ database: Database) throws {
    try database.executeCached(
      sql: "UPDATE attempt SET capsule_sequence = ? WHERE run_id = ? AND number = ?",
      arguments: [position.sequence, run, position.attempt])
  }

  /// Keeps what happened in an attempt.
  private func keep(_ entry: CapsuleEntry, run: Int64, attempt: Int, _ database: Database) throws {
    switch entry {
    case .start(let provenance, let epoch, let step):
      try database.executeCached(
        sql: "UPDATE attempt SET provenance = ?, start_step = ? WHERE run_id = ? AND number = ?",
        arguments: [try JSONValue(encoding: provenance).canonicalText, step, run, attempt])
      try deleteEpochs(">= ?", epoch, run: run, database)
      try refreshTotals(run: run, database)
    case .epoch(let record):
      try deleteEpochs("= ?", record.epoch, run: run, database)
      try EpochTimingRecord(runId: run, epoch: record.epoch, record.timing).insert(database)
      try record.metrics.insert(run: run, epoch: record.epoch, database)
      try refreshTotals(run: run, database)
    case .log(let kind, let message, let date):
      try insertEvent(kind, message, run: run, attempt: attempt, at: date, database)
    }
  }
}

extension StudyStore {
  /// The row number of the run that a lease holds.
  func heldRun(_ lease: RunLease, _ database: Database) throws -> Int64 {
    let run = try Int64.fetchOne(
      database.cachedStatement(sql: "SELECT run_id FROM lease WHERE token = ?"), arguments: [lease.token.uuidString])
    guard let run else { throw RunStoreError.leaseLost(lease) }
    return run
  }

  /// Removes the records of the epochs for whose number a condition holds.
  func deleteEpochs(_ condition: String, _ epoch: Int, run: Int64, _ database: Database) throws {
    for table in ["epoch_timing", "epoch_value"] {
      try database.executeCached(
        sql: "DELETE FROM \(table) WHERE run_id = ? AND epoch \(condition)", arguments: [run, epoch])
    }
  }

  /// Brings the run's sums up to date with its epochs.
  func refreshTotals(run: Int64, _ database: Database) throws {
    try database.executeCached(
      sql: """
        UPDATE run SET (completed_epochs, train_seconds, images_per_second) = (
          SELECT COUNT(*), NULLIF(SUM(train_seconds), 0),
            NULLIF(SUM(images_per_second * train_seconds), 0) / NULLIF(SUM(train_seconds), 0)
          FROM epoch_timing WHERE run_id = run.id)
        WHERE id = ?
        """, arguments: [run])
  }

  func insertEvent(
    _ kind: RunEvent.Kind, _ message: String, run: Int64, attempt: Int, at date: Date, _ database: Database
  ) throws {
    try EventRecord(runId: run, attempt: attempt, at: date, kind: kind, message: message).insert(database)
  }

  /// Replaces the run's final record.
  func insert(_ record: FinalRecord, run: Int64, _ database: Database) throws {
    try discardFinal(run: run, database)
    try CompletionRecord(runId: run, record).insert(database)
    try record.metrics.insert(run: run, epoch: nil, database)
    for note in record.health { try HealthRecord(runId: run, note).insert(database) }
    guard let confusion = record.confusion else { return }
    for (index, (name, metrics)) in zip(record.classNames, confusion.classMetrics).enumerated() {
      try ClassMetricRecord(
        runId: run, class: index, name: name, support: metrics.support, precision: metrics.precision,
        recall: metrics.recall, f1: metrics.f1
      ).insert(database)
    }
    let counts = JSONValue.array(confusion.rows.map { .array($0.map { .integer($0) }) }).canonicalText
    try database.executeCached(
      sql: "INSERT INTO confusion_matrix (run_id, counts) VALUES (?, ?)", arguments: [run, counts])
  }
}

extension Database {
  /// Executes a statement that every run needs, and that is therefore prepared only once.
  func executeCached(sql: String, arguments: StatementArguments = []) throws {
    try cachedStatement(sql: sql).execute(arguments: arguments)
  }
}
