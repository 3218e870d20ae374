/// Where a run stands.
public enum RunState: String, Sendable, Codable, CaseIterable {
  /// Planned, never started.
  case pending
  /// A living process trains it.
  case running
  /// Stopped before its end, with or without a checkpoint; the next sweep resumes it.
  case interrupted
  /// Trained to its end and evaluated.
  case completed
  /// Ended by an error.
  case failed
  /// Ended because the loss was no longer finite.
  case diverged

  /// Whether the run has ended with a result that is not tried again by itself.
  public var isTerminal: Bool { self == .completed || self == .failed || self == .diverged }
}
