import GRDB
import LabCore
import LabRecords

extension StudyStore {
  /// The files of a run, for reading.
  public func folder(of run: RunIdentity) -> RunFolder {
    RunFolder(path: "\(folder)/runs/\(run.short)", run: run)
  }

  /// The files of a claimed run.
  ///
  /// - Throws: `RunStoreError.leaseLost`, ``StoreError``, or `FileError`.
  public func files(of lease: RunLease) throws -> any RunFiles { try heldFolder(for: lease) }

  /// The folder of a claimed run, for writing.
  ///
  /// Makes the folder, and removes unfinished files that dead processes left in it.
  ///
  /// - Throws: `RunStoreError.leaseLost`, ``StoreError``, or `FileError`.
  package func heldFolder(for lease: RunLease) throws -> HeldRunFolder {
    let folder = folder(of: lease.run)
    try write { database in
      _ = try heldRun(lease, database)
      try StoreError.translatingFileErrors(folder.path) { try folder.prepare() }
    }
    return HeldRunFolder(folder: folder, lease: lease, store: self)
  }
}

// MARK: - What belongs together

extension StudyStore {
  /// What the database knows of a run that files can be compared with.
  func lineage(of run: RunIdentity) throws -> RunLineage {
    try read { try lineage(of: runRecord(run, $0).id, $0) }
  }

  func lineage(of run: Int64, _ database: Database) throws -> RunLineage {
    let attempts = try AttemptRecord.fetchAll(
      database, sql: "SELECT * FROM attempt WHERE run_id = ? ORDER BY number", arguments: [run])
    let epochs = try Int.fetchAll(
      database, sql: "SELECT epoch FROM epoch_timing WHERE run_id = ? ORDER BY epoch", arguments: [run])
    return RunLineage(
      database: try String.fetchOne(database, sql: "SELECT token FROM store") ?? "",
      attempts: attempts.map {
        .init(number: $0.number, token: $0.token, startStep: $0.startStep, database: $0.database)
      },
      epochs: zip(epochs, 0...).prefix { $0 == $1 }.count)
  }

  /// Notes what a run has stored last under a name.
  func note(_ seal: FileSeal, of file: RunFolder.File, run: Int64, _ database: Database) throws {
    try FileRecord(runId: run, name: file.rawValue, sha256: seal.hash, bytes: seal.length)
      .insert(database, onConflict: .replace)
  }

  /// Compares the files of a run that completes with what was noted of them, and notes those of earlier attempts.
  ///
  /// - Throws: ``StoreError/misfit(path:problem:)``.
  func noteFiles(of lease: RunLease, run: Int64, _ database: Database) throws {
    let folder = folder(of: lease.run)
    let noted = try FileRecord.filter(sql: "run_id = ?", arguments: [run]).fetchAll(database)
    for file in RunFolder.File.allCases where file != .previousCheckpoint {
      let path = folder.path(of: file)
      let seal = try FileSeal.read(path)
      if let expected = noted.first(where: { $0.name == file.rawValue }) {
        guard seal == expected.seal else {
          throw StoreError.misfit(
            path: path,
            problem: seal == nil
              ? "was removed while the run was trained" : "was replaced while the run was trained")
        }
      } else if let seal {
        try note(seal, of: file, run: run, database)
      }
    }
  }

  /// Why a completed run's results cannot be found any more; nil where they can, and where the run has not completed.
  ///
  /// Looks at the files' seals and lengths, not at every byte. A missing checkpoint is no loss: nothing needs it.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func loss(of run: RunIdentity) throws -> String? {
    try read { try loss(of: runRecord(run, $0), $0) }
  }

  func loss(of record: RunRecord, _ database: Database) throws -> String? {
    guard record.state == .completed else { return nil }
    let folder = folder(of: RunIdentity(hash: record.identity))
    let noted = try FileRecord.filter(sql: "run_id = ?", arguments: [record.id]).fetchAll(database)
    for file in RunFolder.File.allCases where file != .checkpoint && file != .previousCheckpoint {
      guard let expected = noted.first(where: { $0.name == file.rawValue })?.seal else { continue }
      do {
        guard let seal = try FileSeal.read(folder.path(of: file)) else { return "\(folder.path(of: file)) is gone" }
        guard seal == expected else { return "\(folder.path(of: file)) is not the file that the run stored" }
      } catch let error as StoreError {
        return "\(error)"
      }
    }
    // Earlier versions noted no files, but every run of theirs stored its weights.
    let isEarlier = try Bool.fetchOne(
      database, sql: "SELECT token IS NULL FROM attempt WHERE run_id = ? ORDER BY number DESC LIMIT 1",
      arguments: [record.id])
    if noted.isEmpty, isEarlier == true, !folder.has(.finalWeights) {
      return "\(folder.path(of: .finalWeights)) is gone"
    }
    return nil
  }
}
