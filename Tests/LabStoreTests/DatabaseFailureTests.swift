import Foundation
import GRDB
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

@Suite struct DatabaseFailureTests {
  private func error(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  @Test func aSchemaFromTheFutureIsRefusedAndLeftAlone() throws {
    let folder = TestFolder()
    do {
      let store = try StudyStore(folder: folder.path)
      _ = try store.register(RunStoreSamples.sweep())
      try DatabaseQueue(path: store.path).write {
        try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('v999')")
      }
    }
    let path = folder.path("labrun.sqlite")
    let expected = StoreError.schemaFromFuture(path: path, unknownMigrations: ["v999"])
    #expect(throws: expected) { _ = try StudyStore(folder: folder.path) }
    #expect(throws: expected) { _ = try StudyStore(reading: folder.path) }
    #expect(expected.description.contains("newer version"))
    try DatabaseQueue(path: path).write { try $0.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = 'v999'") }
    #expect(try StudyStore(folder: folder.path).sweeps().count == 1)
  }

  @Test func anotherProgramsDatabaseIsRefusedAndLeftAlone() throws {
    let folder = TestFolder()
    let path = folder.path("labrun.sqlite")
    try DatabaseQueue(path: path).write { try $0.execute(sql: "CREATE TABLE photo (id INTEGER)") }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(throws: StoreError.notResultsDatabase(path: path)) { _ = try StudyStore(folder: folder.path) }
    #expect(throws: StoreError.notResultsDatabase(path: path)) { _ = try StudyStore(reading: folder.path) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    try Data("not a database at all, but long enough to be read as one".utf8).write(to: URL(fileURLWithPath: path))
    #expect(throws: StoreError.notResultsDatabase(path: path)) { _ = try StudyStore(folder: folder.path) }
  }

  /// What a process leaves that finds no space, or dies, before the tables are made.
  @Test func aHalfMadeDatabaseIsNoResultsYetAndIsFinished() throws {
    let folder = TestFolder()
    try DatabaseQueue(path: folder.path("labrun.sqlite")).write {
      try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
    }
    #expect(throws: StoreError.noResults(folder: folder.path)) { _ = try StudyStore(reading: folder.path) }
    #expect(try StudyStore(folder: folder.path).sweeps().isEmpty)
    #expect(try StudyStore(reading: folder.path).sweeps().isEmpty)
  }

  /// What is copied of a database while a sweep runs: its entries are in the log until SQLite moves them.
  @Test func aDatabaseThatWasCopiedWithoutItsLogIsNamed() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path("Results"))
    _ = try store.register(RunStoreSamples.sweep())
    try FileManager.default.createDirectory(atPath: folder.path("Copy"), withIntermediateDirectories: true)
    let path = folder.path("Copy/labrun.sqlite")
    try FileManager.default.copyItem(atPath: store.path, toPath: path)
    let copied = try Data(contentsOf: URL(fileURLWithPath: path))
    let expected = StoreError.copyWithoutLog(path: path)
    #expect(expected.description.contains("labrun.sqlite-wal") && expected.description.contains(".backup"))
    #expect(throws: expected) { _ = try StudyStore(reading: folder.path("Copy")) }
    // Beside runs, a new sweep would start a new database under files that are not its own.
    try FileManager.default.createDirectory(atPath: folder.path("Copy/runs/abc"), withIntermediateDirectories: true)
    #expect(throws: expected) { _ = try StudyStore(folder: folder.path("Copy")) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == copied)
    #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
    try FileManager.default.copyItem(atPath: store.path + "-wal", toPath: path + "-wal")
    #expect(try StudyStore(reading: folder.path("Copy")).sweeps().count == 1)
    withExtendedLifetime(store) {}
  }

