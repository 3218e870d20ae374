import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// Everything that a table needs of a sweep, at one instant.
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
        seeds: try seeds(sweep: id, database), variants: variants)
    }
  }

  /// The runs of each variant in the order of the seeds, by one query over cells and one over further metrics.
  private func snapshotRuns(sweep id: Int64, _ database: Database) throws -> [Int64: [SweepSnapshot.Run]] {
    let metricColumns = ["test", "validation"].flatMap { EvaluationColumns.names(split: $0) }
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT cell.variant_id, run.identity, run.seed, run.state, run.reason, run.completed_epochs,
          run.planned_epochs, run.train_seconds, run.images_per_second, run.id,
          \(metricColumns.map { "final.\($0)" }.joined(separator: ", "))
        FROM variant JOIN cell ON cell.variant_id = variant.id JOIN run ON run.id = cell.run_id
        LEFT JOIN final ON final.run_id = run.id
        WHERE variant.sweep_id = ? ORDER BY cell.variant_id, cell.position
        """, arguments: [id])
    let additional = try additionalMetrics(sweep: id, database)
    let health = try healthNotes(sweep: id, database)
    let abandoned = try abandonedRuns(database)
    var runs: [Int64: [SweepSnapshot.Run]] = [:]
    while let row = try rows.next() {
      var run = SweepSnapshot.Run(
        identity: RunIdentity(hash: ContentHash(hexadecimal: row[1])), seed: UInt64(bitPattern: row[2]),
        state: RunState(rawValue: row[3]) ?? .pending, reason: row[4], completedEpochs: row[5], plannedEpochs: row[6],
        trainSeconds: row[7], imagesPerSecond: row[8])
      if abandoned.contains(row[9]) { (run.state, run.reason) = (.interrupted, StudyStore.abandonment) }
      for (index, name) in metricColumns.enumerated() {
        if let value: Double = row[10 + index] { run.metrics[name] = value }
      }
      if let further = additional[row[9]] { run.metrics.merge(further) { current, _ in current } }
      run.health = health[row[9]]?.inOrderOfChecks ?? []
      runs[row[0], default: []].append(run)
    }
    return runs
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

  private func additionalMetrics(sweep id: Int64, _ database: Database) throws -> [Int64: [String: Double]] {
    let rows = try Row.fetchCursor(
      database,
      sql: """
        SELECT final_metric.run_id, final_metric.name, final_metric.value
        FROM variant JOIN cell ON cell.variant_id = variant.id
        JOIN final_metric ON final_metric.run_id = cell.run_id WHERE variant.sweep_id = ?
        """, arguments: [id])
    var metrics: [Int64: [String: Double]] = [:]
    while let row = try rows.next() {
      if let value: Double = row[2] { metrics[row[0], default: [:]][row[1]] = value }
    }
    return metrics
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
