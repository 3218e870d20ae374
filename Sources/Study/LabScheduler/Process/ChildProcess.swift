import Foundation
import LabCore
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that trains for this process, and ends when this process is gone.
///
/// Its standard input is one end of a connection. What it writes there asks for a look at what it has done; that the
/// connection ends tells either side that the other one is gone.
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

  /// How the program ended; nil while it runs.
  func poll() -> ProcessEnd? {
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

  /// Sends a signal: the last one to the program and to whatever it has started, others to the program alone.
  func send(_ signal: Int32) {
    // Once its end was asked for, its number may be another program's.
    guard end == nil else { return }
    if signal != SIGKILL || kill(-identifier, signal) != 0 { _ = kill(identifier, signal) }
  }

  /// Ends what the program has left behind in its group, right after its own end.
  func endRest() { _ = kill(-identifier, SIGKILL) }
}

/// One end of a connection, which a thread listens to.
///
/// A thread of its own hears the end for certain, also where the other process is killed with something unread; and it knows
/// when the process itself has ended, a moment after its connection.
private final class Connection: Sendable {
  private let descriptor: Mutex<Int32>

  /// - Parameters:
  ///   - descriptor: the end, which is closed when the other one is gone.
  ///   - process: the process at the other end, a child of this one.
  ///   - didHear: is called for each message, and when the process has ended.
  init(_ descriptor: Int32, of process: pid_t, didHear: @escaping @Sendable () -> Void) {
    self.descriptor = Mutex(descriptor)
    Thread.detachNewThread { [self] in
      var bytes = [UInt8](repeating: 0, count: 256)
      while true {
        let count = read(descriptor, &bytes, bytes.count)
        if count < 0, errno == EINTR { continue }
        if count > 0 {
          didHear()
          continue
        }
        self.descriptor.withLock {
          close($0)
          $0 = -1
        }
        // It can still be asked for its end.
        var end = siginfo_t()
        while waitid(P_PID, id_t(process), &end, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        return didHear()
      }
    }
  }

  /// Ends the connection, if it has not ended by itself.
  func end() {
    descriptor.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RDWR)) } }
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
