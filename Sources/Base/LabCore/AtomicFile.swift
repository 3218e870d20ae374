import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A failure to read or write a file, with the system's reason.
public struct FileError: Error, Equatable, Codable, CustomStringConvertible {
  /// What was being done, such as `write`.
  public var action: String
  /// The file or folder.
  public var path: String
  /// The system's error number.
  public var code: Int32

  /// Creates an error; the code is `errno` unless given.
  public init(action: String, path: String, code: Int32 = errno) {
    self.action = action
    self.path = path
    self.code = code
  }

  /// Whether the disk, or the user's share of it, is full.
  public var isDiskFull: Bool { code == ENOSPC || code == EDQUOT }

  public var description: String { "cannot \(action) \(path): \(SystemError.text(code))" }
}

extension FileError: MachineAttributable {
  /// Whether the system's reason is the machine's state: not a name, not a permission.
  public var isOfMachine: Bool { SystemError.isOfMachine(code) }
}

/// Replaces whole files so that a reader, or a process that starts after a crash, sees the old or the new one.
public enum AtomicFile {
  /// Makes a folder, with those that it lies in, where it is missing.
  ///
  /// - Throws: ``FileError`` where the system refuses.
  public static func createFolder(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(action: "create the folder", path: path, code: error.systemErrorCode ?? errno)
    }
  }

  /// Lets `write` fill a temporary file beside `path`, makes it durable, and renames it into place.
  ///
  /// - Parameters:
  ///   - path: the file to replace or create; its folder must exist.
  ///   - write: receives the temporary path and must have closed the file when it returns.
  ///   - commit: calls its argument, which renames the durable temporary file into place; by throwing instead it
  ///     keeps the old file.
  /// - Throws: what `write` and `commit` throw, or ``FileError``; the temporary file is removed then.
  public static func replace(
    _ path: String, write: (_ temporaryPath: String) throws -> Void,
    commit: (_ rename: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    try replace([path], write: { temporary, _ in try write(temporary) }, commit: commit)
  }

  /// Replaces files of one folder, which take their predecessors' places together: a crash between two of the renames
  /// leaves some of them new.
  private static func replace(
    _ paths: [String], write: (_ temporaryPath: String, _ index: Int) throws -> Void,
    commit: (_ rename: () throws -> Void) throws -> Void
  ) throws {
    let files = paths.map { (path: $0, temporary: "\($0).tmp-\(getpid())-\(UInt32.random(in: 0 ... .max))") }
    do {
      for (index, file) in files.enumerated() { try write(file.temporary, index) }
      for file in files { try synchronize(file.temporary, named: file.path) }
      try commit {
        for (path, temporary) in files {
          guard rename(temporary, path) == 0 else { throw FileError(action: "rename to", path: path) }
        }
      }
    } catch {
      for file in files { unlink(file.temporary) }
      throw error
    }
    for folder in Set(paths.map { ($0 as NSString).deletingLastPathComponent }) { try synchronize(folder) }
  }

  /// Replaces a file by bytes; `commit` is that of ``replace(_:write:commit:)``.
  ///
  /// - Throws: ``FileError`` where the system refuses, and what `commit` throws.
  public static func write(
    _ data: Data, to path: String, commit: (_ rename: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    try write([(path: path, data: data)], commit: commit)
  }

  /// Replaces files by bytes, all of them durable before the first takes its place.
  ///
  /// - Parameters:
  ///   - files: the files and what they are to contain.
  ///   - commit: calls its argument, which renames all files into place; by throwing instead it keeps the old ones.
  /// - Throws: ``FileError`` where the system refuses, and what `commit` throws.
  public static func write(
    _ files: [(path: String, data: Data)], commit: (_ rename: () throws -> Void) throws -> Void = { try $0() }
  ) throws {
    try replace(
      files.map(\.path), write: { try create($0, files[$1].data, named: files[$1].path) }, commit: commit)
  }

  /// Creates a file that does not exist yet, without waiting for the disk.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - data: its bytes.
  ///   - name: the path in errors, where that is another one.
  /// - Throws: ``FileError``.
  public static func create(_ path: String, _ data: Data, named name: String? = nil) throws {
    let name = name ?? path
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(action: "create", path: name) }
    defer { close(descriptor) }
    try data.withUnsafeBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        let written = Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
        if written < 0 {
          if errno == EINTR { continue }
          throw FileError(action: "write", path: name)
        }
        offset += written
      }
    }
  }

  /// Waits until a file's content, or a folder's entries, have reached the disk.
  ///
  /// - Parameters:
  ///   - path: the file or folder.
  ///   - name: the path in errors, where that is another one.
  /// - Throws: ``FileError`` where the system refuses.
  public static func synchronize(_ path: String, named name: String? = nil) throws {
    let name = name ?? path
    let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError(action: "open", path: name) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileError(action: "flush", path: name) }
  }
}
