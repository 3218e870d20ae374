import Foundation
import LabCore
import LabStudy

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files of a claimed run, for the process that holds its lease.
///
/// A file takes its predecessor's place only while the lease is current, so a process that was taken for dead cannot
/// overwrite its successor's files.
public struct HeldRunFolder: Sendable {
  /// The files, for reading.
  public let folder: RunFolder
  /// The lease under which files are written.
  public let lease: RunLease
  /// Runs its argument while no other process can take the lease over, or throws `RunStoreError.leaseLost`.
  private let whileHolding: @Sendable (_ body: () throws -> Void) throws -> Void

  init(
    folder: RunFolder, lease: RunLease, whileHolding: @escaping @Sendable (_ body: () throws -> Void) throws -> Void
  ) {
    self.folder = folder
    self.lease = lease
    self.whileHolding = whileHolding
  }

  /// Stores a checkpoint; the one before it is kept, older ones are not.
  public func write(_ checkpoint: Checkpoint) throws {
    let path = folder.path(of: .checkpoint)
    try write(checkpoint.content(path: path), as: .checkpoint) {
      if folder.has(.checkpoint) { try keepPreviousCheckpoint() }
    }
  }

  /// Stores weights as datasets of the file's root, by their `state_dict` names.
  ///
  /// - Parameters:
  ///   - weights: the tensors.
  ///   - file: ``RunFolder/File/finalWeights`` or ``RunFolder/File/bestWeights``.
  ///   - attributes: what else to say about the weights, such as their epoch.
  public func write(
    weights: [StoredTensor], as file: RunFolder.File, attributes: [String: TensorGroup.Attribute] = [:]
  ) throws {
    precondition(file == .finalWeights || file == .bestWeights, "\(file) holds no weights")
    try write(TensorGroup(weights, attributes: attributes), as: file)
  }

  /// Stores the test predictions.
  public func write(_ predictions: Predictions) throws { try write(predictions.content(), as: .predictions) }

  private func write(
    _ content: TensorGroup, as file: RunFolder.File, beforeReplacing: () throws -> Void = {}
  ) throws {
    var content = content
    content.attributes["format"] = .string(file.format)
    content.attributes["format_version"] = .integer(1)
    content.attributes["run"] = .string(lease.run.hash.hexadecimal)
    content.attributes["attempt"] = .integer(Int64(lease.attempt))
    try SealedFile.write(content, to: folder.path(of: file)) { rename in
      try whileHolding {
        try beforeReplacing()
        try rename()
      }
    }
  }

  /// Gives the last checkpoint a second name, so that at every instant one whole checkpoint stands under its own.
  private func keepPreviousCheckpoint() throws {
    let current = folder.path(of: .checkpoint)
    let previous = folder.path(of: .previousCheckpoint)
    let temporary = previous + RunFolder.temporaryMark + "\(getpid())"
    unlink(temporary)
    // A file system without second names has an instant at which only the previous checkpoint can be found.
    let source = link(current, temporary) == 0 ? temporary : current
    guard rename(source, previous) == 0 else { throw FileError(action: "rename to", path: previous) }
  }
}

extension RunFolder {
  /// What the names of unfinished files contain, as `AtomicFile` makes them.
  static let temporaryMark = ".tmp-"

  /// Creates the folder where it is missing and removes what dead processes left unfinished in it.
  ///
  /// The caller must hold the run's lease: then nobody else writes here.
  func prepare() throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw FileError(action: "create the folder", path: path, code: RunFolder.systemCode(of: error))
    }
    for name in try entries() where name.contains(RunFolder.temporaryMark) { try remove(name) }
  }

  /// Removes every file of the run.
  func removeFiles() throws {
    for name in try entries() { try remove(name) }
    if access(path, F_OK) == 0 { try AtomicFile.synchronise(path) }
  }

  /// Removes one file where it exists.
  func remove(_ file: File) throws { try remove(file.rawValue) }

  private func remove(_ name: String) throws {
    let file = "\(path)/\(name)"
    guard unlink(file) == 0 || errno == ENOENT else { throw FileError(action: "remove", path: file) }
  }

  private func entries() throws -> [String] {
    guard access(path, F_OK) == 0 else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FileError(action: "list", path: path, code: RunFolder.systemCode(of: error))
    }
  }

  /// The system's error number behind an error of Foundation.
  private static func systemCode(of error: any Error) -> Int32 {
    error.systemErrorCode ?? errno
  }
}
