import LabCore
import LabStudy

extension StudyStore {
  /// The files of a run, for reading.
  public func folder(of run: RunIdentity) -> RunFolder {
    RunFolder(path: "\(folder)/runs/\(run.short)", run: run)
  }

  /// The files of a claimed run, for writing.
  ///
  /// Makes the folder, and removes unfinished files that dead processes left in it.
  ///
  /// - Throws: `RunStoreError.leaseLost`, ``StoreError``, or `FileError`.
  public func heldFolder(for lease: RunLease) throws -> HeldRunFolder {
    let folder = folder(of: lease.run)
    try write { database in
      _ = try heldRun(lease, database)
      try StoreError.translatingFileErrors(folder.path) { try folder.prepare() }
    }
    return HeldRunFolder(folder: folder, lease: lease) { body in
      try write { database in
        _ = try heldRun(lease, database)
        try body()
      }
    }
  }
}
