import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder of a claimed run, for the process that holds its lease.
package struct HeldRunFolder: RunFiles {
  /// The files, for reading.
  package let folder: RunFolder
  /// The lease under which files are written.
  package let lease: RunLease
  /// The database that the lease is recorded in.
  let store: StudyStore

  init(folder: RunFolder, lease: RunLease, store: StudyStore) {
    self.folder = folder
    self.lease = lease
    self.store = store
  }

  package var hasCheckpoint: Bool { folder.has(.checkpoint) || folder.has(.previousCheckpoint) }

  package func write(_ checkpoint: Checkpoint, bestWeightsHash: ContentHash? = nil) throws {
    let content = try TensorGroup(checkpoint, bestWeightsHash: bestWeightsHash, path: folder.path(of: .checkpoint))
    try write([(.checkpoint, content)]) {
      if folder.has(.checkpoint) { try keepPreviousCheckpoint() }
    }
  }

  package func write(
    weights: [NamedTensor], as kind: RunWeights, epoch: Int? = nil, attributes: [String: JSONValue] = [:]
  ) throws {
    try write([(.weights(kind), TensorGroup(weights, epoch: epoch, attributes: attributes))])
  }

  package func write(
    finalWeights weights: [NamedTensor], epoch: Int, attributes: [String: JSONValue], predictions: Predictions
  ) throws {
    try write([
      (.finalWeights, TensorGroup(weights, epoch: epoch, attributes: attributes)),
      (.predictions, predictions.content()),
    ])
  }

  package func check(trainedEpochs count: Int, bestEpoch: Int?) throws {
    let epochs = try store.epochs(of: lease.run).map(\.epoch)
    guard epochs == Array(0..<count) else {
      throw StoreError.misfit(
        path: store.path, problem: "has \(epochs.count) of the \(count) epochs that run \(lease.run.short) trained")
    }
    guard let bestEpoch else { return }
    let found = folder.has(.bestWeights) ? FileOrigin(try folder.content(of: .bestWeights)).epoch : nil
    guard found == bestEpoch else {
      throw StoreError.misfit(
        path: folder.path(of: .bestWeights), problem: "is not of epoch \(bestEpoch + 1), the best one")
    }
  }

  private func write(
    _ files: [(file: RunFolder.File, content: TensorGroup)], beforeReplacing: () throws -> Void = {}
  ) throws {
    let marked = files.map { file, content in
      (path: folder.path(of: file), content: content.marked(as: file, lease: lease, database: store.token))
    }
    var seals: [FileSeal] = []
    do {
      try SealedFile.write(marked, willWrite: { seals = $0 }) { rename in
        try store.write { database in
          let run = try store.heldRun(lease, database)
          try beforeReplacing()
          try rename()
          for (file, seal) in zip(files, seals) { try store.note(seal, of: file.file, run: run, database) }
        }
      }
    } catch {
      // Where the whole folder is gone, that is the reason and not a file of it.
      try store.checkPlace()
      throw error
    }
  }

  package var location: RunFilesLocation? {
    RunFilesLocation(
      checkpoint: folder.path(of: .checkpoint), bestWeights: folder.path(of: .bestWeights), database: store.token)
  }

  package func adopt(_ files: [CapsuleFile], from capsule: String, at position: CapsulePosition) throws {
    let known = try files.compactMap { file in
      try place(of: file, in: capsule).map { (file: file, isThere: $0 == .capsule) }
    }
    do {
      try store.write { database in
        let run = try store.heldRun(lease, database)
        for (file, isThere) in known {
          let target = RunFolder.File(file.kind)
          if isThere {
            if target == .checkpoint, folder.has(.checkpoint) { try keepPreviousCheckpoint() }
            guard rename("\(capsule)/\(file.name)", folder.path(of: target)) == 0 else {
              // Its writer has removed it this moment, since there are newer ones.
              if errno == ENOENT, target == .checkpoint { continue }
              throw FileError(action: "rename to", path: folder.path(of: target))
            }
          }
          try store.note(file.seal, of: target, run: run, database)
        }
        try store.note(position, run: run, database)
      }
      try AtomicFile.synchronize(folder.path)
    } catch {
      try store.checkPlace()
      throw error
    }
  }

  /// Where a file of a capsule lies: in it, or already among the run's; nil for a checkpoint that its writer has removed
  /// since there are newer ones.
  private func place(of file: CapsuleFile, in capsule: String) throws -> CapsuleFilePlace? {
    let path = "\(capsule)/\(file.name)"
    guard !file.name.contains("/"), file.name != ".." else {
      throw StoreError.misfit(path: path, problem: "is named by the capsule, but lies outside of it")
    }
    if let seal = try FileSeal.read(path) {
      guard seal == file.seal else {
        throw StoreError.misfit(path: path, problem: "is not the file that the capsule names")
      }
      return .capsule
    }
    if try FileSeal.read(folder.path(of: RunFolder.File(file.kind))) == file.seal { return .run }
    guard file.kind == .checkpoint else {
      throw StoreError.misfit(path: path, problem: "is named by the capsule, and missing")
    }
    return nil
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
    // Where both are names of one file already, because a process died between two renames, the system does nothing.
    if source == temporary { unlink(temporary) }
  }

  /// Takes files out of the way without removing them, and returns the name that each was given.
  func setAside(_ files: [RunFolder.File]) throws -> [RunFolder.File: String] {
    var names: [RunFolder.File: String] = [:]
    guard !files.isEmpty else { return names }
    try store.write { database in
      _ = try store.heldRun(lease, database)
      for file in files where folder.has(file) { names[file] = try folder.setAside(file) }
    }
    return names
  }
}

