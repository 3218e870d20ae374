import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Databases that are deleted, moved or replaced while a process has them open.
@Suite struct StorePlaceTests {
  private let folder = TestFolder()
  private let store: StudyStore
  private let claimed: ClaimedRun

  init() throws {
    store = try StudyStore(folder: folder.path("Results"))
    let sweep = try store.register(RunStoreSamples.sweep())
    claimed = try #require(try store.claimed("static", 0, sweep.id))
    try store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
  }

  private var path: String { store.path }

  private func gone(_ problem: String) -> RunStoreError { .storeGone(path: path, problem: problem) }

  /// Every way in which a process may learn of it.
  private func expectGone(_ problem: String) throws {
    let error = gone(problem)
    #expect(error.endsSweep)
    #expect(throws: error) { try store.record(RunStoreSamples.epoch(1), lease: claimed.lease) }
    #expect(throws: error) { try store.heartbeat(claimed.lease) }
    #expect(throws: error) { try store.finish(claimed.lease, .completed(RunStoreSamples.final())) }
    #expect(throws: error) { try store.confirm(completed: []) }
    #expect(throws: error) { try store.checkPlace() }
    // What the process itself holds can still be read, and is not that of another file.
    #expect(try store.epochs(of: claimed.lease.run).count == 2)
  }

  private func expectRescue() throws {
    let copy = try #require(try store.rescue())
    #expect(copy == folder.path("Results/labrun-rescued.sqlite"))
    let rescued = try DatabaseQueue(path: copy)
    #expect(try rescued.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM epoch") } == 2)
    try rescued.close()
    #expect(try store.rescue() == folder.path("Results/labrun-rescued-2.sqlite"), "an earlier copy is not overwritten")
  }

  @Test func aDeletedDatabaseIsNoticedAndSaved() throws {
    try FileManager.default.removeItem(atPath: path)
    try expectGone("was deleted or moved away")
    try expectRescue()
    #expect(!FileManager.default.fileExists(atPath: path + "-wal"), "its log is of no use to a new one")
    // In the place of the missing one the copy is the same store.
    try FileManager.default.moveItem(atPath: folder.path("Results/labrun-rescued.sqlite"), toPath: path)
    let again = try StudyStore(folder: folder.path("Results"))
    #expect(try again.epochs(of: claimed.lease.run).count == 2)
    #expect(try again.run(claimed.lease.run)?.state == .completed)
  }

  @Test func aDeletedFolderIsNoticedAndSaved() throws {
    try FileManager.default.removeItem(atPath: folder.path("Results"))
    try expectGone("was deleted or moved away")
    try expectRescue()
  }

  @Test func aReplacedDatabaseIsNoticedSavedAndLeftAlone() throws {
    do {
      let other = try StudyStore(folder: folder.path("Other"))
      _ = try other.register(RunStoreSamples.sweep(name: "other"))
    }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: folder.path("Other/labrun.sqlite"), toPath: path)
    try expectGone("was replaced by another file")
    try expectRescue()
    #expect(try StudyStore(folder: folder.path("Results")).sweeps().map(\.name) == ["other"])
  }

  @Test func aDatabaseThatIsOverwrittenInItsPlaceIsNoticed() throws {
    do {
      let other = try StudyStore(folder: folder.path("Other"))
      _ = try other.register(RunStoreSamples.sweep(name: "other"))
    }
    // As `cp` does it, which keeps the file's number.
    let other = try Data(contentsOf: URL(fileURLWithPath: folder.path("Other/labrun.sqlite")))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: other)
    try handle.close()
    try store.checkPlace()
    #expect(throws: gone("was overwritten by another file")) { try store.confirm(completed: []) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == other, "it is left as it is")
  }

  @Test func aMovedFolderIsNoticedAndItsNewPlaceNamed() throws {
    try FileManager.default.moveItem(atPath: folder.path("Results"), toPath: folder.path("Elsewhere"))
    let place = URL(fileURLWithPath: folder.path("Elsewhere")).resolvingSymlinksInPath().path
    try expectGone("was moved with its folder to \(place)")
    #expect(try store.rescue() == nil)
    #expect(!FileManager.default.fileExists(atPath: folder.path("Results")))
    #expect(try StudyStore(folder: folder.path("Elsewhere")).epochs(of: claimed.lease.run).count == 2)
  }

  @Test func aFileIsNotWrittenBesideAMissingDatabase() throws {
    let files = try store.heldFolder(for: claimed.lease)
    try FileManager.default.removeItem(atPath: folder.path("Results"))
    #expect(throws: gone("was deleted or moved away")) {
      try files.write(weights: [NamedTensor("w", [1], [0.0 as Float])], as: .final)
    }
  }

  @Test func whatLiesInItsPlaceIsConfirmed() throws {
    let run = claimed.lease.run
    try store.confirm(completed: [])
    #expect(throws: RunStoreError.self) { try store.confirm(completed: [run]) }
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    try store.confirm(completed: [run])
    // Another process that reads and writes is no reason to doubt it.
    let other = try StudyStore(folder: folder.path("Results"))
    let sweep = try #require(try other.sweeps().first)
    try store.confirm(completed: [run])
    _ = try other.claimed("static", 1, sweep.id)
    try store.confirm(completed: [run])
  }
}
