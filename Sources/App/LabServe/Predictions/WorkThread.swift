import Foundation

/// A thread on which long work is done, one piece at a time, so that pages never wait for it.
///
/// A few pieces may wait; whoever comes then is told to come again.
package final class WorkThread: @unchecked Sendable {
  private final class Piece {
    let body: () -> Void
    var isBegun = false
    var isDone = false

    init(_ body: @escaping () -> Void) { self.body = body }
  }

  // Everything below is read and written while the condition is locked.
  private let condition = NSCondition()
  private var waiting: [Piece] = []
  private var isRunning = false
  private var isStopped = false
  private let limit: Int
  private let name: String

  /// - Parameters:
  ///   - name: what the thread is called.
  ///   - limit: the most pieces of work that wait.
  package init(name: String, limit: Int) {
    self.name = name
    self.limit = limit
  }

  /// Lets everybody go who waits; what has begun is done to its end.
  package func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }

  /// Does something on the thread, and waits for it.
  ///
  /// - Parameters:
  ///   - isGone: whether nobody wants the result any more, so that what has not begun is left.
  ///   - body: the work.
  /// - Throws: what `body` throws, or ``RequestProblem`` where too many wait.
  package func run<R: Sendable>(isGone: () -> Bool, _ body: @escaping @Sendable () throws -> R) throws -> R {
    nonisolated(unsafe) var result: Result<R, any Error>?
    let piece = Piece { result = Result { try body() } }
    try enqueue(piece)
    condition.lock()
    defer { condition.unlock() }
    while !piece.isDone {
      _ = condition.wait(until: Date().addingTimeInterval(1))
      if !piece.isBegun, isStopped || isGone() {
        waiting.removeAll { $0 === piece }
        throw WorkThread.refused
      }
    }
    guard let result else { throw WorkThread.refused }
    return try result.get()
  }

  /// Does something on the thread when its turn comes, and does not wait for it.
  ///
  /// - Throws: ``RequestProblem`` where too many wait.
  package func begin(_ body: @escaping @Sendable () -> Void) throws(RequestProblem) { try enqueue(Piece(body)) }

  private static let refused = RequestProblem(
    status: 503, description: "other images are being looked at, and too many wait: try again in a moment",
    headers: ["Retry-After": "5"])

  private func enqueue(_ piece: Piece) throws(RequestProblem) {
    condition.lock()
    defer { condition.unlock() }
    guard !isStopped, waiting.count < limit else { throw WorkThread.refused }
    waiting.append(piece)
    guard !isRunning else { return condition.broadcast() }
    isRunning = true
    let thread = Thread { [self] in work() }
    thread.name = name
    thread.stackSize = 16 << 20
    thread.start()
  }

  private func work() {
    condition.lock()
    while true {
      guard !isStopped, !waiting.isEmpty else {
        // A thread that has nothing to do is not kept.
        isRunning = false
        return condition.unlock()
      }
      let piece = waiting.removeFirst()
      piece.isBegun = true
      condition.unlock()
      piece.body()
      condition.lock()
      piece.isDone = true
      condition.broadcast()
    }
  }
}
