import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Databases of earlier versions, from `Fixtures/released.sql`.
@Suite struct MigrationTests {
  private let folder = TestFolder()

  /// The database of a completed sweep, as the first release left it.
  private func released() throws -> String {
    let script = try #require(Bundle.module.url(forResource: "Fixtures/released", withExtension: "sql"))
    let path = folder.path("labrun.sqlite")
    // A dump has its tables by name, not in the order in which they refer to each other.
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: path, configuration: configuration).writeWithoutTransaction {
      try $0.execute(sql: String(contentsOf: script, encoding: .utf8))
    }
    return path
  }

  private func check(_ store: StudyStore) throws {
    let sweep = try #require(store.sweeps().first)
    let runs = try store.runs(sweep: sweep.id)
    #expect(runs.map(\.state) == [.completed, .completed])
    #expect(runs.map(\.identity.short) == ["ae76a3334748", "74436f46e2e7"])
    let snapshot = try store.snapshot(sweep: sweep.id)
    for (variant, run) in zip(snapshot.variants, runs) {
      let final = try #require(try store.finalRecord(of: run.identity))
      #expect(final.test.accuracy > 0 && final.test.logLoss == nil && final.validation?.logLoss == nil)
      #expect(final.bestEpoch != nil && final.evaluatedEpoch == nil && final.health.isEmpty)
      #expect(variant.runs[0].metrics["test_accuracy"] == final.test.accuracy)
      #expect(variant.runs[0].metrics["test_log_loss"] == nil && variant.runs[0].health.isEmpty)
      #expect(try store.epochs(of: run.identity).map(\.metrics.test?.logLoss) == [nil, nil])
    }
  }

  @Test func aStoreOfAnEarlierVersionIsReadWithoutBeingChanged() throws {
    let path = try released()
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    try check(StudyStore(reading: folder.path))
    chmod(path, 0o444)
    chmod(folder.path, 0o555)
    try check(StudyStore(reading: folder.path))
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
  }

  @Test func aStoreOfAnEarlierVersionIsUpgradedWhereItIsWritten() throws {
    _ = try released()
    let store = try StudyStore(folder: folder.path)
    try check(store)
    #expect(try store.text("PRAGMA integrity_check") == "ok")
    // What new runs keep finds its place beside the old ones.
    let sweep = try store.register(RunStoreSamples.sweep())
    let claimed = try #require(try store.claimed("static", 0, sweep.id))
    try store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    #expect(try store.finalRecord(of: claimed.lease.run) == RunStoreSamples.final())
    #expect(try store.integer("SELECT COUNT(*) FROM result WHERE test_log_loss = 2 AND evaluated_epoch = 2") == 1)
    #expect(try store.integer("SELECT COUNT(*) FROM health WHERE kind = 'late_collapse' AND value = 0.4") == 1)
  }
}
