import Foundation
import LabCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The connection to the process that started this one, on standard input.
///
/// A thread of its own hears its end for certain, also where the other process was killed before it had read everything.
package final class ParentConnection: Sendable {
  /// What a process tells the one that started it.
  enum Message: UInt8 {
    /// It asks for a look at what is new.
    case look = 1
    /// Its program has started, and leads the process group whose number follows.
    case programStart = 2
    /// All that the capsule will ever hold is there.
    case capsuleEnd = 3
  }

  /// What ends the path of a capsule.
  static let pathEnd: UInt8 = 0

  private let paths = Mutex((waiting: [String](), hasEnded: false))
  private let news = DispatchSemaphore(value: 0)
  /// Whether there is somebody at the other end: who tries the command by hand has a terminal or nothing there.
  private let isConnected: Bool

  /// Listens to standard input.
  ///
  /// - Parameter didEnd: is called, on another thread, when the other process is gone.
  package init(didEnd: @escaping @Sendable () -> Void) {
    var status = stat()
    isConnected = fstat(STDIN_FILENO, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    guard isConnected else {
      end()
      return
    }
    Thread.detachNewThread { [self] in
      var (path, bytes) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
      while true {
        let count = read(STDIN_FILENO, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for byte in bytes[..<count] {
          guard byte == Self.pathEnd else {
            path.append(byte)
            continue
          }
          paths.withLock { $0.waiting.append(String(decoding: path, as: UTF8.self)) }
          path = []
          news.signal()
        }
      }
      didEnd()
      end()
    }
  }

  private func end() {
    paths.withLock { $0.hasEnded = true }
    news.signal()
  }

  /// Waits for the path of the next capsule.
  ///
  /// - Returns: the path; nil when the other process is gone.
  package func nextCapsule() -> String? {
    while true {
      let (path, hasEnded) = paths.withLock { state in
        (state.hasEnded || state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.hasEnded)
      }
      if hasEnded || path != nil { return path }
      news.wait()
    }
  }

  // MARK: Telling

  /// Asks for a look at what is new; where the other process is gone, nobody needs to.
  package func ring() { send([Message.look.rawValue], waits: false) }

  /// Tells that a program has started, so that it does not outlive this process.
  ///
  /// - Parameter group: the number of its process group.
  func tellProgramStart(group: pid_t) {
    send([Message.programStart.rawValue] + withUnsafeBytes(of: group) { Array($0) }, waits: true)
  }

  /// Tells that the capsule is complete.
  package func tellCapsuleEnd() { send([Message.capsuleEnd.rawValue], waits: true) }

  private func send(_ bytes: [UInt8], waits: Bool) {
    if isConnected { Self.send(bytes, to: STDIN_FILENO, waits: waits) }
  }

  /// Sends bytes to the other end; where it is gone, that is heard elsewhere.
  ///
  /// - Parameters:
  ///   - bytes: what is sent.
  ///   - socket: the own end.
  ///   - waits: whether to wait where there is no room for them, and not to drop them.
  static func send(_ bytes: [UInt8], to socket: Int32, waits: Bool) {
    #if canImport(Glibc)
      let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
    #else
      let flags = waits ? 0 : MSG_DONTWAIT
    #endif
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { Foundation.send(socket, $0.baseAddress, $0.count, flags) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      sent += count
    }
  }
}
