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

  /// - Parameter limit: the most connections; there are fewer where the system lets a process open fewer files.
  init(limit: Int) { self.limit = min(limit, max(Connections.roomForFiles(2 * limit) / 2, 8)) }

  /// How many of the files that are wanted the process may open beside what a store and pages need.
  private static func roomForFiles(_ wanted: Int) -> Int {
    let others = 128
    var limits = rlimit()
    guard getrlimit(openFiles, &limits) == 0 else { return wanted }
    let enough = rlim_t(wanted + others)
    if limits.rlim_cur < enough {
      var raised = limits
      raised.rlim_cur = min(enough, limits.rlim_max)
      if setrlimit(openFiles, &raised) == 0 { limits = raised }
    }
    return Int(clamping: limits.rlim_cur) - others
  }

  #if canImport(Glibc)
    private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
  #else
    private static let openFiles = RLIMIT_NOFILE
  #endif

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
