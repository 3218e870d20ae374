import Foundation
import LabCore
import LabRecords

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that is asked something, and has only so long to answer.
package struct LimitedProcess {
  /// What ended it.
  package enum End: Sendable, Hashable {
    /// It ended by itself, with a status.
    case exit(status: Int32)
    /// A signal ended it.
    case signal(Int32)
    /// Its time was up.
    case timeUp
    /// Somebody wanted no answer any more.
    case stopped
  }

  /// The program and its arguments.
  let words: [String]
  /// The folder that it is started in.
  let directory: String
  /// What its environment has beside this process's.
  let environment: [String: String]
  /// The whole path of the file that receives what it prints.
  let output: String

  /// Prepares a program.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - directory: the folder that it is started in.
  ///   - environment: what its environment has beside this process's.
  ///   - output: the whole path of the file that receives what it prints.
  package init(_ words: [String], directory: String, environment: [String: String], output: String) {
    self.words = words
    self.directory = directory
    self.environment = environment
    self.output = output
  }

  /// Runs the program, and ends whatever it has started, too.
  ///
  /// - Parameters:
  ///   - seconds: how long it may take.
  ///   - stop: ends it where it is raised.
  /// - Throws: `FileError` with the system's reason where it cannot be started.
  package func run(atMost seconds: Double, stop: StopSignal) throws -> End {
    // The system's call that starts programs in another folder is not there for Swift everywhere.
    let process = try ProcessLaunch(
      program: "/bin/sh", arguments: ["-c", "cd \"$0\" && exec \"$@\"", directory] + words, environment: environment,
      output: output, leadsGroup: true
    ).start()
    let deadline = ContinuousClock.now + .seconds(seconds)
    var status: Int32 = 0
    while true {
      let found = waitpid(process, &status, WNOHANG)
      if found == process {
        kill(-process, SIGKILL)
        switch ProcessEnd(waitStatus: status) {
        case .exit(let status): return .exit(status: status)
        case .signal(let number): return .signal(number)
        }
      }
      let isOverdue = ContinuousClock.now >= deadline
      if isOverdue || stop.request != .none {
        kill(-process, SIGKILL)
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return isOverdue ? .timeUp : .stopped
      }
      usleep(10_000)
    }
  }
}
