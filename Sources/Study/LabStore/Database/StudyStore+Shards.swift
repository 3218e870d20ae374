import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Keeps that a part of a sweep is trained here by itself, where it is not on record yet.
  ///
  /// - Parameters:
  ///   - shard: the part.
  ///   - id: the number of the sweep.
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be written.
  public func register(_ shard: Shard, sweep id: Int64) throws {
    let now = options.now()
    try write { database in
      _ = try sweepRecord(id, database)
      try insert(shard, sweep: id, at: now, database)
    }
  }

  func insert(_ shard: Shard, sweep id: Int64, at date: Date, _ database: Database) throws {
    try database.execute(
      sql: "INSERT OR IGNORE INTO shard (sweep_id, count, number, registered_at) VALUES (?, ?, ?, ?)",
      arguments: [id, shard.count, shard.number, date])
  }

  /// The parts of a sweep that were trained by themselves.
  func shards(sweep id: Int64, _ database: Database) throws -> [Shard] {
    let rows = try Row.fetchAll(
      database, sql: "SELECT number, count FROM shard WHERE sweep_id = ? ORDER BY count, number", arguments: [id])
    return rows.map { Shard(number: $0[0], count: $0[1]) }
  }
}
