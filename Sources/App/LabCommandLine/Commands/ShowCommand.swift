import ArgumentParser
import Foundation
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
      """)

  @Argument(help: ArgumentHelp("The first digits of the run's identity.", valueName: "run"))
  var identity: String

  @Flag(help: "Print a table of all epochs instead of curves.")
  var epochs = false

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let store = try StudyStore(reading: resultsOptions.folder)
    let report = RunReport(try RunDetails(of: store.run(matching: identity), in: store))
    let output = Terminal.standardOutput
    if json { return output.write(report.json) }
    output.write(
      styled: report.text(options: .init(width: output.width, style: output.style, showsEpochs: epochs)))
  }
}
