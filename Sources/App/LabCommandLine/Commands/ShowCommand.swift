import ArgumentParser
import Foundation
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun show`.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show one run: configuration, curves, per-class metrics, confusion matrix, provenance.",
    discussion: """
      EXAMPLES
        labrun list ablation        # the runs of a sweep with their identities
        labrun show 3fa9            # the run whose identity starts so
        labrun show 3fa9 --epochs   # every epoch as a table instead of curves
        labrun show 3fa9 --log      # what its processes have printed
      """)

  @Argument(help: ArgumentHelp("The first digits of the run's identity.", valueName: "run"))
  var identity: String

  @Flag(help: "Print a table of all epochs instead of curves.")
  var epochs = false

  @Flag(help: "Print what the run's processes have printed, where it had some of its own.")
  var log = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if log, epochs || json { throw ValidationError("--log prints a text alone, without --epochs and --json.") }
  }

  func run() throws {
    let store = try StudyStore(reading: resultsOptions.folder)
    let run = try store.run(matching: identity)
    let output = Terminal.standardOutput
    if log { return try printLog(of: run, in: store, to: output) }
    let report = RunReport(try RunDetails(of: run, in: store))
    if json { return output.write(report.json) }
    output.write(
      styled: report.text(options: .init(width: output.width, style: output.style, showsEpochs: epochs)))
  }
  /// Prints what the processes of each attempt have printed.
  private func printLog(of run: Run, in store: StudyStore, to output: Terminal) throws {
    let folder = store.folder(of: run.identity).path
    let attempts = try store.attempts(at: run.identity).map(\.number).filter {
      FileManager.default.fileExists(atPath: "\(folder)/\(RunOutput.name(ofAttempt: $0))")
    }
    guard !attempts.isEmpty else {
      throw CommandError(
        "run \(run.identity.short) has no output on record: no process of its own has printed anything")
    }
    for attempt in attempts {
      if attempts.count > 1 { output.write("--- attempt \(attempt) ---\n") }
      let data = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(RunOutput.name(ofAttempt: attempt))"))
      let text = String(decoding: data, as: UTF8.self)
      // What was printed must not steer this terminal.
      output.write(text.printableLines + (text.hasSuffix("\n") ? "" : "\n"))
    }
  }
}
