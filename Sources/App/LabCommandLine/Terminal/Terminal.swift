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

  /// Says a sentence beside results, for those that take a function.
  static let sayBeside: @Sendable (String) -> Void = { standardError.note($0) }

  let descriptor: Int32

  /// Whether people look at it.
  var isInteractive: Bool { isatty(descriptor) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }

  /// Colour on a terminal, unless `NO_COLOR` is set.
  var style: Style {
    let noColor = ProcessInfo.processInfo.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
    return isInteractive && !noColor ? .colored : .plain
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

  // MARK: Writing
  //
  // Everything that the program prints goes through these functions, so that no name from data, specs or arguments can
  // steer a terminal, nor a log that is shown on one later. A test sees to it that nothing else prints.

  /// Writes a line; line ends within it are made visible too.
  func note(_ line: String) { put(line.printable + "\n") }

  /// Writes a question, whose answer follows on its line.
  func ask(_ question: String) { put(question.printable) }

  /// Writes plain text of several lines, with everything made visible that would steer a terminal.
  func write(_ text: String) { put(text.printableLines) }

  /// Writes a view that was made for ``style``: its names are printable already, and its colours stay.
  func write(styled view: String) { put(style.printable(view)) }

  /// Writes a JSON value, in which JSON's own escapes stand for all that would steer a terminal.
  func write(_ value: JSONValue) { put(value.printableText) }

  /// Writes a table in a format, as wide and as coloured as people here see it.
  ///
  /// A format that keeps texts as they are (CSV) does so in a file or a pipe, but not on a terminal.
  func write(_ table: ReportTable, as format: any TableFormat = TableFormats.text, showsLegend: Bool = true) {
    put(table.rendered(as: format, options: .init(width: width, style: style, showsLegend: showsLegend)), as: format)
  }

  /// Writes how well a model does in a format, as wide and as coloured as people here see it.
  func write(_ report: EvaluationReport, as format: any TableFormat) {
    put(format.render(report, options: .init(width: width, style: style)), as: format)
  }

  /// Writes what a format has made of tables for this terminal.
  func write(_ text: String, as format: any TableFormat) { put(text, as: format) }

  private func put(_ text: String, as format: any TableFormat) {
    if format.keepsTextsVerbatim, isatty(descriptor) != 1 { put(text) } else { write(styled: text) }
  }

  /// Writes a document in a format, as wide and as coloured as people here see it.
  func write(_ document: ReportDocument, as format: any TableFormat) {
    let text = document.rendered(as: format, options: .init(width: width, style: style))
    if format.keepsTextsVerbatim, isatty(descriptor) != 1 { put(text) } else { write(styled: text) }
  }

  /// Draws lines of a view in place of the ones that were drawn last, with one write, so that nothing flickers.
  ///
  /// - Parameter count: how many lines were drawn last.
  func redraw(_ lines: [String], replacing count: Int) {
    let erasure = count > 0 ? "\u{1b}[\(count)F\u{1b}[J" : ""
    put(erasure + lines.map { style.printable($0) + "\n" }.joined())
  }

  // MARK: A screen of its own

  /// Begins a screen of its own, without a cursor; what stood on the terminal comes back by ``leaveScreen()``.
  func enterScreen() { put("\u{1b}[?1049h\u{1b}[?25l") }

  /// Ends the screen that ``enterScreen()`` began.
  func leaveScreen() { put("\u{1b}[?25h\u{1b}[?1049l") }

  /// Shows lines of a view from the top of the terminal on, and nothing else, with one write, so that nothing flickers.
  ///
  /// - Parameter lines: no more than there are rows, and none longer than the terminal is wide.
  func show(_ lines: [String]) {
    put("\u{1b}[H" + lines.map { style.printable($0) + "\u{1b}[K" }.joined(separator: "\r\n") + "\u{1b}[J")
  }

  /// Writes text as it is; where nobody reads any more it is dropped, and the process goes on with its work.
  private func put(_ text: String) {
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

  /// Has everything that this process prints added to a file from now on, errors too.
  ///
  /// - Throws: `FileError`.
  static func redirect(to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw FileError(action: "open", path: path) }
    defer { close(file) }
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] where dup2(file, descriptor) < 0 {
      throw FileError(action: "write", path: path)
    }
  }
}
