import Foundation
import LabCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process that trains for this one, and ends when this process is gone.
///
/// Its standard input is one end of a connection. What it writes there, a ``ParentConnection/Message``, asks for a look at
/// what it has done; that the connection ends tells either side that the other one is gone.
final class ChildProcess {
  let identifier: pid_t
  private let connection: Connection
  private var end: ProcessEnd?

  /// Starts a program in a process group of its own, so that the terminal's signals do not reach it.
  ///
  /// - Parameters:
  ///   - program: its path.
  ///   - arguments: its arguments, without its name.
  ///   - environment: what its environment has beside this process's.
  ///   - output: the file that receives what it prints.
  ///   - wake: is called, on a thread of its own, where the program asks for a look, and when it has ended.
  /// - Throws: `FileError` with the system's reason where it cannot be started.
  init(
    program: String, arguments: [String], environment: [String: String] = [:], output: String,
    wake: @escaping @Sendable () -> Void
  ) throws {
    var ends: [Int32] = [-1, -1]
    #if os(Linux)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw FileError(action: "start", path: program) }
    let (own, childs) = (ends[0], ends[1])
    defer { close(childs) }
    #if !os(Linux)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    #endif
    do {
      identifier = try ProcessLaunch(
        program: program, arguments: arguments, environment: environment, input: childs, output: .file(output),
        leadsGroup: true
      ).start()
    } catch {
      close(own)
      throw error
    }
    connection = Connection(own, of: identifier, didHear: wake)
  }

  deinit { connection.end() }

  /// Asks a process that trains one capsule after another for the next one.
  ///
  /// - Parameter wake: is called from now on where the process asks for a look, and when it has ended.
  func begin(_ capsule: CapsuleFolder, wake: @escaping @Sendable () -> Void) {
    connection.begin(capsule.path, didHear: wake)
  }

  /// How the process ended, or would have ended if it had only the capsule that it began last; nil while it is at work.
  func poll() -> ProcessEnd? { processEnd() ?? (connection.hasEndedCapsule ? .exit(status: 0) : nil) }

  /// Whether the process itself is there, be it at work or not.
  var isAlive: Bool { processEnd() == nil }

  private func processEnd() -> ProcessEnd? {
    if let end { return end }
    var status: Int32 = 0
    let found = waitpid(identifier, &status, WNOHANG)
    if found == identifier {
      end = ProcessEnd(waitStatus: status)
    } else if found < 0, errno == ECHILD {
      // Somebody else has asked for it, and nobody can know any more.
      end = .exit(status: -1)
    }
    return end
  }

  /// Sends a signal: the last one to the process and to whatever it has started, others to the process alone.
  func send(_ signal: Int32) {
    // Once its end was asked for, its number may be another program's.
    guard end == nil else { return }
    if signal != SIGKILL || kill(-identifier, signal) != 0 { _ = kill(identifier, signal) }
    if signal == SIGKILL { endProgram() }
  }

  /// Ends what the process has left behind, right after its own end.
  func endRest() {
    if end != nil { _ = kill(-identifier, SIGKILL) }
    endProgram()
  }

  private func endProgram() {
    if let group = connection.programGroup { _ = kill(-group, SIGKILL) }
  }
}

/// One end of a connection, which a thread listens to.
///
/// A thread of its own hears the end for certain, also where the other process is killed with something unread; and it knows
/// when the process itself has ended, a moment after its connection.
private final class Connection: Sendable {
  private struct State {
    var descriptor: Int32
    var didHear: @Sendable () -> Void
    var programGroup: pid_t?
    var hasEndedCapsule = false
    var isForgotten = false
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - descriptor: the end, which is closed when the other one is gone.
  ///   - process: the process at the other end, a child of this one.
  ///   - didHear: is called for each message, and when the process has ended.
  init(_ descriptor: Int32, of process: pid_t, didHear: @escaping @Sendable () -> Void) {
    state = Mutex(State(descriptor: descriptor, didHear: didHear))
    Thread.detachNewThread { [self] in
      var (unread, bytes) = ([UInt8](), [UInt8](repeating: 0, count: 256))
      while true {
        let count = read(descriptor, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        if count > 0 {
          unread += bytes[..<count]
          take(&unread)
          state.withLock { $0.didHear }()
          continue
        }
        state.withLock {
          close($0.descriptor)
          $0.descriptor = -1
        }
        // It can still be asked for its end, unless nobody will.
        var end = siginfo_t()
        while waitid(P_PID, id_t(process), &end, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        if state.withLock({ $0.isForgotten }) { waitpid(process, nil, WNOHANG) }
        return state.withLock { $0.didHear }()
      }
    }
  }

  private func take(_ unread: inout [UInt8]) {
    while let first = unread.first {
      var count = 1
      switch ParentConnection.Message(rawValue: first) {
      case .programStart:
        count += MemoryLayout<pid_t>.size
        guard unread.count >= count else { return }
        let group = unread.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 1, as: pid_t.self) }
        state.withLock { $0.programGroup = group > 1 ? group : nil }
      case .capsuleEnd:
        state.withLock { ($0.programGroup, $0.hasEndedCapsule) = (nil, true) }
      case .look, nil: break
      }
      unread.removeFirst(count)
    }
  }

  /// The process group of the program that the process looks after; nil where there is none.
  var programGroup: pid_t? { state.withLock { $0.programGroup } }

  /// Whether the last capsule is complete.
  var hasEndedCapsule: Bool { state.withLock { $0.hasEndedCapsule } }

  /// Asks for the next capsule.
  func begin(_ path: String, didHear: @escaping @Sendable () -> Void) {
    state.withLock { state in
      state.didHear = didHear
      state.hasEndedCapsule = false
      guard state.descriptor >= 0 else { return }
      ParentConnection.send(Array(path.utf8) + [ParentConnection.pathEnd], to: state.descriptor, waits: true)
    }
  }

  /// Ends the connection, if it has not ended by itself; nobody asks for the process any more.
  func end() {
    state.withLock {
      $0.isForgotten = true
      if $0.descriptor >= 0 { _ = shutdown($0.descriptor, Int32(SHUT_RDWR)) }
    }
  }
}

/// How often the kernel has ended processes because memory was used up.
struct MemoryKills: Sendable, Hashable {
  let count: Int?

  /// The number so far; nil where the system does not tell.
  static var current: MemoryKills {
    guard let text = try? String(contentsOfFile: "/proc/vmstat", encoding: .utf8) else {
      return MemoryKills(count: nil)
    }
    let line = text.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }
    return MemoryKills(count: line.flatMap { Int($0.dropFirst("oom_kill ".count)) })
  }

  /// Whether there are more of them than before.
  func isMore(than before: MemoryKills) -> Bool {
    guard let count, let old = before.count else { return false }
    return count > old
  }
}
