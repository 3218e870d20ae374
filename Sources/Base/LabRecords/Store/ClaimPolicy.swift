import Foundation

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

extension ClaimPolicy {
  /// What a claim does with a run that no living process holds.
  public enum Decision: Sendable, Hashable {
    /// The run has ended and stays as it is.
    case leave
    /// Training begins, or goes on from where an earlier attempt came to.
    case resume
    /// Training begins anew; everything that earlier attempts left is removed.
    case discard
  }

  /// Decides about a run: every store asks this.
  ///
  /// - Parameters:
  ///   - state: where the run stands; `running` means that its process is dead.
  ///   - isRetriable: whether a failed run failed for a reason outside its configuration.
  ///   - lastAttemptAt: when the last attempt ended, or began where its end is not known; nil without an attempt.
  public func decision(state: RunState, isRetriable: Bool, lastAttemptAt: Date?) -> Decision {
    let isOlder = { (date: Date) in lastAttemptAt.map { $0 < date } ?? false }
    return switch (self, state) {
    case (_, .pending): .resume
    case (.fresh(let date), .running), (.fresh(let date), .interrupted): isOlder(date) ? .discard : .resume
    case (.fresh(let date), _): isOlder(date) ? .discard : .leave
    case (_, .running), (_, .interrupted): .resume
    case (_, .completed): .leave
    case (.unfinished, .failed): isRetriable ? .resume : .leave
    case (.unfinished, .diverged): .leave
    case (.retryingFailed(let date), .failed), (.retryingFailed(let date), .diverged):
      isOlder(date) ? .resume : .leave
    }
  }
}
