import Foundation
import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The name of the copy that a process saves of a database that was taken away from it.
  public static let rescueName = "labrun-rescued.sqlite"

  /// Checks that others find here what this process has stored: the same database, in which these runs are completed.
  ///
  /// - Throws: `RunStoreError.storeGone` where they do not.
  public func confirm(completed runs: [RunIdentity]) throws {
    try checkPlace()
    guard let writer, let token else { return }
    let opening = DatabaseOpening(folder: folder, options: options)
    func found(_ location: String) throws -> (token: String?, completed: Set<String>) {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(options.busyTimeoutSeconds)
      return try DatabaseQueue(path: location, configuration: configuration).read { database in
        (
          token: try String.fetchOne(database, sql: "SELECT token FROM store"),
          completed: Set(
            try String.fetchAll(database, sql: "SELECT identity FROM run WHERE state = 'completed'"))
        )
      }
    }
    let replaced = RunStoreError.storeGone(path: path, problem: "was overwritten by another file")
    // Read without the log, which is this process's own: what lies there may be another database under the same name.
    if let other = try? found(opening.immutableLocation), other.token != token { throw replaced }
    let busy = try? writer.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
    // With the log in use by others, or no space, the file alone does not hold everything; its number says which it is.
    guard busy == 0 else { return try checkPlace() }
    let whole: (token: String?, completed: Set<String>)
    do {
      whole = try (try? found(opening.immutableLocation)) ?? found(path)
    } catch let error as DatabaseError
      where [.SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_NOMEM].contains(error.resultCode)
    {
      // The machine refuses to let the file be read, which says nothing of what it holds.
      return try StoreError.translating(path, options) { throw error }
    } catch {
      throw replaced
    }
    guard whole.token == token, runs.allSatisfy({ whole.completed.contains($0.hash.hexadecimal) }) else {
      throw replaced
    }
  }

  /// Saves a database that was deleted, moved or replaced while this process held it open.
  ///
  /// - Returns: the path of the copy, a database that can be put in the missing one's place; nil where the folder was
  ///   only moved, and has everything in its new place.
  /// - Throws: ``StoreError`` or `FileError` where it cannot be saved.
  public func rescue() throws -> String? {
    guard let writer else { throw StoreError.readOnly(path: path) }
    // When SQLite closes a database it removes the log at its path, which may be that of another database by now: the
    // connection stays open until the process ends.
    _ = Unmanaged.passRetained(writer as AnyObject)
    if place?.hasMovedWithFolder == true { return nil }
    try AtomicFile.createFolder(folder)
    let names = [StudyStore.rescueName] + (2..<100).map { "labrun-rescued-\($0).sqlite" }
    let name = names.first { !FileManager.default.fileExists(atPath: "\(folder)/\($0)") } ?? StudyStore.rescueName
    let copy = "\(folder)/\(name)"
    do {
      try StoreError.translating(copy, options) {
        try writer.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [copy]) }
        let queue = try DatabaseQueue(path: copy)
        let isWhole = try queue.read { database in
          try String.fetchOne(database, sql: "PRAGMA integrity_check") == "ok"
            && String.fetchOne(database, sql: "SELECT token FROM store") == token
        }
        try queue.close()
        guard isWhole else { throw StoreError.damagedDatabase(path: copy, problem: "parts were overwritten") }
      }
      try AtomicFile.synchronize(copy)
      try AtomicFile.synchronize(folder)
    } catch {
      unlink(copy)
      throw error
    }
    place?.removeLog()
    return copy
  }
}
