import Foundation
import GRDB
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Opens the database of a results folder.
struct DatabaseOpening {
  let folder: String
  let options: StudyStore.Options

  /// What SQLite keeps in a file's header to tell whose it is: the letters `LABR`.
  static let applicationIdentifier = 0x4c41_4252

  private var path: String { "\(folder)/\(StudyStore.databaseName)" }

  /// Opens for writing; creates the folder and the database, and brings an older schema up to date.
  func openForWriting() throws -> DatabasePool {
    try createFolder()
    try refuseTornDatabase(isForWriting: true)
    return try translatingOpening {
      // Two processes that create or upgrade one database at once would get into each other's way.
      try whileOpeningAlone {
        let pool = try DatabasePool(path: path, configuration: configuration(isReadOnly: false))
        try pool.read(refuseFutureSchema)
        let isCurrent = try pool.read(DatabaseSchema.migrator.hasCompletedMigrations)
        try DatabaseSchema.migrator.migrate(pool)
        if !isCurrent { try giveBackRoom(of: pool) }
        // In WAL mode GRDB's default, NORMAL, loses the last transactions with the machine's power. A checkpoint file
        // is flushed to the disk when it is written, so it would then be ahead of the epochs that it rests on.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
      }
    }
  }

  /// Makes the file smaller where an upgrade has left much of it unused.
  private func giveBackRoom(of pool: DatabasePool) throws {
    let unused = try pool.read { database in
      let pages = try Int.fetchOne(database, sql: "PRAGMA page_count") ?? 0
      return (pages, free: try Int.fetchOne(database, sql: "PRAGMA freelist_count") ?? 0)
    }
    guard unused.free * 4 > unused.0 else { return }
    // A copy is written for it, which a full disk or another writer can prevent; what is unused is then used later.
    try? pool.vacuum()
  }

  /// Opens for reading.
  func openForReading() throws -> DatabaseQueue {
    try refuseTornDatabase(isForWriting: false)
    guard access(path, F_OK) == 0 else { throw StoreError.noResults(folder: folder) }
    return try translatingOpening {
      do {
        return try openQueue(path)
      } catch let error as DatabaseError where needsWriteAccess(error) {
        return try openImmutable()
      }
    }
  }

  /// Refuses a database without its log and a log without its database, before SQLite takes what is there for all.
  private func refuseTornDatabase(isForWriting: Bool) throws {
    let log = (try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int) ?? nil
    guard access(path, F_OK) == 0 else {
      if let log, log > 0 { throw StoreError.logWithoutDatabase(path: path) }
      return
    }
    guard log == nil, isEmptyWithLog else { return }
    // A process that died while it made the database has left the same; it had no runs yet.
    let runs = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/runs")
    if !isForWriting || runs?.isEmpty == false { throw StoreError.copyWithoutLog(path: path) }
  }

  /// Whether the file is a database whose entries are written to a log first, and has no table itself.
  private var isEmptyWithLog: Bool {
    guard let handle = FileHandle(forReadingAtPath: path), let head = try? handle.read(upToCount: 108),
      head.count == 108, head.starts(with: Data("SQLite format 3\0".utf8))
    else { return false }
    // The versions that read and write it, then the first page's number of cells: the tables and indices.
    return head[18] == 2 && head[19] == 2 && head[103] == 0 && head[104] == 0
  }

  /// SQLite keeps the index of a WAL database in a file beside it; where that cannot be made, a database that nobody can
  /// be writing is read without.
  private func openImmutable() throws -> DatabaseQueue {
    let unfinished = (try? FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int) ?? 0
    guard access(folder, W_OK) != 0, unfinished == 0 else {
      throw StoreError.database(
        path: path,
        problem: "its newest entries are in \(path)-wal and can only be read where the folder may be written: "
          + "copy the results folder to such a place")
    }
    return try openQueue(immutableLocation)
  }

  /// The database's file by itself, without its log, for SQLite.
  var immutableLocation: String {
    var allowed = CharacterSet.urlPathAllowed
    allowed.remove(charactersIn: "?#")
    let location = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    let escaped = location.addingPercentEncoding(withAllowedCharacters: allowed) ?? location
    return "file:\(escaped)?immutable=1"
  }

