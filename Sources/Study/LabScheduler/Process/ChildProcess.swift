import Dispatch
import Foundation
import LabCore

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
  /// How a program ended.
  enum End: Sendable, Hashable {
    /// By itself, with a status.
    case exit(status: Int32)
    /// By a signal.
    case signal(Int32)
  }

  let identifier: pid_t
  private let connection: any DispatchSourceRead
  private var end: End?

  /// Starts a program in a process group of its own, so that the terminal's signals do not reach it.
  ///
  /// - Parameters:
  ///   - program: its path.
  ///   - arguments: its arguments, without its name.
  ///   - environment: what its environment has beside this process's.
  ///   - output: the file that receives what it prints.
  ///   - wake: is called, on a queue of its own, where the program asks for a look, and when it has ended.
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
    _ = fcntl(own, F_SETFL, O_NONBLOCK)
    do {
      identifier = try Self.spawn(program, arguments, environment, connection: childs, output: output)
    } catch {
      close(own)
      throw error
    }
    connection = DispatchSource.makeReadSource(fileDescriptor: own, queue: DispatchQueue(label: "labrun.child"))
    connection.setEventHandler { [connection] in
      var bytes = [UInt8](repeating: 0, count: 256)
      let count = read(own, &bytes, bytes.count)
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { connection.cancel() }
      wake()
    }
    connection.setCancelHandler { close(own) }
    connection.resume()
  }

  deinit { connection.cancel() }

  /// How the program ended; nil while it runs.
  func poll() -> End? {
    if let end { return end }
    var status: Int32 = 0
    let found = waitpid(identifier, &status, WNOHANG)
    if found == identifier {
      let signal = status & 0x7f
      end = signal == 0 ? .exit(status: (status >> 8) & 0xff) : .signal(signal)
    } else if found < 0, errno == ECHILD {
      // Somebody else has asked for it, and nobody can know any more.
      end = .exit(status: -1)
    }
    return end
  }

  /// Sends a signal to the program and to whatever it has started.
  func send(_ signal: Int32) {
    // Once its end was asked for, its number may be another program's.
    guard end == nil else { return }
    if kill(-identifier, signal) != 0 { _ = kill(identifier, signal) }
  }

  private static func spawn(
    _ program: String, _ arguments: [String], _ environment: [String: String], connection: Int32, output: String
  ) throws -> pid_t {
    #if os(Linux)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, connection, STDIN_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What this process ignores, or answers in its own way, ends another program as it always does.
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU, SIGXFSZ, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETPGROUP))

    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = inherited.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, program, &actions, &attributes, words, variables)
    guard code == 0 else { throw FileError(action: "start", path: program, code: code) }
    return identifier
  }
}

extension ChildProcess.End {
  /// What happened, as the end of a sentence that begins with the program.
  var clause: String {
    switch self {
    case .exit(let status): "ended early, with status \(status)"
    case .signal(let number): "was ended by signal \(number) (\(Self.name(of: number)))"
    }
  }

  private static func name(of signal: Int32) -> String {
    strsignal(signal).map { String(cString: $0).lowercased() } ?? "unknown"
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
