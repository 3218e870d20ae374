import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is removed of a store, and what nothing needs any more.
@Suite struct RemovalTests {
  private let folder = TestFolder()
  private let store: StudyStore

  init() throws { store = try StudyStore(folder: folder.path("Results")) }

  private func run(_ level: String, _ seed: UInt64) -> RunIdentity {
    RunStoreSamples.run(level: level, seed: seed).identity
  }

  private func register(_ name: String, _ levels: [String], _ seeds: [UInt64]) throws -> Int64 {
    try store.register(RunStoreSamples.sweep(name: name, levels: levels, seeds: seeds)).id
  }

  private func train(_ level: String, _ seed: UInt64, _ sweep: Int64, epochs: Int? = nil) throws {
    var life = TrainingLife()
    life.lastEpoch = epochs
    try life.live(in: store, run: run(level, seed), sweep: sweep)
  }

  private func isThere(_ run: RunIdentity) -> Bool {
    FileManager.default.fileExists(atPath: store.folder(of: run).path)
  }

  private func isWhole() throws -> Bool {
    try StoreExamination(store).problems.isEmpty && store.text("PRAGMA integrity_check") == "ok"
      && store.integer("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0
  }

  // MARK: Sweeps

  @Test func aSweepGoesWithTheRunsThatOnlyItNeeds() throws {
    let pilot = try register("pilot", ["static", "odconv-1x"], [0, 1])
    let ablation = try register("ablation", ["static"], [0, 1, 2])
    try train("static", 0, pilot)
    try train("odconv-1x", 0, pilot)
    try train("odconv-1x", 1, pilot, epochs: 2)
    try train("static", 2, ablation)
    let shared = (
      try store.run(run("static", 0)), try store.attempts(at: run("static", 0)).count,
      try store.events(of: run("static", 0)), try store.finalRecord(of: run("static", 0))
    )
    let removal = try store.removal(ofSweep: pilot)
    #expect(removal.sweep?.name == "pilot" && removal.trained == [])
    let labels = ([0, 1] as [UInt64]).map { "odconv-1x, seed \($0) (\(run("odconv-1x", $0).short))" }
    #expect(removal.removed.map(\.label) == labels)
    #expect(removal.removed.map(\.state) == [.completed, .interrupted] && removal.byteCount > 10_000)
    #expect(removal.kept.map(\.run) == [run("static", 0), run("static", 1)])
    #expect(removal.kept.map(\.sweeps) == [["ablation (sweep 2)"], ["ablation (sweep 2)"]])
    #expect(try store.sweeps().count == 2 && isThere(run("odconv-1x", 0)), "looking changes nothing")

    #expect(try store.remove(sweep: pilot) == removal)
    #expect(try store.sweeps().map(\.name) == ["ablation"])
    for seed in [0, 1] as [UInt64] {
      #expect(try store.run(run("odconv-1x", seed)) == nil && !isThere(run("odconv-1x", seed)))
    }
    #expect(try store.run(run("static", 0)) == shared.0 && store.attempts(at: run("static", 0)).count == shared.1)
    #expect(try store.events(of: run("static", 0)) == shared.2 && store.finalRecord(of: run("static", 0)) == shared.3)
    #expect(try store.sweep(ablation).runs.map(\.state) == [.completed, .pending, .completed])
    #expect(try isWhole())
    #expect(throws: RunStoreError.self) { try store.remove(sweep: pilot) }
    // The numbers of sweeps are not given twice.
    #expect(try register("pilot", ["static", "odconv-1x"], [0, 1]) == 3)
  }

  @Test func nothingOfASweepThatIsBeingTrainedGoes() throws {
    let sweep = try register("pilot", ["static", "odconv-1x"], [0])
    try train("static", 0, sweep)
    _ = try #require(try store.claimed("odconv-1x", 0, sweep))
    let label = "odconv-1x, seed 0 (\(run("odconv-1x", 0).short))"
    #expect(throws: StoreError.busy(run: label, owner: .current)) { try store.remove(sweep: sweep) }
    #expect(throws: StoreError.busy(run: run("odconv-1x", 0).short, owner: .current)) {
      try store.remove(run: run("odconv-1x", 0))
    }
    #expect(try store.removal(ofSweep: sweep).trained.map(\.label) == [label])
    #expect(try store.run(run("static", 0))?.state == .completed && isThere(run("static", 0)))
    #expect(try isWhole())
  }

