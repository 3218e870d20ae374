import Foundation
import LabCore

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A process that reads a file for this one; both ends of its standard input and output are one connection.
final class ReadingProcess {
  let channel: IsolatedChannel
  private let path: String
  private var identifier: pid_t?

  /// Starts a program.
  ///
  /// - Throws: `FileError` with the system's reason where no process can be started.
  init(program: String, arguments: [String], path: String) throws {
    func failure(_ code: Int32) -> FileError {
      FileError(action: "start a process that reads", path: path, code: code)
    }
    var ends: [Int32] = [-1, -1]
    #if os(Linux)
      let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    #else
      let kind = SOCK_STREAM
    #endif
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw failure(errno) }
    defer { close(ends[1]) }
    #if !os(Linux)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      var one: Int32 = 1
      for end in ends { setsockopt(end, SOL_SOCKET, SO_NOSIGPIPE, &one, socklen_t(MemoryLayout<Int32>.size)) }
    #endif
    do {
      identifier = try Self.spawn(program, arguments, connection: ends[1], failure)
    } catch {
      close(ends[0])
      throw error
    }
    self.path = path
    channel = IsolatedChannel(descriptor: ends[0])
  }

  deinit {
    kill()
    close(channel.descriptor)
  }

  /// Waits for a process that has answered.
  func finish() { _ = wait() }

  /// Ends the process.
  func kill() {
    guard let identifier else { return }
    #if canImport(Glibc)
      Glibc.kill(identifier, SIGKILL)
    #else
      Darwin.kill(identifier, SIGKILL)
    #endif
    _ = wait()
  }

  /// Ends a process that gave no answer, and tells why.
  func finish(_ silence: IsolatedChannel.Silence, limits: IsolationLimits) -> IsolationError {
    if silence.isTimeout {
      kill()
      return .noProgress(path: path, seconds: limits.seconds)
    }
    let status = wait()
    let signal = status & 0x7f
    // Its own clock ends a reader that computes in vain.
    if signal == SIGPROF { return .noProgress(path: path, seconds: limits.seconds) }
    if signal != 0 { return .crashed(path: path, signal: signal) }
    return .failed(path: path, reason: "the process that read it ended early")
  }

  private func wait() -> Int32 {
    guard let identifier else { return 0 }
    self.identifier = nil
    var status: Int32 = 0
    while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
    return status
  }

  private static func spawn(
    _ program: String, _ arguments: [String], connection: Int32, _ failure: (Int32) -> FileError
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
    posix_spawn_file_actions_adddup2(&actions, connection, 0)
    posix_spawn_file_actions_adddup2(&actions, connection, 1)
    // What a library or the language's runtime says of a crash is not for the user.
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    // A group of its own keeps the terminal's signals away: the process that asks decides when to stop.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETPGROUP))

    var environment = ProcessInfo.processInfo.environment
    environment["SWIFT_BACKTRACE"] = "enable=no"
    let words = ([CommandLine.arguments.first ?? "labrun"] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, program, &actions, &attributes, words, variables)
    guard code == 0 else { throw failure(code) }
    return identifier
  }
}
