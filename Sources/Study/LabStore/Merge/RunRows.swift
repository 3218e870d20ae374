import Foundation
import GRDB
import LabCore
import LabRecords

/// How a run stands in a store, as far as it decides whether another store's takes its place.
struct RunStanding {
  var record: RunRecord
  /// The state; a run whose process has died is interrupted.
  var state: RunState
  /// The process that trains it; nil where none does.
  var trainer: ProcessIdentity?
  /// Whether there is a checkpoint to go on from.
  var hasCheckpoint: Bool
  /// Whether processes that trained it have told something that is not on record yet.
  var hasCapsule: Bool
  /// Why its results cannot be found, where it counts as completed.
  var loss: String?
  /// The number of attempts at it.
  var attemptCount: Int
}

/// Everything that a database has on record of a run.
struct RunRows {
  /// The tables whose rows are copied as they are, but for the numbers of runs, sweeps and events.
  ///
  /// Metrics have numbers of their own in each database, the table `file` says what was taken, and a run with a lease is not
  /// copied.
  static let copiedTables = [
    "attempt", "event", "epoch_timing", "completion", "health", "class_metric", "confusion_matrix",
  ]

  /// The state; a run whose process has died is interrupted.
  var state: RunState
  /// The row of `run`.
  var run: StoredRow
  /// The rows of ``copiedTables``.
  var tables: [String: [StoredRow]]
  /// What was measured in each epoch.
  var epochMetrics: [Int: Metrics]
  /// The result; nil where the run is not completed.
  var final: FinalRecord?
  /// What the run's files are.
  var files: [FileRecord]
  /// Whether a version of the program has trained it that noted no files.
  var isOfEarlierVersion: Bool
  /// The number of attempts at it.
  var attemptCount: Int { tables["attempt"]?.count ?? 0 }
}

extension StudyStore {
  func standing(of identity: RunIdentity, _ database: Database) throws -> RunStanding {
    let record = try runRecord(identity, database)
    let folder = folder(of: identity)
    var standing = RunStanding(
      record: record, state: record.state, hasCheckpoint: folder.has(.checkpoint) || folder.has(.previousCheckpoint),
      hasCapsule: !capsules(of: identity).isEmpty, loss: try loss(of: record, database),
      attemptCount: try Int.fetchOne(
        database, sql: "SELECT COUNT(*) FROM attempt WHERE run_id = ?", arguments: [record.id]) ?? 0)
    if record.state == .running {
      let held = try holder(of: record.id, database)
      standing.trainer = held.flatMap { isLive($0.lease, $0.owner, at: options.now()) ? $0.owner : nil }
      if standing.trainer == nil { standing.state = .interrupted }
    }
    return standing
  }

  /// The capsules of a run that are left, whose attempts ended before all that they tell was on record.
  func capsules(of run: RunIdentity) -> [String] {
    let folder = "\(folder)/capsules"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasPrefix("\(run.short)-") }.sorted().map { "\(folder)/\($0)" }
  }

  /// The lease of a run and its owner; nil where nobody holds it.
  private func holder(of run: Int64, _ database: Database) throws -> (lease: LeaseRecord, owner: ProcessIdentity)? {
    guard let lease = try LeaseRecord.fetchOne(database, key: run) else { return nil }
    let attempt = try AttemptRecord.fetchOne(
      database, sql: "SELECT * FROM attempt WHERE run_id = ? AND number = ?", arguments: [run, lease.attempt])
    return attempt.map { (lease, $0.owner) }
  }

  /// Reads a run that nobody trains; a dead process's attempt is ended as the next claim of the run would end it.
  func rows(of identity: RunIdentity, _ database: Database) throws -> RunRows {
    let record = try runRecord(identity, database)
    var rows = RunRows(
      state: record.state, run: try StoredRow.fetch("run", "WHERE id = ?", [record.id], database)[0], tables: [:],
      epochMetrics: try epochMetrics(run: record.id, database), final: try finalRecord(run: record.id, database),
      files: try FileRecord.filter(sql: "run_id = ?", arguments: [record.id]).fetchAll(database),
      isOfEarlierVersion: false)
    for table in RunRows.copiedTables {
      let order = table == "event" ? "ORDER BY id" : table == "attempt" ? "ORDER BY number" : ""
      rows.tables[table] = try StoredRow.fetch(table, "WHERE run_id = ? \(order)", [record.id], database)
    }
    var attempts = rows.tables["attempt"] ?? []
    rows.isOfEarlierVersion = attempts.last.map { ($0["token"] as String?) == nil } ?? false
    if record.state == .running {
      rows.state = .interrupted
      if let (lease, _) = try holder(of: record.id, database) {
        rows.run["reason"] = StudyStore.abandonment
        if let index = attempts.firstIndex(where: { $0["number"] == lease.attempt }) {
          attempts[index]["ended_at"] = lease.heartbeatAt
          attempts[index]["exit_state"] = RunState.interrupted.rawValue
          attempts[index]["exit_reason"] = StudyStore.abandonment
        }
      }
      rows.run["state"] = rows.state.rawValue
    }
    // Files tell in which database their attempt was recorded.
    let token = try String.fetchOne(database, sql: "SELECT token FROM store")
    for index in attempts.indices {
      let (own, other): (String?, String?) = (attempts[index]["token"], attempts[index]["database"])
      if own != nil, other == nil { attempts[index]["database"] = token }
    }
    rows.tables["attempt"] = attempts
    return rows
  }

  /// Puts a run of another database in the place of what is on record of it here.
  ///
  /// - Parameters:
  ///   - rows: what the other database has.
  ///   - seals: the seals of the files that were taken.
  ///   - run: the number of the run here.
  ///   - sweep: the number here of a sweep there.
  func replace(
    _ run: Int64, by rows: RunRows, seals: [RunFolder.File: FileSeal], sweep: (Int64) -> Int64, _ database: Database
  ) throws {
    try deleteEpochs(">= ?", 0, run: run, database)
    try discardFinal(run: run, database)
    for table in ["attempt", "event", "file", "lease"] {
      try database.executeCached(sql: "DELETE FROM \(table) WHERE run_id = ?", arguments: [run])
    }
    for table in RunRows.copiedTables {
      for var row in rows.tables[table] ?? [] {
        row["run_id"] = run
        if table == "event" { row.remove("id") }
        if table == "attempt" {
          row["sweep_id"] = sweep(row["sweep_id"] ?? 0)
          if let token, row["database"] == token { row["database"] = nil as String? }
        }
        try row.insert(into: table, database)
      }
    }
    for (epoch, metrics) in rows.epochMetrics.sorted(by: { $0.key < $1.key }) {
      try metrics.insert(run: run, epoch: epoch, database)
    }
    if let final = rows.final { try final.metrics.insert(run: run, epoch: nil, database) }
    for (file, seal) in seals { try note(seal, of: file, run: run, database) }
    var row = rows.run
    row["discards_files"] = false
    try row.update("run", id: run, database)
  }
}
