import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The course of one metric of all completed runs of a sweep, by one query however many runs there are.
  ///
  /// - Parameters:
  ///   - id: the number of the sweep.
  ///   - choose: the metric, given those that the runs' last epochs have; nil for none.
  /// - Returns: the epochs of each run in ascending order, with that metric alone and without timings; a run without it is
  ///   not among them.
  /// - Throws: an error of the store where it cannot be read.
  package func courses(
    sweep id: Int64, _ choose: (Set<MetricName>) -> MetricName?
  ) throws -> [RunIdentity: [EpochRecord]] {
    try read { database in
      let wanted = """
        SELECT DISTINCT run.id AS id, run.identity AS identity, run.completed_epochs AS epochs
        FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
        WHERE variant.sweep_id = ? AND run.state = 'completed'
        """
      let known = try MetricNames(database)
      let last = try Int64.fetchAll(
        database,
        sql: """
          SELECT DISTINCT epoch_value.metric_id FROM (\(wanted)) AS wanted JOIN epoch_value ON
          epoch_value.run_id = wanted.id
          AND epoch_value.epoch = (SELECT MAX(epoch) FROM epoch_timing WHERE epoch_timing.run_id = wanted.id)
          """, arguments: [id])
      guard let name = choose(Set(last.compactMap(known.name))), let metric = known.id(of: name.key) else { return [:] }
      let rows = try Row.fetchCursor(
        database,
        sql: """
          SELECT wanted.id, wanted.identity, epoch_value.epoch, epoch_value.value FROM (\(wanted)) AS wanted
          JOIN epoch_value ON epoch_value.run_id = wanted.id AND epoch_value.metric_id = ?
          ORDER BY wanted.id, epoch_value.epoch
          """, arguments: [id, metric])
      let untimed = EpochRecord.Timing(
        trainSeconds: 0, evaluationSeconds: 0, imagesPerSecond: 0, meanStepMilliseconds: 0)
      var courses: [RunIdentity: [EpochRecord]] = [:]
      var (run, identity, epochs): (Int64?, RunIdentity?, [EpochRecord]) = (nil, nil, [])
      func keep() { if let identity { courses[identity] = epochs } }
      while let row = try rows.next() {
        if row[0] != run {
          keep()
          (run, identity, epochs) = (row[0], RunIdentity(hash: ContentHash(hexadecimal: row[1])), [])
        }
        var metrics = Metrics()
        metrics.append(row[3] ?? .nan, as: name)
        epochs.append(EpochRecord(epoch: row[2], metrics: metrics, timing: untimed))
      }
      keep()
      return courses
    }
  }
}
