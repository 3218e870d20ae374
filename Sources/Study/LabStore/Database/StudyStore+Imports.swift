import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Stores a sweep that was trained elsewhere, with all its results or not at all.
  ///
  /// The same sweep again changes nothing but when it was last registered. Its runs have no attempts and no files.
  ///
  /// - Throws: ``LabRecords/RunStoreError/nameTaken(sweep:id:)`` where a sweep of the name has other content;
  ///   ``LabRecords/RunStoreError/invalidRegistration(sweep:problem:)``; an error of the store where it cannot be written.
  public func store(_ imported: ImportedSweep) throws -> StoredSweep {
    let sweep = imported.sweep
    guard let record = sweep.imported, !sweep.variants.isEmpty else {
      throw RunStoreError.invalidRegistration(sweep: sweep.name, problem: "it has no variants, or is no import")
    }
    let text = try JSONValue(encoding: record).canonicalText
    let planHash = sweep.planHash
    let now = options.now()
    return try write { database in
      let known = try Int64.fetchOne(
        database, sql: "SELECT id FROM sweep WHERE plan_hash = ?", arguments: [planHash.hexadecimal])
      let id: Int64
      if let known {
        id = known
        try database.execute(sql: "UPDATE sweep SET last_registered_at = ? WHERE id = ?", arguments: [now, id])
      } else {
        let other = try Int64.fetchOne(
          database, sql: "SELECT id FROM sweep WHERE name = ? ORDER BY id DESC", arguments: [sweep.name])
        if let other { throw RunStoreError.nameTaken(sweep: sweep.name, id: other) }
        id = try insert(sweep, planHash: planHash, at: now, database)
        try database.execute(sql: "UPDATE sweep SET imported = ? WHERE id = ?", arguments: [text, id])
        for run in sweep.runs { try insert(imported.results[run.identity], of: run.identity, at: now, database) }
      }
      guard let stored = try storedSweeps(database, id: id).first else {
        throw RunStoreError.unknownSweep(String(id))
      }
      return stored
    }
  }

  /// Stores what is known of an imported run, unless an earlier import of the same file has.
  private func insert(
    _ result: ImportedSweep.Result?, of identity: RunIdentity, at now: Date, _ database: Database
  ) throws {
    let row = try runRecord(identity, database)
    guard let result, row.state == .pending else { return }
    for epoch in result.epochs {
      try EpochTimingRecord(runId: row.id, epoch: epoch.epoch, epoch.timing).insert(database)
      try epoch.metrics.insert(run: row.id, epoch: epoch.epoch, database)
    }
    try refreshTotals(run: row.id, database)
    if case .completed(let final) = result.outcome { try insert(final, run: row.id, database) }
    try database.executeCached(
      sql: """
        UPDATE run SET state = ?, reason = ?, ended_at = ?, train_seconds = COALESCE(?, train_seconds),
          images_per_second = COALESCE(?, images_per_second) WHERE id = ?
        """,
      arguments: [
        result.outcome.state.rawValue, result.outcome.reason, now, result.trainSeconds, result.imagesPerSecond, row.id,
      ])
  }
}
