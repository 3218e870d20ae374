/// How an attempt at a run ended.
public enum RunOutcome: Sendable, Hashable {
  /// Trained to its end and evaluated.
  case completed(FinalRecord)
  /// Stopped on request or by the machine; the next attempt goes on from the last checkpoint.
  case interrupted(reason: String)
  /// Ended because the loss was no longer finite.
  case diverged(reason: String)
  /// Ended by an error; it is tried again by itself only where the reason lies outside its configuration.
  case failed(reason: String, isRetriable: Bool = false)

  /// The state that the outcome leaves the run in.
  public var state: RunState {
    switch self {
    case .completed: .completed
    case .interrupted: .interrupted
    case .diverged: .diverged
    case .failed: .failed
    }
  }

  /// Why the run did not complete; nil where it did.
  public var reason: String? {
    switch self {
    case .completed: nil
    case .interrupted(let reason), .diverged(let reason), .failed(let reason, _): reason
    }
  }
}
