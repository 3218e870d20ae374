import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What the whole process does about signals and streams that would end it, or mislead it, in the middle of its work.
enum ProcessSignals {
  /// Turns the signals that accompany a failed write into nothing but that write's error.
  ///
  /// Ctrl-C reaches every program of a pipeline: `tee` is gone at once, and the next line on standard error must not end
  /// this process before its checkpoints are written. The handler does nothing instead of the signal being ignored,
  /// because only a handler is not handed down to programs that are started from here.
  static func surviveFailedWrites() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number) { _ in } }
  }

  /// Lets notices that come before there is anything to keep end the process with a sentence and the status of an
  /// interruption; a training answers them itself.
  static func endOnNotice() {
    let notices = [SIGUSR1, SIGXCPU]
    // A program that starts this one from a thread that receives no signals hands that down.
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    for number in notices + [SIGINT, SIGTERM, SIGHUP, SIGXFSZ, SIGPIPE] { sigaddset(&unblocked, number) }
    pthread_sigmask(SIG_UNBLOCK, &unblocked, nil)
    for number in notices {
      signal(number) { _ in
        // Only what is allowed within a handler: no memory may be asked for.
        let text: StaticString = "labrun: interrupted before anything was trained; the same command begins again\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(130)
      }
    }
  }

  /// Gives standard streams that the caller closed a place of their own.
  ///
  /// The next file that is opened would otherwise take that place and receive whatever is printed. Opened for reading, the
  /// place refuses what is written, so that a lost table is still an error.
  static func occupyStandardStreams() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) == -1 && errno == EBADF {
      // The lowest free number is taken, which is this one.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// Whether the caller wants the process to be untouched by a signal, as `nohup` does.
  static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    guard sigaction(number, nil, &action) == 0 else { return false }
    #if canImport(Glibc)
      let handler = action.__sigaction_handler.sa_handler
    #else
      let handler = action.__sigaction_u.__sa_handler
    #endif
    return unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  /// Ends the process as a program ends whose reader has left, which shells and people do not hear of.
  static func endWithoutReader() -> Never {
    signal(SIGPIPE, SIG_DFL)
    raise(SIGPIPE)
    Darwinized.exit(128 + SIGPIPE)
  }
}
