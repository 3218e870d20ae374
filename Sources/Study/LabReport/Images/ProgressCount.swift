import Synchronization

/// Counts steps from any thread, and tells the share that is done.
final class ProgressCount: Sendable {
  private let total: Int
  private let done = Mutex(0)
  private let report: @Sendable (Double) -> Void

  init(total: Int, _ report: @escaping @Sendable (Double) -> Void) {
    self.total = max(total, 1)
    self.report = report
  }

  /// Counts some more steps.
  @Sendable func add(_ count: Int) {
    // Within the lock, so that shares are told in their order.
    done.withLock { done in
      done += count
      report(Double(done) / Double(total))
    }
  }
}
