import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

@Suite struct StoreExaminationTests {
  private let folder = TestFolder()
  private let store: StudyStore
  private let run = RunStoreSamples.run(level: "static", seed: 0).identity
  private let unfinished = RunStoreSamples.run(level: "static", seed: 1).identity

  init() throws {
    store = try StudyStore(folder: folder.path("Results"))
    let sweep = try store.register(RunStoreSamples.sweep()).id
    var life = TrainingLife()
    try life.live(in: store, run: run, sweep: sweep)
    var killed = TrainingLife()
    killed.lastEpoch = 2
    try killed.live(in: store, run: unfinished, sweep: sweep)
  }

  private func change(_ sql: String) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    try DatabaseQueue(path: store.path, configuration: configuration).write { try $0.execute(sql: sql) }
  }

  private func problems(_ severity: StoreProblem.Severity = .problem) throws -> [StoreProblem] {
    let examination = try StoreExamination(StudyStore(reading: folder.path("Results")))
    return examination.problems.filter { $0.severity == severity }
  }

  /// Expects one problem, at a file, whose text contains some words.
  private func expectProblem(_ path: String, _ words: String, _ location: Testing.SourceLocation = #_sourceLocation)
    throws
  {
    let found = try problems()
    #expect(found.count == 1, "\(found)", sourceLocation: location)
    #expect(found.first?.path == path, sourceLocation: location)
    #expect(found.first?.text.contains(words) == true, "\(found)", sourceLocation: location)
    #expect(found.first?.remedy.isEmpty == false, sourceLocation: location)
  }

  private func path(_ file: RunFolder.File, _ run: RunIdentity? = nil) -> String {
    store.folder(of: run ?? self.run).path(of: file)
  }

  @Test func aStoreThatFitsHasNoProblems() throws {
    #expect(try problems() == [])
    #expect(try problems(.note) == [])
    // Two files of the completed run, beside its checkpoint, and three of the other.
    let examination = try StoreExamination(store)
    #expect(examination.fileCount == 6)
    #expect(examination.runCount == 9)
  }

  @Test(arguments: [RunFolder.File.checkpoint, .finalWeights, .bestWeights]) func findsOneBit(file: RunFolder.File)
    throws
  {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path(file)))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(fileURLWithPath: path(file)))
    try expectProblem(path(file), "its content is not what was written")
  }

  @Test func findsAMissingFile() throws {
    try FileManager.default.removeItem(atPath: path(.finalWeights))
    try expectProblem(path(.finalWeights), "is gone")
  }

  @Test func aMissingCheckpointOfACompletedRunIsOnlyNoted() throws {
    try FileManager.default.removeItem(atPath: path(.checkpoint))
    #expect(try problems() == [])
    #expect(try problems(.note).map(\.path) == [path(.checkpoint)])
  }

  @Test func findsAnotherFileOfTheRun() throws {
    var content = try store.folder(of: run).content(of: .bestWeights)
    content.attributes["accuracy"] = .number(0.5)
    try ResultFile.write(content, format: "labrun-weights", to: path(.bestWeights))
    try expectProblem(path(.bestWeights), "not the one that the run stored")
  }

  @Test func findsAnotherHashOfWeights() throws {
    try change("UPDATE completion SET weights_hash = '\(ContentHash(of: "others"))'")
    try expectProblem(path(.finalWeights), "holds other weights than those whose hash the database has")
  }

  @Test func findsBestWeightsOfAnotherEpoch() throws {
    try change("UPDATE completion SET best_epoch = 0")
    try expectProblem(path(.bestWeights), "is not of epoch 1, the best one")
  }

  @Test func findsFilesOfAnotherDatabase() throws {
    try change("UPDATE store SET token = 'another'")
    #expect(try problems().filter { $0.text.contains("belongs to another database") }.count == 6)
  }

  @Test func findsFilesOfAnUnknownAttempt() throws {
    try change("UPDATE attempt SET token = 'another' WHERE run_id = 1")
    #expect(try problems().filter { $0.text.contains("is of another attempt 1") }.count == 3)
  }

  @Test func findsACheckpointAheadOfTheDatabase() throws {
    try change(
      "DELETE FROM epoch_timing WHERE run_id = 2 AND epoch = 1; UPDATE run SET completed_epochs = 1 WHERE id = 2")
    try expectProblem(path(.checkpoint, unfinished), "is ahead of the database, which has 1 of the 2 epochs")
  }

  @Test func findsMissingEpochsAndMetrics() throws {
    try change("DELETE FROM epoch_timing WHERE run_id = 1 AND epoch = 1")
    #expect(try problems().contains { $0.text.contains("counts 4 epochs, and 1 are on record") })
    try change("DELETE FROM epoch_timing WHERE run_id = 1; UPDATE run SET completed_epochs = 0 WHERE id = 1")
    #expect(try problems().contains { $0.text.contains("is completed and has no epoch on record") })
    try change("DELETE FROM completion")
    #expect(try problems().contains { $0.text.contains("has no final metrics") })
  }

  @Test func findsRowsWithoutTheirOwners() throws {
    try change("DELETE FROM sweep")
    #expect(try problems().contains { $0.text.contains("of the table variant belong to rows that are missing") })
  }

  @Test func findsADamagedDatabase() throws {
    try store.pragma("wal_checkpoint(TRUNCATE)")
    let pages = try #require(try store.integer("SELECT rootpage FROM sqlite_master WHERE name = 'epoch_timing'"))
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: store.path))
    try handle.seek(toOffset: UInt64(pages - 1) * 4096 + 3)
    try handle.write(contentsOf: Data(repeating: 0xff, count: 64))
    try handle.close()
    #expect(try problems().contains { $0.text.hasPrefix("SQLite finds the database damaged") })
  }

  @Test func findsLeftovers() throws {
    let leftover = store.folder(of: run).path + "/checkpoint-previous.h5.tmp-17"
    try Data("half".utf8).write(to: URL(fileURLWithPath: leftover))
    try expectProblem(leftover, "unfinished file")
    try FileManager.default.removeItem(atPath: leftover)
    let aside = store.folder(of: run).path + "/checkpoint.h5.set-aside"
    try Data("aside".utf8).write(to: URL(fileURLWithPath: aside))
    #expect(try problems() == [])
    #expect(try problems(.note).map(\.path) == [aside])
    try FileManager.default.removeItem(atPath: aside)
    let unknown = folder.path("Results/runs/0123456789ab")
    try FileManager.default.createDirectory(atPath: unknown, withIntermediateDirectories: true)
    try expectProblem(unknown, "knows no run of this folder")
  }

  @Test func changesNothing() throws {
    try FileManager.default.removeItem(atPath: path(.finalWeights))
    let before = folder.files.map {
      "\($0) \((try? Data(contentsOf: URL(fileURLWithPath: folder.path($0))))?.count ?? 0)"
    }
    _ = try problems()
    #expect(
      folder.files.map { "\($0) \((try? Data(contentsOf: URL(fileURLWithPath: folder.path($0))))?.count ?? 0)" }
        == before)
  }
}
