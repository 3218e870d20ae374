import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that is about to be started.
package struct ProcessLaunch {
  /// Where something that a program prints goes.
  package enum Output {
    /// To the end of a file, by its whole path.
    case file(String)
    /// To what is open in this process.
    case descriptor(Int32)
    /// To where its results go.
    case joined
  }

  /// Its path, or a name that is looked for in `PATH`.
  package var program: String
  /// Its arguments, without its name.
  package var arguments: [String]
  /// What its environment has beside this process's.
  package var environment: [String: String]
  /// What it reads from; nil for nothing.
  package var input: Int32?
  /// What receives its results.
  package var output: Output
  /// What receives its errors.
  package var errors: Output
  /// Whether it leads a process group of its own, which signals of the terminal do not reach.
  package var leadsGroup: Bool

  /// Prepares a program.
  package init(
    program: String, arguments: [String], environment: [String: String] = [:], input: Int32? = nil, output: Output,
    errors: Output = .joined, leadsGroup: Bool
  ) {
    self.program = program
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.output = output
    self.errors = errors
    self.leadsGroup = leadsGroup
  }

  /// The whole path of a program; nil where none that can be started is in a folder of `PATH`.
  package static func path(of name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
      .map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Starts the program.
  ///
  /// - Returns: its number.
  /// - Throws: `FileError` with the system's reason where it cannot be started.
  package func start() throws -> pid_t {
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
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
    } else {
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    }
    for (output, descriptor) in [(output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
      switch output {
      case .file(let path):
        posix_spawn_file_actions_addopen(&actions, descriptor, path, O_WRONLY | O_CREAT | O_APPEND, 0o644)
      case .descriptor(let open): posix_spawn_file_actions_adddup2(&actions, open, descriptor)
      case .joined: posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, descriptor)
      }
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    // What this process ignores, or answers in its own way, ends another program as it always does.
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU, SIGXFSZ, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    if leadsGroup {
      posix_spawnattr_setpgroup(&attributes, 0)
      flags |= POSIX_SPAWN_SETPGROUP
    }
    posix_spawnattr_setflags(&attributes, Int16(flags))

    let inherited = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let words = ([program] + arguments).map { strdup($0) } + [nil]
    let variables = inherited.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawnp(&identifier, program, &actions, &attributes, words, variables)
    guard code == 0 else { throw FileError(action: "start", path: program, code: code) }
    return identifier
  }
}

/// How a program ended.
package enum ProcessEnd: Sendable, Hashable {
  /// By itself, with a status.
  case exit(status: Int32)
  /// By a signal.
  case signal(Int32)

  /// Reads what the system tells of it.
  package init(waitStatus status: Int32) {
    let signal = status & 0x7f
    self = signal == 0 ? .exit(status: (status >> 8) & 0xff) : .signal(signal)
  }

  /// What happened, as the end of a sentence that begins with the program.
  package var clause: String {
    switch self {
    case .exit(let status): "ended early, with status \(status)"
    case .signal(let number): "was ended by signal \(number) (\(Self.name(of: number)))"
    }
  }

  private static func name(of signal: Int32) -> String {
    strsignal(signal).map { String(cString: $0).lowercased() } ?? "unknown"
  }
}
