import ArgumentParser
import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The command `labrun remove`.
struct RemoveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a sweep with the runs that only it needs, or what is known of one run.",
    usage: "labrun remove <sweep or run> [--yes] [--results <folder>]",
    discussion: """
      With a sweep go its registration, its analyses, what it has written for TensorBoard, and the runs that no other sweep \
      needs, with their results and files; the others stay, and are named. Of a run go its results and files; sweeps that need it have it as never started, and \
      train it anew, or labrun merge takes it from elsewhere.

      It shows what goes and asks; where there is no terminal, --yes says so. Runs that are being trained are never removed, \
      nor files that labrun has not written. What is removed cannot be brought back.

      EXAMPLES
        labrun remove pilot            # a sweep, by its name (the newest one) or number
        labrun remove 3fa9             # a run, by the first digits of its identity
        labrun remove 12 --yes
      """)

  @Argument(
    help: ArgumentHelp(
      "A sweep's number or name, or a run by the first digits of its identity.", valueName: "sweep or run"))
  var name: String

  @Flag(help: "Do not ask.") var yes = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let reading = try StudyStore(reading: resultsOptions.folder)
    let sweep = try reading.sweeps().first { $0.name == name } ?? reading.sweeps().first { "\($0.id)" == name }
    let run = sweep == nil ? try reading.run(matching: name).identity : nil
    let removal =
      if let sweep {
        try reading.removal(ofSweep: sweep.id)
      } else {
        try reading.removal(ofRun: run ?? RunIdentity(hash: ContentHash(of: name)))
      }
    for line in lines(of: removal) { Terminal.standardOutput.note(line) }
    if let item = removal.trained.first, let trainer = item.trainer {
      throw StoreError.busy(run: item.label, owner: trainer)
    }
    guard try yes || isConfirmed() else { return Terminal.standardOutput.note("Nothing was removed.") }
    let store = try StudyStore(folder: resultsOptions.folder)
    let removed =
      if let sweep { try store.remove(sweep: sweep.id) } else { try store.remove(run: removal.removed[0].run) }
    Terminal.standardOutput.note(
      "Removed: \(number(removed.removed.count, "run")), \(size(removed.byteCount)) of files")
  }

  private func isConfirmed() throws -> Bool {
    guard isatty(STDIN_FILENO) == 1, Terminal.standardOutput.isInteractive else {
      throw CommandError("labrun remove asks on a terminal before it removes anything; where there is none, give --yes")
    }
    Terminal.standardOutput.note("Remove it? (yes or no)")
    return ["y", "yes"].contains(readLine()?.trimmingCharacters(in: .whitespaces).lowercased())
  }

  private func lines(of removal: Removal) -> [String] {
    var lines: [String] = []
    if let sweep = removal.sweep {
      let states = RunState.allCases.reversed().compactMap { state in
        let count = removal.removed.count { $0.state == state }
        return count > 0 ? "\(count) \(state.rawValue)" : nil
      }
      lines.append(
        "sweep \(sweep.id) (\(sweep.name)): \(number(removal.removed.count, "run"))"
          + (states.isEmpty ? "" : " (\(states.joined(separator: ", ")))") + ", \(size(removal.byteCount)) of files")
    } else if let item = removal.removed.first {
      lines.append(
        "run \(item.label) (\(item.state.rawValue)): results and \(size(item.byteCount)) of files"
          + (item.sweeps.isEmpty ? "" : "; never started then in \(item.sweeps.joined(separator: ", "))"))
    }
    for item in removal.kept {
      lines.append(
        "  \(item.label) stays: \(item.sweeps.joined(separator: ", ")) \(item.sweeps.count == 1 ? "needs" : "need") it")
    }
    return lines + removal.foreignFiles.map { "  \($0) stays: labrun has not written it" }
  }

  private func number(_ count: Int, _ word: String) -> String { "\(count) \(word)\(count == 1 ? "" : "s")" }
  private func size(_ byteCount: Int) -> String { byteCount == 0 ? "0 B" : NumberText.bytes(byteCount) }
}
