import ArgumentParser
import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun report`.
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Write a sweep's conclusions, tables and figures into one page.",
    usage: "labrun report [<sweep>] [--output <file>] [options]",
    discussion: """
      One file that opens anywhere, without network and scripts: the question and the design in words, conclusions in \
      sentences with their intervals, the table, figures, the chance of the test images, factors, classes, calibration, \
      failures, methods with versions and hashes, and every run. It may be written at any time, also while the sweep runs.

      EXAMPLES
        labrun report                     # the newest sweep, into Results/NAME.html
        labrun report ablation --output ablation.html
        labrun report ablation --metric test_macro_f1
        labrun report ablation --format markdown --output -
      """)

  @Argument(help: "The sweep's number or name (default: the newest sweep).")
  var sweep: String?

  @Option(
    help: ArgumentHelp(
      "A metric to show; conclusions are about the first (default: the spec's, or test_accuracy).", valueName: "name"))
  var metric: [String] = []

  @Option(help: ArgumentHelp("The variant that others are compared with (default: the spec's).", valueName: "label"))
  var baseline: String?

  @Option(help: ArgumentHelp("\(PageFormats.registry.names.joined(separator: ", ")).", valueName: "format"))
  var format: String?

  @Option(
    help: ArgumentHelp("The file to write, - to print it (default: a file in the results folder).", valueName: "file"),
    completion: .file())
  var output: String?

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let format = try format.map(PageFormats.named) ?? PageFormats.ofFile(output ?? "")
    let store = try StudyStore(reading: resultsOptions.folder)
    let found = try store.sweep(matching: sweep)
    let options = AnalysisOptions(metric: metric.first, baseline: baseline)
    let progress = ProgressLine()
    defer { progress.close() }
    let records = try SweepRecords(
      of: found, in: store, metric: options.metric(of: found), progress: progress.updates("reading the runs"))
    let report = try SweepReport(
      found, records: records, options: options, metrics: Array(metric.dropFirst()),
      progress: progress.updates("drawing test images"))
    progress.close()
    let text = report.page.rendered(as: format)
    if output == "-" { return Terminal.standardOutput.write(text) }
    let path = output ?? "\(resultsOptions.folder)/\(ReportCommand.fileName(of: found)).\(format.fileExtension)"
    try AtomicFile.write(Data(text.utf8), to: path)
    Terminal.standardError.note("wrote \(path)")
  }

  /// The sweep's name with nothing that would lead out of the folder.
  private static func fileName(of sweep: Sweep) -> String {
    let name = String(sweep.name.map { $0.isLetter || $0.isNumber || "-_+".contains($0) ? $0 : "-" })
    return name.isEmpty ? "report" : name
  }
}
