import Foundation

/// Values that take long to make, made one after the other on a thread of their own and kept for whoever asks next.
///
/// Pages are never held up by them: who asks is told after a moment that they are pending, and comes again.
final class Shelf<Value: Sendable>: @unchecked Sendable {
  /// What there is of a value.
  enum State: Sendable {
    case pending
    case ready(Value)
    case failed(String)
  }

  private struct Entry {
    var key: String
    var state: State
    /// When what failed may be tried again: a page that follows would ask for it without end.
    var retryAt = Date.distantFuture
  }

  // The entries are read and written while the condition is locked.
  private let condition = NSCondition()
  private var entries: [Entry] = []
  private let thread: WorkThread
  private let limit: Int
  private let tell: @Sendable () -> Void

  /// - Parameters:
  ///   - limit: the most values that are kept.
  ///   - thread: makes them.
  ///   - tell: is called whenever something is known that was not before.
  init(limit: Int, on thread: WorkThread, tell: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.thread = thread
    self.tell = tell
  }

  /// Lets everybody go who waits.
  func stop() { condition.withLock { condition.broadcast() } }

  /// What there is of a value, which is made where nobody has asked for it before.
  ///
  /// - Parameters:
  ///   - key: what tells it from others.
  ///   - seconds: how long it is waited for, in seconds.
  ///   - make: makes it, on the thread.
  /// - Throws: ``RequestProblem`` where too much is being made.
  func state(_ key: String, seconds: Double, _ make: @escaping @Sendable () throws -> Value) throws -> State {
    let deadline = Date().addingTimeInterval(seconds)
    condition.lock()
    defer { condition.unlock() }
    if let place = entries.firstIndex(where: { $0.key == key }) {
      // What was asked for last is kept longest.
      let entry = entries.remove(at: place)
      if entry.retryAt > Date() { entries.append(entry) }
    }
    if !entries.contains(where: { $0.key == key }) {
      try thread.begin { [self] in finish(key, Result { try make() }) }
      entries.append(Entry(key: key, state: .pending))
      if entries.count > limit { entries.removeFirst() }
    }
    while true {
      guard let entry = entries.first(where: { $0.key == key }) else { return .pending }
      guard case .pending = entry.state, Date() < deadline else { return entry.state }
      _ = condition.wait(until: min(deadline, Date().addingTimeInterval(1)))
    }
  }

  /// What there is of a value that somebody has asked for before, without waiting; nil where there is none.
  func known(_ key: String) -> State? { condition.withLock { entries.first { $0.key == key }?.state } }

  /// Keeps a value no longer.
  func forget(_ key: String) { condition.withLock { entries.removeAll { $0.key == key } } }

  private func finish(_ key: String, _ result: Result<Value, any Error>) {
    condition.withLock {
      if let place = entries.firstIndex(where: { $0.key == key }) {
        switch result {
        case .success(let value): entries[place].state = .ready(value)
        case .failure(let error):
          entries[place].state = .failed("\(error)")
          entries[place].retryAt = Date().addingTimeInterval(30)
        }
      }
      condition.broadcast()
    }
    tell()
  }
}
