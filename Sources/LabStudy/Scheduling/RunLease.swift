import Foundation
import LabCore

/// The right to train one run, held by one process until it finishes, dies or loses contact.
///
/// A store accepts a run's writes only with the lease that is current, so a process whose lease was taken over
/// cannot mix its results with its successor's.
public struct RunLease: Sendable, Codable, Hashable {
  /// The run.
  public let run: RunIdentity
  /// The random name of this lease.
  public let token: UUID
  /// The number of the attempt that the lease belongs to, from 1.
  public let attempt: Int

  /// Creates a lease; only stores do.
  public init(run: RunIdentity, token: UUID, attempt: Int) {
    self.run = run
    self.token = token
    self.attempt = attempt
  }
}

/// Which runs a claim takes, apart from pending and interrupted ones and those of dead processes.
///
/// The dates keep two sweeps that run at once from training a cell twice: what the other one has just ended is newer.
public enum ClaimPolicy: Sendable, Codable, Hashable {
  /// Nothing else, but runs that failed for a reason outside their configuration.
  case unfinished
  /// Failed and diverged runs that ended before a date too; they go on from their last checkpoint.
  case retryingFailed(endedBefore: Date)
  /// Completed runs that ended before a date too; whatever attempts before that date left is discarded.
  case fresh(endedBefore: Date)
}

/// What a claim gave.
public enum ClaimResult: Sendable {
  /// The caller holds the run.
  case claimed(ClaimedRun)
  /// The run has ended and is not to be trained again under the policy.
  case finished(StoredRun)
  /// Another living process trains it.
  case busy(owner: ProcessIdentity, lastHeartbeat: Date)
}

/// A run that the calling process holds.
public struct ClaimedRun: Sendable {
  /// The right to write.
  public let lease: RunLease
  /// The run as it stood just before the claim.
  public let run: StoredRun
  /// The sweep that the run is trained for.
  public let sweep: Int64
  /// The number of epochs on record, from which an earlier attempt can go on if its checkpoint is whole.
  public let recordedEpochs: Int

  /// Creates a claimed run; only stores do.
  public init(lease: RunLease, run: StoredRun, sweep: Int64, recordedEpochs: Int) {
    self.lease = lease
    self.run = run
    self.sweep = sweep
    self.recordedEpochs = recordedEpochs
  }
}
