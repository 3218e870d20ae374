import Synchronization

/// What becomes of jobs elsewhere where the sweep that follows them is stopped.
public final class LeavingPolicy: Sendable {
  /// What becomes of them.
  public enum Choice: Int, Sendable {
    /// They go on; whoever starts the sweep again follows them.
    case leave
    /// They go on, and are left as soon as all are submitted.
    case leaveAtOnce
    /// They end, after a checkpoint.
    case cancel
  }

  private let stored = Mutex(Choice.leave)

  /// Creates a policy that leaves jobs alone.
  public init() {}

  /// What becomes of them now.
  public var choice: Choice {
    get { stored.withLock { $0 } }
    set { stored.withLock { $0 = newValue } }
  }
}
