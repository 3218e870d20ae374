import ArgumentParser
import Foundation
import LabCore
import LabStore

/// What `labrun doctor --check` finds in a results folder.
struct StoreCheckReport {
  let results: String

  /// Shows what does not fit and what to do about it.
  ///
  /// - Throws: `ExitCode` where there are problems, ``StoreError`` where the database cannot be opened.
  func show(json: Bool) throws {
    let store = try StudyStore(reading: results)
    let examination = try StoreExamination(store)
    let output = Terminal.standardOutput
    let count = examination.problems.count { $0.severity == .problem }
    if json {
      output.write(
        JSONValue.object([
          "results": .string(results), "runs": .integer(examination.runCount),
          "files": .integer(examination.fileCount), "ok": .boolean(count == 0),
          "problems": .array(examination.problems.map(\.json)),
        ]))
    } else {
      for problem in examination.problems {
        let isNote = problem.severity == .note
        let mark = output.style.apply(isNote ? .better : .warning, to: isNote ? "note   " : "problem")
        output.write(styled: "\(mark)  " + "\(problem.path): \(problem.text)".printable + "\n")
        output.note("         → \(problem.remedy)")
      }
      output.note(
        "\(results): \(number(examination.runCount, "run")), \(number(examination.fileCount, "file")) read; "
          + (count == 0 ? "everything belongs together" : number(count, "problem")))
    }
    if count > 0 { throw ExitCode(ExitStatus.badData.rawValue) }
  }

  private func number(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}

extension StoreProblem {
  fileprivate var json: JSONValue {
    [
      "severity": .string(severity.rawValue), "path": .string(path), "run": run.map { .string($0) } ?? .null,
      "text": .string(text), "remedy": .string(remedy),
    ]
  }
}