  // MARK: Runs

  @Test func aRunIsForgottenAndTrainedAnew() throws {
    let sweep = try register("pilot", ["static"], [0, 1])
    try train("static", 0, sweep)
    let before = try store.finalRecord(of: run("static", 0))
    let removal = try store.remove(run: run("static", 0))
    #expect(removal.removed.map(\.sweeps) == [["pilot (sweep 1)"]] && removal.removed.map(\.state) == [.completed])
    let forgotten = try #require(try store.run(run("static", 0)))
    #expect(forgotten.state == .pending && forgotten.completedEpochs == 0 && forgotten.attempts == 0)
    #expect(try store.epochs(of: run("static", 0)) == [] && store.finalRecord(of: run("static", 0)) == nil)
    #expect(try store.events(of: run("static", 0)) == [] && !isThere(run("static", 0)))
    #expect(try isWhole())
    var life = TrainingLife()
    try life.live(in: store, run: run("static", 0), sweep: sweep)
    #expect(life.remarks == [])
    #expect(try store.finalRecord(of: run("static", 0)) == before)
    #expect(try isWhole())
  }

  @Test func filesThatLabrunHasNotWrittenStay() throws {
    let sweep = try register("pilot", ["static"], [0])
    try train("static", 0, sweep)
    let path = store.folder(of: run("static", 0)).path + "/notes.txt"
    try Data("mine".utf8).write(to: URL(fileURLWithPath: path))
    #expect(try store.removal(ofSweep: sweep).foreignFiles == [path])
    #expect(try store.remove(sweep: sweep).foreignFiles == [path])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: store.folder(of: run("static", 0)).path) == ["notes.txt"])
    #expect(folder.files.filter { $0.contains(".tmp-") } == [])
  }

  @Test func whatCannotBeRemovedIsLeftWhole() throws {
    // The system refuses nothing to its administrator.
    guard getuid() != 0 else { return }
    let sweep = try register("pilot", ["static"], [0, 1])
    for seed in [0, 1] as [UInt64] { try train("static", seed, sweep) }
    chmod(store.folder + "/runs", 0o555)
    defer { chmod(store.folder + "/runs", 0o755) }
    #expect(throws: FileError.self) { try store.remove(sweep: sweep) }
    #expect(try store.sweep(sweep).runs.map(\.state) == [.completed, .completed] && isWhole())
  }

  // MARK: Cleaning

  private func kinds(_ cleaning: StoreCleaning) -> [StoreCleaning.Kind: Int] {
    Dictionary(cleaning.items.map { ($0.kind, 1) }, uniquingKeysWith: +)
  }

