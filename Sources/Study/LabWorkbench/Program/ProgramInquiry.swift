import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabStudy

/// Asks a program for its options by starting it with `--help`.
///
/// Where a Python runs it, `argparse` is asked itself as soon as the program parses its arguments, and ends the program there.
package struct ProgramInquiry {
  /// What came of it.
  package struct Answer: Sendable {
    /// What the program tells of its options.
    package var help: ProgramHelp
    /// Why it tells nothing, in a sentence; nil where it does.
    package var problem: String?
  }

  /// The most that is read of what a program prints, in bytes.
  private static let longestText = 1 << 20

  private let words: [String]
  private let folder: String
  private let seconds: Double

  /// Prepares to ask.
  ///
  /// - Parameters:
  ///   - command: the words of the command; those with placeholders are left out.
  ///   - folder: the folder that the program is started in.
  ///   - seconds: how long it may take.
  package init(_ command: [String], folder: String, atMost seconds: Double) {
    words = command.filter { ProgramCommand.placeholders(of: $0).isEmpty }
    self.folder = folder
    self.seconds = seconds
  }

  /// Starts the program.
  ///
  /// - Returns: nil where `stop` was raised before it had answered.
  /// - Throws: ``WorkbenchError`` where it cannot be started, `FileError`.
  package func answer(stop: StopSignal) throws -> Answer? {
    guard let program = words.first, ProgramCheck.canBeStarted(program, in: folder) else {
      throw WorkbenchError(
        "no program \(words.first ?? "") that can be started is "
          + (words.first?.contains("/") == true ? "in \(folder)" : "in a folder of PATH"), kind: .noInput)
    }
    let place = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-help-\(UUID().uuidString)").path
    try AtomicFile.createFolder(place)
    defer { try? FileManager.default.removeItem(atPath: place) }
    let dump = "\(place)/options.json"
    let python = PythonCommand(words, folder: folder)
    var process = LimitedProcess((python?.asking ?? words) + ["--help"], directory: folder.absolutePath)
    process.environment = [
      // So wide that descriptions stay on their lines, and without colors.
      "COLUMNS": "200", "TERMINAL_WIDTH": "200", "NO_COLOR": "1", "TERM": "dumb", "PAGER": "cat",
      PythonCommand.dumpVariable: dump,
    ]
    process.joinsErrors = true
    process.longestOutput = Self.longestText
    let answer = try process.run(atMost: seconds) { stop.request != .none }
    guard answer.end != .stopped else { return nil }
    if let text = FileManager.default.contents(atPath: dump).map({ String(decoding: $0, as: UTF8.self) }),
      let help = try? ProgramHelp(parser: text)
    {
      return Answer(help: help)
    }
    // What is no text has no lines.
    let text = answer.output.contains(0) ? "" : String(decoding: answer.output, as: UTF8.self)
    let help = ProgramHelp(text: text)
    let asked = "\(words.joined(separator: " ")) --help"
    switch answer.end {
    case .timeUp:
      return Answer(
        help: ProgramHelp(),
        problem: "\(asked) had not ended after \(seconds.formatted(.number.grouping(.never))) s, and was ended")
    case .signal(let number): return Answer(help: ProgramHelp(), problem: "\(asked) was ended by signal \(number)")
    case .exit(let status) where help.isEmpty:
      let last = text.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
      return Answer(
        help: help,
        problem: "\(asked) says nothing of options that labrun can read"
          + (status == 0 ? "" : ", and ends with status \(status)")
          + (last.map { "; it says last: \($0.trimmingCharacters(in: .whitespaces).prefix(200))" } ?? ""))
    default: return Answer(help: help)
    }
  }
}
