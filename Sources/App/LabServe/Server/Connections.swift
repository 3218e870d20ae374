import FlyingSocks
import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The connections that are open, so that there are never too many of them.
///
/// Where there are as many as there may be, the one goes that has waited longest for a request of its client: a client that
/// says nothing keeps nobody else out.
final class Connections: Sendable {
  private struct Entry {
    var socket: Socket
    /// Since when a request is waited for; nil while one is answered.
    var waitingSince: ContinuousClock.Instant?
    /// Whether it has been ended from outside.
    var isEnded = false
  }
  private struct State {
    var entries: [Int: Entry] = [:]
    var next = 0
  }

  /// The most connections.
  let limit: Int
  private let state = Mutex(State())

  init(limit: Int) { self.limit = limit }

  /// How many connections are open.
  var count: Int { state.withLock { $0.entries.count } }

  /// Takes a connection in.
  ///
  /// - Returns: its number; nil where there is no room, and the connection is still the caller's.
  func admit(_ socket: Socket) -> Int? {
    state.withLock { state in
      let lasting = state.entries.count { !$0.value.isEnded }
      if lasting >= limit {
        let oldest = state.entries.filter { $0.value.waitingSince != nil && !$0.value.isEnded }
          .min { $0.value.waitingSince! < $1.value.waitingSince! }
        guard let oldest else { return nil }
        end(oldest.key, &state)
      }
      // Those that were ended are gone in a moment; where they are not, there is no room.
      guard state.entries.count < 2 * limit else { return nil }
      state.next += 1
      state.entries[state.next] = Entry(socket: socket, waitingSince: .now)
      return state.next
    }
  }

  /// Notes that a connection waits for its client, or answers it.
  func setWaiting(_ isWaiting: Bool, _ number: Int) {
    state.withLock { $0.entries[number]?.waitingSince = isWaiting ? .now : nil }
  }

  /// Closes a connection and forgets it.
  func close(_ number: Int) {
    state.withLock { state in
      guard let entry = state.entries.removeValue(forKey: number) else { return }
      try? entry.socket.close()
    }
  }

  /// Ends all connections, whose threads then close them.
  func endAll() {
    state.withLock { state in for number in state.entries.keys { end(number, &state) } }
  }

  private func end(_ number: Int, _ state: inout State) {
    guard let entry = state.entries[number] else { return }
    _ = shutdown(entry.socket.file.rawValue, Int32(SHUT_RDWR))
    state.entries[number]?.isEnded = true
  }
}
