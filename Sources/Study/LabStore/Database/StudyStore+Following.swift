import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// A number that is another one whenever another process, or another connection, has written something.
  ///
  /// Asking reads no table, and like all reading keeps nobody from writing.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func dataVersion() throws -> Int { try integer("PRAGMA data_version") ?? 0 }

  /// What is going on in the runs of a sweep: when they began and ended, and the last epoch of those that are trained.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func activities(sweep id: Int64) throws -> [RunIdentity: RunActivity] {
    try read { database in
      let query = RunQuery.sweep(id)
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT run.id, run.identity, run.ended_at, run.state, attempt.started_at, attempt.host, attempt.process_scope,
            attempt.pid, attempt.process_start
          FROM (\(query.ids)) AS wanted JOIN run ON run.id = wanted.id JOIN attempt ON attempt.run_id = run.id
          WHERE attempt.number = (SELECT MAX(number) FROM attempt WHERE attempt.run_id = run.id)
          """, arguments: query.arguments)
      var activities: [RunIdentity: RunActivity] = [:]
      for row in rows {
        let identity = RunIdentity(hash: ContentHash(hexadecimal: row[1]))
        var activity = RunActivity(
          startedAt: row[4], endedAt: row[2],
          owner: ProcessIdentity(host: row[5], scope: row[6], pid: row[7], startTime: row[8]))
        if RunState(rawValue: row[3]) == .running { activity.lastEpoch = try lastEpoch(run: row[0], database) }
        activities[identity] = activity
      }
      return activities
    }
  }

  private func lastEpoch(run id: Int64, _ database: Database) throws -> EpochRecord? {
    let timing = try EpochTimingRecord.fetchOne(
      database, sql: "SELECT * FROM epoch_timing WHERE run_id = ? ORDER BY epoch DESC LIMIT 1", arguments: [id])
    guard let timing else { return nil }
    let known = try MetricNames(database)
    var metrics = Metrics()
    let rows = try Row.fetchAll(
      database, sql: "SELECT metric_id, value FROM epoch_value WHERE run_id = ? AND epoch = ? ORDER BY metric_id",
      arguments: [id, timing.epoch])
    for row in rows {
      if let name = known.name(row[0]) { metrics.append(row[1] ?? .nan, as: name) }
    }
    return EpochRecord(epoch: timing.epoch, metrics: metrics, timing: timing.timing)
  }
}