  private func openQueue(_ location: String) throws -> DatabaseQueue {
    let queue = try DatabaseQueue(path: location, configuration: configuration(isReadOnly: true))
    let isCurrent = try queue.read { database in
      try refuseFutureSchema(database)
      guard try !DatabaseSchema.migrator.appliedIdentifiers(database).isEmpty else {
        throw StoreError.noResults(folder: folder)
      }
      return try DatabaseSchema.migrator.hasCompletedMigrations(database)
    }
    return isCurrent ? queue : try upgradedCopy(of: queue)
  }

  /// A database of an older version as it would be after an upgrade, in memory: who only reads changes nothing.
  private func upgradedCopy(of queue: DatabaseQueue) throws -> DatabaseQueue {
    let copy = try DatabaseQueue(configuration: configuration(isReadOnly: false))
    try queue.backup(to: copy)
    try DatabaseSchema.migrator.migrate(copy)
    return copy
  }

  private func configuration(isReadOnly: Bool) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = isReadOnly
    configuration.foreignKeysEnabled = true
    configuration.busyMode = .timeout(options.busyTimeoutSeconds)
    configuration.label = "labrun.store"
    SQLiteLog.listen
    let path = path
    let busyTimeoutMilliseconds = Int(options.busyTimeoutSeconds * 1000)
    // Before GRDB changes anything: the file may be a database of something else.
    configuration.prepareDatabase { database in
      // GRDB gives the readers of a pool a timeout of its own.
      try database.execute(sql: "PRAGMA busy_timeout = \(busyTimeoutMilliseconds)")
      let identifier = try Int.fetchOne(database, sql: "PRAGMA application_id")
      guard identifier != DatabaseOpening.applicationIdentifier else { return }
      // A process that died, or found no space, while it made the database has left nothing but GRDB's own table.
      let tables = "SELECT COUNT(*) FROM sqlite_master WHERE tbl_name NOT LIKE 'grdb~_%' ESCAPE '~'"
      guard identifier == 0, try Int.fetchOne(database, sql: tables) == 0 else {
        throw StoreError.notResultsDatabase(path: path)
      }
    }
    return configuration
  }

  private func refuseFutureSchema(_ database: Database) throws {
    let migrator = DatabaseSchema.migrator
    guard try migrator.hasBeenSuperseded(database) else { return }
    let unknown = try migrator.appliedIdentifiers(database).subtracting(migrator.migrations)
    throw StoreError.schemaFromFuture(path: path, unknownMigrations: unknown.sorted())
  }

  // MARK: Folder

  private func createFolder() throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch CocoaError.fileWriteFileExists {
      throw FileError(action: "create the results folder", path: folder, code: EEXIST)
    } catch {
      let code = (error as NSError).userInfo[NSUnderlyingErrorKey].flatMap { ($0 as? NSError)?.code }
      throw FileError(action: "create the results folder", path: folder, code: code.map { Int32($0) } ?? errno)
    }
  }

  /// Holds the folder's lock while `body` runs.
  private func whileOpeningAlone<R>(_ body: () throws -> R) throws -> R {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(action: "open", path: folder) }
    defer { close(descriptor) }
    let deadline = ContinuousClock.now + .seconds(options.busyTimeoutSeconds)
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      // File systems without such locks are left to SQLite's own.
      guard errno == EWOULDBLOCK || errno == EINTR else { break }
      guard ContinuousClock.now < deadline else {
        throw StoreError.locked(path: path, seconds: options.busyTimeoutSeconds)
      }
      usleep(10_000)
    }
    return try body()
  }

  // MARK: Errors

  private func translatingOpening<R>(_ body: () throws -> R) throws -> R {
    do {
      return try StoreError.translating(path, options, body)
    } catch StoreError.database(_, let problem) where access(path, F_OK) == 0 && access(path, R_OK) != 0 {
      throw StoreError.database(path: path, problem: "\(problem): its permissions forbid reading")
    } catch StoreError.database where access(folder, W_OK) != 0 {
      throw StoreError.readOnly(path: path)
    }
  }

  /// Whether opening for reading failed only because SQLite wanted to write its index.
  private func needsWriteAccess(_ error: DatabaseError) -> Bool {
    [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode)
  }
}
