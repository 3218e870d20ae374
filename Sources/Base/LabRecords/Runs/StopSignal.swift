import Synchronization

/// How urgently work is to end.
public enum StopRequest: Int, Sendable, Comparable, CaseIterable {
  /// Go on.
  case none
  /// Finish the current step, write a checkpoint, end as interrupted.
  case afterStep
  /// End as interrupted at once, without a checkpoint.
  case now

  /// Whether the first request is less urgent.
  public static func < (left: StopRequest, right: StopRequest) -> Bool { left.rawValue < right.rawValue }
}

/// A stop request that any thread can raise and none can take back.
public final class StopSignal: Sendable {
  private let level = Atomic<Int>(StopRequest.none.rawValue)

  /// Creates a signal that nobody has raised.
  public init() {}

  /// The most urgent request so far; reading it is cheap enough for every step.
  public var request: StopRequest { StopRequest(rawValue: level.load(ordering: .acquiring)) ?? .now }

  /// Raises the signal; a less urgent request than the current one changes nothing.
  public func raise(to request: StopRequest) { level.max(request.rawValue, ordering: .acquiringAndReleasing) }

  /// Raises the signal by one level, as each press of Ctrl-C does, and returns the new level.
  @discardableResult
  public func escalate() -> StopRequest {
    raise(to: request == .none ? .afterStep : .now)
    return request
  }
}
