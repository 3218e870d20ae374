import LabRecords
import LabStore

/// What is said of a merge.
struct MergeSummary {
  /// What the user calls the other results.
  let name: String
  /// Their folder, which of an archive the user does not know.
  let folder: String
  let report: MergeReport

  /// Prints what was taken, and everything that was not.
  func show() {
    for line in lines { Terminal.standardOutput.note(line) }
    for item in report.damaged {
      Terminal.standardError.note("warning: \(item.label) \(item.text.replacing(folder, with: name))")
    }
    for item in report.conflicts {
      Terminal.standardError.note("warning: \(item.label) \(item.text); what is here stays")
    }
  }

  private var lines: [String] {
    var lines = [first]
    if !report.newSweeps.isEmpty { lines.append("  new: \(list(report.newSweeps))") }
    if !report.extendedSweeps.isEmpty {
      lines.append("  more is on record now of \(list(report.extendedSweeps)): shards, analyses or seeds")
    }
    for item in report.replaced { lines.append("  \(item.label) \(item.text)") }
    for item in report.leftOut { lines.append("  \(item.label) \(item.text): left out") }
    return lines + report.notes.map { "  \($0)" }
  }

  private var first: String {
    let conflicts =
      report.conflicts.isEmpty ? "" : "; \(number(report.conflicts.count, "run")) with other results than here"
    guard !report.isEmpty else { return "\(name): nothing new\(conflicts)" }
    let states = RunState.allCases.reversed().compactMap { state in
      report.taken[state].map { "\($0) \(state.rawValue)" }
    }
    let count = report.taken.values.reduce(0, +)
    let runs = "took over \(number(count, "run"))" + (states.isEmpty ? "" : " (\(states.joined(separator: ", ")))")
    let lesions = report.lesionCount > 0 ? ["\(number(report.lesionCount, "lesion"))"] : []
    return "\(name): " + ([runs] + lesions).joined(separator: " and ")
      + (report.knownCount > 0 ? "; nothing new of \(report.knownCount)" : "") + conflicts
  }

  private func list(_ names: [String]) -> String {
    number(names.count, "sweep") + " (" + names.prefix(5).joined(separator: ", ")
      + (names.count > 5 ? " and \(names.count - 5) more" : "") + ")"
  }

  private func number(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
}
