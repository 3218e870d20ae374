import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Tells whether the database that a process holds open still lies where it was opened.
///
/// SQLite goes on writing into a file that was deleted or moved, and nobody could find what it writes.
final class DatabasePlace: Sendable {
  /// What the system calls one file, whatever its names.
  struct FileNumber: Equatable {
    var device: UInt64
    var number: UInt64

    init?(_ path: String, in folder: Int32 = AT_FDCWD) {
      var status = stat()
      guard fstatat(folder, path, &status, 0) == 0 else { return nil }
      device = UInt64(truncatingIfNeeded: status.st_dev)
      number = UInt64(status.st_ino)
    }
  }

  private let path: String
  private let file: FileNumber
  private let log: FileNumber?
  /// Leads to the folder wherever it is moved to; −1 where the system refused.
  private let folder: Int32

  /// Notes where a database lies that has just been opened; nil where it has already gone.
  init?(folder: String) {
    path = "\(folder)/\(StudyStore.databaseName)"
    guard let file = FileNumber(path) else { return nil }
    self.file = file
    log = FileNumber(path + "-wal")
    self.folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  }

  deinit { if folder >= 0 { close(folder) } }

  /// What happened to the database; nil where it lies where it was opened.
  var absence: RunStoreError? {
    let found = FileNumber(path)
    // A system that does not answer for another reason has not lost the file.
    if found == file || found == nil && errno != ENOENT && errno != ENOTDIR { return nil }
    let problem =
      if hasMovedWithFolder {
        "was moved with its folder" + (folderPath.map { " to \($0)" } ?? "")
      } else if found == nil {
        "was deleted or moved away"
      } else {
        "was replaced by another file"
      }
    return .storeGone(path: path, problem: problem)
  }

  /// Whether the database still lies in its folder, which has another path now.
  var hasMovedWithFolder: Bool {
    FileNumber(path) != file && folder >= 0 && FileNumber(StudyStore.databaseName, in: folder) == file
  }

  /// Removes the log that the missing database left, which another database would take for its own.
  func removeLog() {
    guard absence != nil, let log, FileNumber(path + "-wal") == log else { return }
    unlink(path + "-wal")
    unlink(path + "-shm")
  }

  /// Where the folder is now.
  private var folderPath: String? {
    #if os(Linux)
      var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let count = buffer.withUnsafeMutableBytes {
        readlink("/proc/self/fd/\(folder)", $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
      }
      return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : nil
    #else
      var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
      let status = buffer.withUnsafeMutableBytes { fcntl(folder, F_GETPATH, $0.baseAddress!) }
      return status == 0 ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : nil
    #endif
  }
}
