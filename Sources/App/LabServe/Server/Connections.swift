import FlyingSocks
import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The connections that are open, so that there are never too many of them.
///
/// Where there are as many as there may be, the one goes that has waited longest for a request of its client: a client that
/// says nothing keeps nobody else out.
final class Connections: @unchecked Sendable {
  private struct Entry {
    var socket: Socket
    /// Since when a request is waited for; nil while one is answered.
    var waitingSince: ContinuousClock.Instant?
    /// Whether it has been ended from outside.
    var isEnded = false
  }
  /// The most connections.
  let limit: Int
  /// How long a new client waits for those to be gone that were ended, in seconds.
  private static let patienceSeconds = 5.0
  // Everything below is read and written while the condition is locked.
  private let condition = NSCondition()
  private var entries: [Int: Entry] = [:]
  private var next = 0

  init(limit: Int) { self.limit = limit }

  /// How many connections are open.
  var count: Int { condition.withLock { entries.count } }

  /// Takes a connection in.
  ///
  /// - Returns: its number; nil where there is no room, and the connection is still the caller's.
  func admit(_ socket: Socket) -> Int? {
    condition.withLock {
      if entries.count(where: { !$0.value.isEnded }) >= limit {
        let oldest = entries.filter { $0.value.waitingSince != nil && !$0.value.isEnded }
          .min { $0.value.waitingSince! < $1.value.waitingSince! }
        guard let oldest else { return nil }
        end(oldest.key)
      }
      // Those that were ended are gone as soon as the machine lets their threads run.
      let deadline = Date().addingTimeInterval(Connections.patienceSeconds)
      while entries.count >= 2 * limit {
        guard condition.wait(until: deadline) else { return nil }
      }
      next += 1
      entries[next] = Entry(socket: socket, waitingSince: .now)
      return next
    }
  }

  /// Notes that a connection waits for its client, or answers it.
  func setWaiting(_ isWaiting: Bool, _ number: Int) {
    condition.withLock { entries[number]?.waitingSince = isWaiting ? .now : nil }
  }

  /// Closes a connection and forgets it.
  func close(_ number: Int) {
    condition.withLock {
      guard let entry = entries.removeValue(forKey: number) else { return }
      try? entry.socket.close()
      condition.broadcast()
    }
  }

  /// Ends all connections, whose threads then close them.
  func endAll() {
    condition.withLock { for number in entries.keys { end(number) } }
  }

  private func end(_ number: Int) {
    guard let entry = entries[number] else { return }
    _ = shutdown(entry.socket.file.rawValue, Int32(SHUT_RDWR))
    entries[number]?.isEnded = true
  }
}
