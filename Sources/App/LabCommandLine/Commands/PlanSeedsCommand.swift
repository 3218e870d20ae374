import ArgumentParser
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun plan-seeds`.
struct PlanSeedsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan-seeds", abstract: "How many seeds a sweep needs, with the spread that its runs have shown.",
    usage: "labrun plan-seeds [<sweep>] [--half-width <size>] [options]",
    discussion: """
      Sizes are in points of metrics in percent, else in the metric's unit. Without --effect, the smallest effect of the \
      spec's "analysis" counts.

      EXAMPLES
        labrun plan-seeds ablation --half-width 0.5
        labrun plan-seeds ablation --effect 0.5 --power 0.9
        labrun plan-seeds ablation --effect 1 --metric test_macro_f1 --per-comparison
      """)

  @Argument(help: "The sweep's number or name (default: the newest sweep).")
  var sweep: String?

  @Option(help: ArgumentHelp("Seeds until intervals of differences are ± this.", valueName: "size"))
  var halfWidth: Double?

  @Option(help: ArgumentHelp("Seeds until a difference of this size is found.", valueName: "size"))
  var effect: Double?

  @Option(help: ArgumentHelp("The chance with which it is found (default: 0.8).", valueName: "chance"))
  var power: Double?

  @Option(help: ArgumentHelp("The metric (default: that of the spec's analysis, or test_accuracy).", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("The confidence of the intervals (default: 0.95).", valueName: "level"))
  var confidence: Double?

  @Flag(help: "Intervals that hold each by itself, instead of all at once.")
  var perComparison = false

  @Flag(help: "Compare all pairs of variants.")
  var allPairs = false

  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    for (name, size) in [("half-width", halfWidth), ("effect", effect)] {
      if let size, !(size > 0 && size.isFinite) { throw ValidationError("--\(name) must be above 0, but is \(size).") }
    }
    if let power, !(power > 0 && power < 1) {
      throw ValidationError("--power lies between 0 and 1, but is \(power).")
    }
  }

  func run() throws {
    let format = try formatOptions.chosen()
    let store = try StudyStore(reading: resultsOptions.folder)
    let report = try SeedPlanReport(
      store.sweep(matching: sweep),
      options: AnalysisOptions(
        metric: metric, confidence: confidence, isPerComparison: perComparison, comparesAllPairs: allPairs ? true : nil),
      goal: .init(halfWidth: halfWidth, effect: effect, power: power ?? 0.8))
    if power != nil, report.effect == nil {
      throw CommandError("--power is that of finding a difference: say which with --effect")
    }
    Terminal.standardOutput.write(report.document, as: format)
  }
}