  @Test func whatNothingNeedsGoes() throws {
    let sweep = try register("pilot", ["static", "odconv-1x"], [0, 1, 2])
    try train("static", 0, sweep)
    try train("static", 1, sweep, epochs: 2)
    try train("odconv-1x", 0, sweep)
    // A run that no sweep needs, as one whose cell another program has deleted.
    try DatabaseQueue(path: store.path).write {
      try $0.execute(
        sql: "DELETE FROM cell WHERE run_id = (SELECT id FROM run WHERE identity = ?)",
        arguments: [run("odconv-1x", 0).hash.hexadecimal])
    }
    let held = try #require(try store.claimed("odconv-1x", 1, sweep))
    let files = try store.heldFolder(for: held.lease)
    try files.write(Checkpoint(parameters: [NamedTensor("w", [1], [1 as Float])]))
    let completed = store.folder(of: run("static", 0)).path
    let dead = RunStoreSamples.deadProcess.pid == getpid() ? 99_999_999 : 99_999_998
    let unfinished = [
      "\(completed)/weights-best.h5.tmp-\(dead)-1", "\(store.folder)/archive.tmp-\(dead)-2",
      "\(store.folder)/runs/0123456789ab.tmp-\(dead)",
    ]
    let spared = [
      "\(completed)/weights-best.h5.tmp-\(getpid())-1", "\(files.folder.path)/checkpoint.h5.tmp-\(dead)-1",
      "\(completed)/notes.tmp-\(dead)", "\(completed)/checkpoint.h5.set-aside",
    ]
    let lock = "\(completed)/lesions-0123456789ab.h5.lock"
    for path in unfinished + spared + [lock] { try Data("x".utf8).write(to: URL(fileURLWithPath: path)) }

    let cleaning = try StoreCleaning(store)
    #expect(kinds(cleaning) == [.checkpoints: 1, .runs: 1, .leftovers: 3, .locks: 1] && cleaning.trainedCount == 1)
    #expect(cleaning.items.first?.path == "\(completed)/checkpoint.h5")
    #expect(cleaning.items.allSatisfy { $0.byteCount > 0 })
    #expect(try cleaning.clean([.leftovers]).map(\.path).sorted() == unfinished.sorted())
    #expect(try cleaning.clean([.checkpoints, .runs]).count == 2)
    #expect(try FileLock.hold(lock) { try cleaning.clean([.locks]) } == [])
    #expect(try cleaning.clean([.locks]).map(\.path) == [lock])
    for path in spared { #expect(FileManager.default.fileExists(atPath: path), "\(path)") }
    for path in unfinished + [lock] { #expect(!FileManager.default.fileExists(atPath: path), "\(path)") }
    #expect(try store.run(run("odconv-1x", 0)) == nil && !isThere(run("odconv-1x", 0)))
    #expect(try store.loss(of: run("static", 0)) == nil)
    #expect(store.folder(of: run("static", 1)).has(.checkpoint), "an interrupted run goes on from it")
    #expect(try StoreCleaning(store).items == [])
    for path in spared where path.contains(".tmp-") { unlink(path) }
    #expect(try StoreExamination(store).problems.allSatisfy { $0.severity == .note })
    try store.finish(held.lease, .interrupted(reason: "stopped"))
  }

  /// A checkpoint goes only when the result is on record, and nobody misses it.
  @Test(arguments: [true, false])
  func completedRunsKeepTheirCheckpointWhereTheyAreToldSo(keeps: Bool) throws {
    let store = try StudyStore(folder: folder.path("keeping"), options: .init(keepsCheckpoints: keeps))
    let sweep = try store.register(RunStoreSamples.sweep()).id
    for (seed, epochs) in [(0, nil), (1, 2)] as [(UInt64, Int?)] {
      var life = TrainingLife()
      life.lastEpoch = epochs
      try life.live(in: store, run: run("static", seed), sweep: sweep)
    }
    #expect(try store.run(run("static", 0))?.state == .completed)
    #expect(store.folder(of: run("static", 0)).has(.checkpoint) == keeps)
    #expect(store.folder(of: run("static", 1)).has(.checkpoint))
    #expect(try store.loss(of: run("static", 0)) == nil && StoreExamination(store).problems == [])
  }

  @Test func whatHasComeToBeNeededStays() throws {
    let sweep = try register("pilot", ["static"], [0])
    try train("static", 0, sweep)
    let cleaning = try StoreCleaning(store)
    #expect(kinds(cleaning) == [.checkpoints: 1])
    // Somebody trains the run anew meanwhile.
    unlink(store.folder(of: run("static", 0)).path(of: .finalWeights))
    let claimed = try #require(try store.claimed("static", 0, sweep))
    #expect(try cleaning.clean(Set(StoreCleaning.Kind.allCases)) == [])
    #expect(store.folder(of: run("static", 0)).has(.checkpoint))
    try store.finish(claimed.lease, .interrupted(reason: "stopped"))
  }
}
