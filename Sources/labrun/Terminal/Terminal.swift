import Foundation
import LabReport

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
    var size = winsize()
    if isInteractive, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
    if let text = ProcessInfo.processInfo.environment["COLUMNS"], let columns = Int(text), columns > 0 {
      return columns
    }
    return 120
  }

  /// Writes text as it is; a closed pipe ends the process quietly, as shell users expect.
  func write(_ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0 {
        if errno == EINTR || errno == EAGAIN { continue }
        return
      }
      bytes = bytes.dropFirst(count)
    }
  }

  /// Writes a line.
  func note(_ line: String) { write(line + "\n") }
}