  @Test func aLogWithoutItsDatabaseIsNotThrownAway() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path("Results"))
    _ = try store.register(RunStoreSamples.sweep())
    try FileManager.default.createDirectory(atPath: folder.path("Copy"), withIntermediateDirectories: true)
    let path = folder.path("Copy/labrun.sqlite")
    try FileManager.default.copyItem(atPath: store.path + "-wal", toPath: path + "-wal")
    let expected = StoreError.logWithoutDatabase(path: path)
    #expect(throws: expected) { _ = try StudyStore(folder: folder.path("Copy")) }
    #expect(throws: expected) { _ = try StudyStore(reading: folder.path("Copy")) }
    #expect(folder.files.filter { $0.hasPrefix("Copy/") } == ["Copy/labrun.sqlite-wal"])
    withExtendedLifetime(store) {}
  }

  @Test func aFileInPlaceOfTheFolderIsNamed() throws {
    let folder = TestFolder()
    let path = folder.path("results")
    try Data("a file".utf8).write(to: URL(fileURLWithPath: path))
    #expect(error { _ = try StudyStore(folder: path) } == "cannot create the results folder \(path): File exists")
  }

  @Test func missingResultsAreNotCreatedByReading() {
    let folder = TestFolder()
    #expect(throws: StoreError.noResults(folder: folder.path)) { _ = try StudyStore(reading: folder.path) }
    #expect(folder.files.isEmpty)
  }

  @Test func aLockedDatabaseIsNamedAfterTheTimeout() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path, options: .init(busyTimeoutSeconds: 0.2))
    let sweep = try store.register(RunStoreSamples.sweep())
    let claimed = try #require(try store.claimed("static", 0, sweep.id))
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let other = try DatabaseQueue(path: store.path, configuration: configuration)
    try other.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
    let locked = StoreError.locked(path: store.path, seconds: 0.2)
    #expect(throws: locked) { try store.record(RunStoreSamples.epoch(0), lease: claimed.lease) }
    #expect(throws: locked) {
      _ = try StudyStore(folder: folder.path, options: .init(busyTimeoutSeconds: 0.2)).register(RunStoreSamples.sweep())
    }
    #expect(locked.description.contains("locked by another process for 0.2 s"))
    #expect(locked.endsSweep)
    #expect(try StudyStore(reading: folder.path).sweeps().count == 1, "reading goes on")
    try other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
    try store.record(RunStoreSamples.epoch(0), lease: claimed.lease)
    #expect(try store.epochs(of: claimed.lease.run).count == 1, "nothing is lost")
  }

  @Test func aDatabaseThatCannotGrowIsNamedAndKeepsWhatItHas() throws {
    let folder = TestFolder()
    let store = try StudyStore(folder: folder.path)
    let sweep = try store.register(RunStoreSamples.sweep())
    let claimed = try #require(try store.claimed("static", 0, sweep.id))
    // SQLite answers a limit of its own exactly as it answers a full disk.
    let pages = try #require(try store.integer("PRAGMA page_count"))
    try store.pragma("max_page_count = \(pages)")
    var recorded = 0
    #expect(throws: StoreError.diskFull(path: store.path)) {
      while recorded < 100_000 {
        try store.record(RunStoreSamples.epoch(recorded), lease: claimed.lease)
        recorded += 1
      }
    }
    #expect(try store.epochs(of: claimed.lease.run) == (0..<recorded).map { RunStoreSamples.epoch($0) })
    #expect(try store.run(claimed.lease.run)?.completedEpochs == recorded)
    try store.pragma("max_page_count = 1000000")
    try store.record(RunStoreSamples.epoch(recorded), lease: claimed.lease)
    #expect(StoreError.diskFull(path: "x").description.contains("no space left"))
  }

  @Test func aDamagedDatabaseIsNamed() throws {
    let folder = TestFolder()
    let path = folder.path("labrun.sqlite")
    do { _ = try StudyStore(folder: folder.path).register(RunStoreSamples.sweep(seeds: Array(0..<200))) }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    for offset in stride(from: 8192, to: bytes.count, by: 1) { bytes[offset] = 0xab }
    try bytes.write(to: URL(fileURLWithPath: path))
    let message = error { _ = try StudyStore(folder: folder.path).sweep(1) }
    #expect(message.contains("is damaged"), "\(message)")
  }

  @Test func aFolderThatIsAFileIsNamed() throws {
    let folder = TestFolder()
    try Data().write(to: URL(fileURLWithPath: folder.path("Results")))
    let message = error { _ = try StudyStore(folder: folder.path("Results")) }
    #expect(message.contains("cannot create the results folder"), "\(message)")
    #expect(message.contains("Results"), "\(message)")
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may write everywhere"))
  func resultsInAReadOnlyFolderCanBeReadAndNotWritten() throws {
    let folder = TestFolder()
    do { _ = try StudyStore(folder: folder.path).register(RunStoreSamples.sweep()) }
    chmod(folder.path("labrun.sqlite"), 0o444)
    chmod(folder.path, 0o555)
    #expect(try StudyStore(reading: folder.path).sweeps().count == 1)
    #expect(throws: StoreError.readOnly(path: folder.path("labrun.sqlite"))) {
      _ = try StudyStore(folder: folder.path)
    }
  }
}
