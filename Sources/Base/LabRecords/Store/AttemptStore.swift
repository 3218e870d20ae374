import LabCore

/// What an attempt at a run reads and writes of it, whoever keeps it: a database, or a folder that another process reads.
///
/// Every method may be called from any thread. A method that takes a ``RunLease`` changes nothing and throws
/// ``RunStoreError/leaseLost(_:)`` where that lease is no longer the current one.
///
/// An epoch must be recorded before the checkpoint that starts the next one is written: then every epoch before a
/// checkpoint is on record, whenever the process dies.
public protocol AttemptStore: Sendable {
  /// The recorded epochs of a run in ascending order.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func epochs(of run: RunIdentity) throws -> [EpochRecord]

  /// The choices that the newest attempt at a run recorded that had begun to train, such as the method of each convolution;
  /// empty before the first one did.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func choices(of run: RunIdentity) throws -> [String: JSONValue]

  /// Records from where an attempt trains, and with what, before its first step; recording again replaces.
  ///
  /// Epochs on record from there on are removed, and checkpoints of earlier attempts that are ahead belong to the run no
  /// more.
  ///
  /// - Parameters:
  ///   - provenance: where and with what the attempt runs.
  ///   - epoch: the epoch of its first step, from 0.
  ///   - step: its first step, counted over all epochs from 0.
  ///   - lease: the lease on the run.
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be written.
  func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws

  /// Records an epoch; recording the same epoch again replaces it.
  ///
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be written.
  func record(_ epoch: EpochRecord, lease: RunLease) throws

  /// The files of a claimed run.
  ///
  /// Makes room for them, and removes what dead processes left unfinished.
  ///
  /// - Throws: where the system does not let them be made.
  func files(of lease: RunLease) throws -> any RunFiles

  /// Adds to the run's log.
  ///
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be written.
  func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws
}
