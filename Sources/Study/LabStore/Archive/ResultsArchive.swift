import Foundation
import GRDB
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A results folder in a tar archive.
public enum ResultsArchive {
  /// What the names of archives end with.
  public static let fileExtension = "tar"

  /// Writes sweeps with all of their runs and files as a results folder in an archive, which a crash leaves as it was or whole.
  ///
  /// - Parameters:
  ///   - sweeps: the numbers of the sweeps.
  ///   - store: the results, which are only read.
  ///   - path: the archive.
  ///   - didLook: is called after each run.
  /// - Returns: what was taken into it.
  /// - Throws: ``StoreError``, or `FileError` where the archive cannot be written.
  public static func write(
    _ sweeps: Set<Int64>, of store: StudyStore, to path: String, didLook: (StoreMerge.Progress) -> Void = { _ in }
  ) throws -> MergeReport {
    // Beside the archive, which has to have room for the files in any case.
    try withFolder(beside: path) { folder in
      let results = "\(folder)/results"
      let copy = try StudyStore(folder: results)
      try copy.pragma("synchronous = OFF")
      var merge = try StoreMerge(store, into: copy, sweeps: sweeps, copying: .forTheMoment)
      try merge.run(didLook: didLook)
      let database = "\(folder)/\(StudyStore.databaseName)"
      try copy.writeCopy(to: database)
      try StoreError.translatingFileErrors(path) {
        try AtomicFile.replace(path) { temporary in
          let archive = try TarWriter(temporary, named: path)
          do {
            try archive.add(database, as: StudyStore.databaseName)
            let names = FileManager.default.subpaths(atPath: results)?.filter { $0.hasPrefix("runs/") }.sorted() ?? []
            try archive.add(folder: "runs")
            for name in names where !name.hasSuffix(".lock") {
              if isFolder("\(results)/\(name)") {
                try archive.add(folder: name)
              } else {
                try archive.add("\(results)/\(name)", as: name)
              }
            }
            try archive.finish()
          } catch {
            archive.close()
            throw error
          }
        }
      }
      return merge.report
    }
  }

  /// Unpacks an archive while something is done with the results in it.
  ///
  /// - Parameters:
  ///   - path: the archive.
  ///   - results: the results folder in which, or beside which, there is room for the files.
  ///   - body: receives the results, for reading.
  /// - Throws: what `body` throws; ``StoreError`` where it is torn, or no archive of results; `FileError`.
  public static func read<R>(_ path: String, beside results: String, _ body: (StudyStore) throws -> R) throws -> R {
    try withFolder(beside: isFolder(results) ? "\(results)/archive" : results) { folder in
      try StoreError.translatingFileErrors(folder) { try TarReader.unpack(path, into: folder) }
      // Archives that other programs have made of a results folder have that folder's name in their paths.
      let database = FileManager.default.subpaths(atPath: folder)?.filter {
        ($0 as NSString).lastPathComponent == StudyStore.databaseName
      }
      guard let database, database.count == 1 else {
        throw StoreError.unsupportedFile(
          path: path,
          problem: database?.isEmpty == false
            ? "it holds several results folders" : "it holds no \(StudyStore.databaseName), and so no results")
      }
      let inner = (database[0] as NSString).deletingLastPathComponent
      return try body(StudyStore(reading: inner.isEmpty ? folder : "\(folder)/\(inner)"))
    }
  }

  private static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// Makes a folder for the time of a call; its name is that of unfinished files.
  private static func withFolder<R>(beside path: String, _ body: (String) throws -> R) throws -> R {
    let folder = "\(path)\(RunFolder.temporaryMark)\(getpid())-\(UInt32.random(in: 0 ... .max))"
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    } catch {
      throw FileError(action: "create the folder", path: folder, code: RunFolder.systemCode(of: error))
    }
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try body(folder)
  }
}

extension StudyStore {
  /// Writes a copy of the database into a file that does not exist yet, whole by itself.
  fileprivate func writeCopy(to path: String) throws {
    guard let writer else { throw StoreError.readOnly(path: self.path) }
    try StoreError.translating(path, options) {
      try writer.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [path]) }
    }
  }
}
