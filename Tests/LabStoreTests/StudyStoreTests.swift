import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

@Suite struct StudyStoreTests {
  @Test(arguments: RunStoreConformance.checks) func conforms(check: RunStoreConformance.Check) throws {
    let folder = TestFolder()
    try check.run { clock, patience in
      try StudyStore(folder: folder.path, options: .init(patienceSeconds: patience, now: { clock.now }))
    }
  }

  /// Every call through another connection, as another process would make it.
  @Test(arguments: RunStoreConformance.checks) func conformsAcrossConnections(check: RunStoreConformance.Check) throws {
    let folder = TestFolder()
    try check.run { clock, patience in
      try AlternatingRunStore {
        try StudyStore(folder: folder.path, options: .init(patienceSeconds: patience, now: { clock.now }))
      }
    }
  }

  @Test func isDurableAndConsistent() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    #expect(try store.pragma("foreign_keys") == 1)
    #expect(try store.text("PRAGMA journal_mode") == "wal")
    #expect(try store.pragma("synchronous") == 2, "FULL: an epoch must not be behind the checkpoint that follows it")
    _ = try store.register(RunStoreSamples.sweep())
    #expect(try store.integer("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0)
    #expect(try store.text("PRAGMA integrity_check") == "ok")
  }

  @Test func readersSeeEachCommitWhileAWriterIsAtWork() throws {
    let folder = TestFolder()
    let writer = try StudyStore(folder: folder.path)
    let sweep = try writer.register(RunStoreSamples.sweep())
    let reader = try StudyStore(reading: folder.path)
    #expect(reader.isReadOnly)
    let claimed = try #require(try writer.claimed("static", 0, sweep.id))
    for epoch in 0..<3 {
      try writer.record(RunStoreSamples.epoch(epoch), lease: claimed.lease)
      #expect(try reader.sweep(sweep.id).variants[0].runs[0].completedEpochs == epoch + 1)
    }
    #expect(throws: StoreError.readOnly(path: writer.path)) {
      try reader.record(RunStoreSamples.epoch(3), lease: claimed.lease)
    }
  }

  @Test func aRunOfADeadProcessIsNotShownAsRunning() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    let registration = RunStoreSamples.sweep()
    let sweep = try store.register(registration)
    let runs = registration.variants[0].runs.map(\.identity)
    // This process's number, but another start: a process that has died since.
    var dead = ProcessIdentity.current
    dead.startTime -= 1
    let progress = RunProgress(epoch: 0, epochs: 2, step: 3, stepsPerEpoch: 8, loss: .nan)
    for (run, owner) in zip(runs, [dead, .current]) {
      let result = try store.claim(run, sweep: sweep.id, owner: owner, policy: .unfinished)
      guard case .claimed(let claimed) = result else { throw RunStoreError.unknownRun(run.short) }
      try store.heartbeat(claimed.lease, progress: progress)
    }
    let reader = try StudyStore(reading: folder.path)
    // What a dead process said last is of the past; of a loss that is no number nothing is kept.
    #expect(try reader.sweep(sweep.id).variants[0].runs.map(\.progress?.step) == [nil, 3, nil])
    #expect(try reader.run(runs[0])?.progress == nil)
    #expect(try reader.run(runs[1])?.progress?.loss == nil)
    #expect(try reader.sweep(sweep.id).variants[0].runs.map(\.state) == [.interrupted, .running, .pending])
    #expect(try reader.sweep(sweep.id).runs.prefix(3).map(\.state) == [.interrupted, .running, .pending])
    #expect(try reader.run(runs[0])?.reason == "its process ended without a word")
    #expect(try store.integer("SELECT COUNT(*) FROM run WHERE state = 'running'") == 2, "readers change nothing")
  }

  @Test func aRunKnowsTheSweepsThatItBelongsTo() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    let small = RunStoreSamples.sweep(name: "small", levels: ["static"])
    let large = RunStoreSamples.sweep(name: "large", levels: ["static", "odconv-1x"])
    for sweep in [small, large] { _ = try store.register(sweep) }
    let shared = try store.cells(of: small.variants[0].runs[0].identity)
    #expect(shared.map(\.sweep) == ["large", "small"])
    #expect(shared.map(\.variant) == ["static", "static"])
    #expect(try store.cells(of: large.variants[1].runs[0].identity).map(\.variant) == ["odconv-1x"])
  }

  @Test func theResultsViewServesOtherPrograms() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    let sweep = try store.register(RunStoreSamples.sweep())
    try store.finish(
      #require(try store.claimed("odconv-1x", 2, sweep.id)).lease, .completed(RunStoreSamples.final()))
    #expect(try store.integer("SELECT COUNT(*) FROM result") == 9)
    #expect(
      try store.text(
        """
        SELECT variant || ' ' || seed || ' ' || state || ' ' || test_top5_accuracy FROM result
        WHERE test_accuracy IS NOT NULL
        """) == "odconv-1x 2 completed 0.75")
  }

  @Test func discardedFilesAreRemovedEvenAfterACrash() throws {
    let folder = TestFolder()
    let clock = ManualClock()
    let store = try StudyStore(folder: folder.path, options: .init(now: { clock.now }))
    let sweep = try store.register(RunStoreSamples.sweep())
    let first = try #require(try store.claimed("static", 0, sweep.id))
    let files = try store.heldFolder(for: first.lease)
    try files.write(Checkpoint(parameters: [NamedTensor("w", [1], [1.0 as Float])]))
    try store.finish(first.lease, .interrupted(reason: "stopped"))
    clock.advance(seconds: 1)
    // A process that died between the claim and the removal leaves the mark behind.
    try DatabaseQueue(path: store.path).write { try $0.execute(sql: "UPDATE run SET discards_files = TRUE") }
    let second = try #require(try store.claimed("static", 0, sweep.id))
    #expect(try store.heldFolder(for: second.lease).folder.readCheckpoint().checkpoint == nil)
    #expect(try store.integer("SELECT SUM(discards_files) FROM run WHERE id = 1") == 0)
    try store.heldFolder(for: second.lease).write(Checkpoint(parameters: [NamedTensor("w", [1], [2.0 as Float])]))
    try store.finish(second.lease, .interrupted(reason: "stopped"))
    clock.advance(seconds: 1)
    let third = try #require(try store.claimed("static", 0, sweep.id, .fresh(endedBefore: clock.now)))
    #expect(!store.folder(of: third.lease.run).has(.checkpoint))
  }
}

extension StudyStore {
  func text(_ sql: String) throws -> String? {
    try DatabaseQueue(path: path).read { try String.fetchOne($0, sql: sql) }
  }

  /// Claims a run of the sample sweep for this process; nil where it is not free.
  func claimed(
    _ level: String, _ seed: UInt64, _ sweep: Int64, _ policy: ClaimPolicy = .unfinished,
    owner: ProcessIdentity = .current
  ) throws -> ClaimedRun? {
    let run = RunStoreSamples.run(level: level, seed: seed).identity
    if case .claimed(let claimed) = try claim(run, sweep: sweep, owner: owner, policy: policy) {
      return claimed
    }
    return nil
  }
}
