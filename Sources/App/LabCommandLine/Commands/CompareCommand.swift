import ArgumentParser
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun compare`.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare any two variants of a sweep.",
    usage: "labrun compare <sweep> <variant> <other> [options]",
    discussion: """
      The difference of the first variant to the second, with its interval by the model that the sweep's runs allow, \
      what it says, how large it is, and in what the two differ beside.

      EXAMPLES
        labrun compare ablation odconv-4x odconv-1x
        labrun compare ablation odconv-4x odconv-1x --metric test_macro_f1 --json
        labrun compare ablation odconv-4x odconv-1x --images
      """)

  @Argument(help: "The sweep's number or name.")
  var sweep: String

  @Argument(help: "The variant's label, as the table has it.")
  var variant: String

  @Argument(help: "The label of the variant that it is compared with.")
  var other: String

  @Option(help: ArgumentHelp("The metric (default: that of the spec's analysis, or test_accuracy).", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("The confidence of the interval (default: 0.95).", valueName: "level"))
  var confidence: Double?

  @OptionGroup var imageOptions: ImageOptions
  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let format = try formatOptions.chosen()
    let store = try StudyStore(reading: resultsOptions.folder)
    let found = try store.sweep(matching: sweep)
    var analysis = try SweepAnalysis(
      found, options: AnalysisOptions(metric: metric, confidence: confidence, pair: [variant, other]))
    analysis.origins = try found.id.map(store.origins(sweep:))
    try imageOptions.apply(to: &analysis, of: found, in: store)
    Terminal.standardOutput.write(analysis.document, as: format)
  }
}
