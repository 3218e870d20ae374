import Foundation

/// What a claim gave.
public enum ClaimResult: Sendable {
  /// The caller holds the run.
  case claimed(ClaimedRun)
  /// The run has ended so, and is not to be trained again under the policy.
  case finished(RunState)
  /// Another living process trains it.
  case busy(owner: ProcessIdentity, lastHeartbeat: Date)
}

/// A run that the calling process holds.
public struct ClaimedRun: Sendable {
  /// The right to write.
  public let lease: RunLease
  /// The run as it stood just before the claim.
  public let run: Run
  /// The sweep that the run is trained for.
  public let sweep: Int64
  /// The number of epochs on record, from which an earlier attempt can go on if its checkpoint is whole.
  public let recordedEpochs: Int
  /// What a person should know about the claim, a sentence each.
  public let remarks: [String]

  /// Creates a claimed run; only stores do.
  public init(lease: RunLease, run: Run, sweep: Int64, recordedEpochs: Int, remarks: [String] = []) {
    self.lease = lease
    self.run = run
    self.sweep = sweep
    self.recordedEpochs = recordedEpochs
    self.remarks = remarks
  }
}