extension RunFolder.File {
  /// The file of a run that a capsule's file becomes.
  init(_ kind: CapsuleFile.Kind) {
    self =
      switch kind {
      case .checkpoint: .checkpoint
      case .bestWeights: .bestWeights
      case .finalWeights: .finalWeights
      case .predictions: .predictions
      }
  }
}

/// Where a file of a capsule lies.
private enum CapsuleFilePlace {
  case capsule, run
}

extension CapsuleFile {
  /// The seal of the file.
  var seal: FileSeal { FileSeal(hash: sha256, length: bytes) }
}

extension RunFolder {
  /// What the names of unfinished files contain, as `AtomicFile` makes them.
  static let temporaryMark = ".tmp-"
  /// What the names of files end with that were found not to belong to their run.
  static let asideMark = ".set-aside"

  /// Creates the folder where it is missing and removes what dead processes left unfinished in it.
  ///
  /// The caller must hold the run's lease: then nobody else writes here.
  func prepare() throws {
    try AtomicFile.createFolder(path)
    try removeTemporaries()
  }

  /// Removes unfinished files; the caller must hold the run's lease.
  func removeTemporaries() throws {
    for name in try entries() where name.contains(RunFolder.temporaryMark) { try remove(name) }
  }

  /// Renames a file to `NAME.set-aside`, or to such a name with a number where that is taken, and returns the new name.
  func setAside(_ file: File) throws -> String {
    let taken = Set(try entries())
    let plain = file.rawValue + RunFolder.asideMark
    let name =
      taken.contains(plain) ? (2...).lazy.map { "\(plain)-\($0)" }.first { !taken.contains($0) } ?? plain : plain
    guard rename(path(of: file), "\(path)/\(name)") == 0 else {
      throw FileError(action: "rename", path: path(of: file))
    }
    try AtomicFile.synchronize(path)
    return name
  }

  /// Removes every file of the run.
  func removeFiles() throws {
    for name in try entries() { try remove(name) }
    if access(path, F_OK) == 0 { try AtomicFile.synchronize(path) }
  }

  /// Removes one file where it exists.
  func remove(_ file: File) throws { try remove(file.rawValue) }

  /// Removes a file where it exists, or the folder of a program.
  func remove(_ name: String) throws {
    let file = "\(path)/\(name)"
    if unlink(file) == 0 || errno == ENOENT { return }
    let code = errno
    guard RunFolder.isOwn(name), (try? FileManager.default.removeItem(atPath: file)) != nil else {
      throw FileError(action: "remove", path: file, code: code)
    }
  }

  func entries() throws -> [String] {
    guard access(path, F_OK) == 0 else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw FileError(action: "list", path: path, code: RunFolder.systemCode(of: error))
    }
  }

  /// The system's error number behind an error of Foundation.
  static func systemCode(of error: any Error) -> Int32 {
    error.systemErrorCode ?? errno
  }
}
