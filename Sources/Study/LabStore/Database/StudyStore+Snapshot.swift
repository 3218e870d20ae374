import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Everything that a table needs of a sweep, at one instant.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func snapshot(sweep id: Int64) throws -> SweepSnapshot {
    try read { database in
      let record = try sweepRecord(id, database)
      var runs = try snapshotRuns(sweep: id, database)
      let configurations = try configurations(sweep: id, database)
      let testImageCounts = try testImageCounts(sweep: id, database)
      let variants = try variantRows(sweep: id, database).map { variant in
        SweepSnapshot.Variant(
          label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
          parameterCount: variant.parameterCount, multiplyAdds: variant.multiplyAdds,
          configuration: configurations[variant.id], testImageCount: testImageCounts[variant.id],
          runs: runs.removeValue(forKey: variant.id) ?? [])
      }
      return SweepSnapshot(
        id: id, name: record.name, createdAt: record.createdAt, factors: try factors(sweep: id, database),
        seeds: try seeds(sweep: id, database), variants: variants, analyses: try analyses(sweep: id, database))
    }
  }

  /// The runs of each variant in the order of the seeds, by one query over cells and one over metrics.
  private func snapshotRuns(sweep id: Int64, _ database: Database) throws -> [Int64: [SweepSnapshot.Run]] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT cell.variant_id, run.identity, run.seed, run.state, run.reason, run.completed_epochs,
          run.planned_epochs, run.train_seconds, run.images_per_second, run.id
        FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
        WHERE variant.sweep_id = ? ORDER BY cell.variant_id, cell.position
        """, arguments: [id])
    let metrics = try finalMetrics(sweep: id, database)
    let health = try healthNotes(sweep: id, database)
    let abandoned = try abandonedRuns(database)
    var runs: [Int64: [SweepSnapshot.Run]] = [:]
    while let row = try rows.next() {
      var run = SweepSnapshot.Run(
        identity: RunIdentity(hash: ContentHash(hexadecimal: row[1])), seed: UInt64(bitPattern: row[2]),
        state: RunState(rawValue: row[3]) ?? .pending, reason: row[4], metrics: metrics[row[9]] ?? [:],
        completedEpochs: row[5], plannedEpochs: row[6], trainSeconds: row[7], imagesPerSecond: row[8])
      if abandoned.contains(row[9]) { (run.state, run.reason) = (.interrupted, StudyStore.abandonment) }
      run.health = health[row[9]]?.inOrderOfChecks ?? []
      runs[row[0], default: []].append(run)
    }
    return runs
  }

  /// The final metrics of each run, those that are numbers.
  private func finalMetrics(sweep id: Int64, _ database: Database) throws -> [Int64: Metrics] {
    let known = try MetricNames(database)
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT final_value.run_id, final_value.metric_id, final_value.value
        FROM (SELECT DISTINCT cell.run_id FROM variant JOIN cell ON cell.variant_id = variant.id
          WHERE variant.sweep_id = ?) AS wanted
        JOIN final_value ON final_value.run_id = wanted.run_id WHERE final_value.value IS NOT NULL
        """, arguments: [id])
    var all: [Int64: Metrics] = [:]
    // The rows of a run come one after another.
    var (run, metrics): (Int64?, Metrics) = (nil, [:])
    while let row = try rows.next() {
      if row[0] != run {
        if let run { all[run] = metrics }
        (run, metrics) = (row[0], [:])
      }
      if let name = known.name(row[1]) { metrics.append(row[2], as: name) }
    }
    if let run { all[run] = metrics }
    return all
  }

  private func healthNotes(sweep id: Int64, _ database: Database) throws -> [Int64: [HealthNote]] {
    let records = try HealthRecord.fetchAll(
      database,
      sql: """
        SELECT DISTINCT health.* FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN health ON health.run_id = cell.run_id WHERE variant.sweep_id = ?
        """, arguments: [id])
    return Dictionary(grouping: records, by: \.runId).mapValues { $0.map(\.note) }
  }

  /// The configuration of each variant's first run.
  private func configurations(sweep id: Int64, _ database: Database) throws -> [Int64: JSONValue] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT variant.id, run.configuration, MIN(cell.position)
        FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
        WHERE variant.sweep_id = ? GROUP BY variant.id
        """, arguments: [id])
    var configurations: [Int64: JSONValue] = [:]
    while let row = try rows.next() { configurations[row[0]] = try JSONValue(parsing: row[1]) }
    return configurations
  }

  /// The number of test images behind each variant's results: what its classes add up to.
  private func testImageCounts(sweep id: Int64, _ database: Database) throws -> [Int64: Int] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT variant_id, MAX(images) FROM (
          SELECT variant.id AS variant_id, SUM(class_metric.support) AS images
          FROM variant JOIN cell ON cell.variant_id = variant.id
          JOIN class_metric ON class_metric.run_id = cell.run_id
          WHERE variant.sweep_id = ? GROUP BY variant.id, cell.run_id
        ) GROUP BY variant_id
        """, arguments: [id])
    var counts: [Int64: Int] = [:]
    while let row = try rows.next() { counts[row[0]] = row[1] }
    return counts
  }
}
