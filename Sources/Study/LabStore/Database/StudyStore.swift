import Foundation
import GRDB
import LabCore
import LabRecords

/// The results of studies: a SQLite database of sweeps, runs and metrics, and a folder of HDF5 files for each run.
///
/// One process or several may write at a time, and any number may read meanwhile: the database is in WAL mode.
/// The folder must lie on a local disk, because WAL needs shared memory.
public struct StudyStore: Sendable {
  /// How a store behaves; nothing here changes what results are.
  public struct Options: Sendable {
    /// How long to wait for another process's lock, in seconds.
    public var busyTimeoutSeconds: Double
    /// How long a process of another machine or container may give no sign of life before its runs are taken over,
    /// in seconds.
    public var patienceSeconds: Double
    /// Whether runs keep their last checkpoint when they are completed.
    public var keepsCheckpoints: Bool
    /// The current time.
    public var now: @Sendable () -> Date

    /// Creates options.
    public init(
      busyTimeoutSeconds: Double = 15, patienceSeconds: Double = 120, keepsCheckpoints: Bool = true,
      now: @escaping @Sendable () -> Date = { Date() }
    ) {
      self.busyTimeoutSeconds = busyTimeoutSeconds
      self.patienceSeconds = patienceSeconds
      self.keepsCheckpoints = keepsCheckpoints
      self.now = now
    }
  }

  /// The name of the database within the results folder.
  public static let databaseName = "labrun.sqlite"

  /// The results folder.
  public let folder: String
  /// How the store behaves.
  public let options: Options
  private let reader: any DatabaseReader
  let writer: (any DatabaseWriter)?
  /// Where the database lay when it was opened for writing.
  let place: DatabasePlace?
  /// The random name of the database, which the files of its runs carry.
  let token: String?

  /// The database's path.
  public var path: String { "\(folder)/\(StudyStore.databaseName)" }

  /// Whether the store was opened for reading only.
  public var isReadOnly: Bool { writer == nil }

  /// Whether what is read is a copy in memory of a database of an earlier version, which what is written later does not reach.
  package var isCopy: Bool { (reader as? DatabaseQueue)?.path == ":memory:" }

  /// Opens the results of a folder for reading and writing, and creates what is missing.
  ///
  /// - Throws: ``StoreError``, or `FileError` where the folder cannot be made.
  public init(folder: String, options: Options = Options()) throws {
    self.folder = folder
    self.options = options
    let pool = try DatabaseOpening(folder: folder, options: options).openForWriting()
    reader = pool
    writer = pool
    place = DatabasePlace(folder: folder)
    token = try StoreError.translating("\(folder)/\(StudyStore.databaseName)", options) {
      try pool.read { try String.fetchOne($0, sql: "SELECT token FROM store") }
    }
  }

  /// Opens the results of a folder for reading only, also where the file system allows nothing else.
  ///
  /// - Throws: ``StoreError``.
  public init(reading folder: String, options: Options = Options()) throws {
    self.folder = folder
    self.options = options
    let queue = try DatabaseOpening(folder: folder, options: options).openForReading()
    reader = queue
    writer = nil
    place = nil
    token = try StoreError.translating("\(folder)/\(StudyStore.databaseName)", options) {
      try queue.read { try String.fetchOne($0, sql: "SELECT token FROM store") }
    }
  }
}

// MARK: - Access

extension StudyStore {
  /// Reads at one instant of the database.
  func read<R>(_ body: (Database) throws -> R) throws -> R {
    try StoreError.translating(path, options) {
      // A further connection would open whatever lies at the path now; the one that writes holds the database itself.
      if let writer, place?.absence != nil { return try writer.unsafeReentrantWrite(body) }
      return try reader.read(body)
    }
  }

  /// Writes everything or nothing.
  ///
  /// - Throws: `RunStoreError.storeGone` where nobody could find what was written.
  func write<R>(_ body: (Database) throws -> R) throws -> R {
    guard let writer else { throw StoreError.readOnly(path: path) }
    let result = Result { try StoreError.translating(path, options) { try writer.write(body) } }
    try checkPlace()
    return try result.get()
  }

  /// Checks that the database still lies where it was opened.
  ///
  /// - Throws: `RunStoreError.storeGone`.
  public func checkPlace() throws { if let absence = place?.absence { throw absence } }

  /// Runs a pragma on the writing connection, which has settings of its own, and returns its answer.
  @discardableResult
  package func pragma(_ sql: String) throws -> Int? {
    guard let writer else { throw StoreError.readOnly(path: path) }
    return try StoreError.translating(path, options) {
      try writer.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(sql)") }
    }
  }

  /// Asks the database for one integer; for tests and diagnosis.
  package func integer(_ sql: String) throws -> Int? { try read { try Int.fetchOne($0, sql: sql) } }
}

extension StoreError {
  /// Runs `body` and puts SQLite's failures into the terms of this module.
  static func translating<R>(_ path: String, _ options: StudyStore.Options, _ body: () throws -> R) throws -> R {
    do {
      return try body()
    } catch let error as DatabaseError {
      throw StoreError(error, path: path, options)
    }
  }

  private init(_ error: DatabaseError, path: String, _ options: StudyStore.Options) {
    var problem = error.message ?? "SQLite error \(error.extendedResultCode.rawValue)"
    let code = SQLiteLog.takeSystemCode()
    if let code, code != ENOENT, [.SQLITE_IOERR, .SQLITE_CANTOPEN].contains(error.resultCode) {
      problem += ": \(SystemError.text(code))"
    }
    self =
      switch error.resultCode {
      case .SQLITE_BUSY, .SQLITE_LOCKED: .locked(path: path, seconds: options.busyTimeoutSeconds)
      case .SQLITE_FULL: .diskFull(path: path)
      case .SQLITE_READONLY: .readOnly(path: path)
      case .SQLITE_CORRUPT: .damagedDatabase(path: path, problem: problem)
      case .SQLITE_NOTADB: .notResultsDatabase(path: path)
      case .SQLITE_IOERR:
        // SQLite tells a full disk, but neither a used-up quota nor a limit on the size of files.
        .database(
          path: path, problem: "\(problem); check the disk and your quota on it; nothing that was stored is lost")
      default: .database(path: path, problem: problem)
      }
  }
}
