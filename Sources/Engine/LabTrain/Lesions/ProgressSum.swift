import Synchronization

/// Adds up what several threads have done.
final class ProgressSum: Sendable {
  private let sum = Mutex(0)
  private let tell: @Sendable (Int) -> Void

  init(_ tell: @escaping @Sendable (Int) -> Void) { self.tell = tell }

  func add(_ count: Int) {
    tell(
      sum.withLock { sum in
        sum += count
        return sum
      })
  }
}
