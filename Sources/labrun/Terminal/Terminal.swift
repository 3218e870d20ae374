import Foundation
import LabCore
import LabReport
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// One of the process's output streams.
struct Terminal: Sendable {
  /// Results: tables and listings.
  static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
  /// What is said beside results: progress, notes, errors.
  static let standardError = Terminal(descriptor: STDERR_FILENO)

  let descriptor: Int32

  /// Whether people look at it.
  var isInteractive: Bool { isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// Colour on a terminal, unless `NO_COLOR` is set.
  var style: Style {
    let noColour = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    return isInteractive && !noColour ? .coloured : .plain
  }

  /// Columns of the terminal; 120 where there is none.
  var width: Int {
    if let size, size.ws_col > 0 { return Int(size.ws_col) }
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 {
      return columns
    }
    return 120
  }

  /// Rows of the terminal; 24 where there is none, or none that tells.
  var height: Int { size.flatMap { $0.ws_row > 0 ? Int($0.ws_row) : nil } ?? 24 }

  private var size: winsize? {
    var size = winsize()
    return isInteractive && ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 ? size : nil
  }

  /// Why results could not be written to standard output, as far as that has happened.
  static var outputFailure: FileError? { failure.withLock { $0 } }
  private static let failure = Mutex<FileError?>(nil)

  /// Writes text as it is; where nobody reads any more it is dropped, and the process goes on with its work.
  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        // What is said beside results may be lost, and training goes on; a table that is lost must not pass for one.
        if descriptor == STDOUT_FILENO {
          let error = FileError(action: "write to", path: "standard output")
          Terminal.failure.withLock { $0 = error }
        }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Writes a line.
  func note(_ line: String) { write(line + "\n") }
}
