import ArgumentParser
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun analyze`.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract: "Analyze a sweep as a designed experiment: verdicts, factors, fairness, diagnostics.",
    usage: "labrun analyze [<sweep> ...] [--metric <name>] [options]",
    discussion: """
      One metric by the model variant + seed + residual: each comparison with its simultaneous interval and a verdict \
      (better, worse, equivalent, undecided), the analysis of variance of the factors, their effects and interactions, \
      in what arms differ beside what is studied, and what speaks against the model. Variants whose runs vary more than \
      those of the others have variances of their own, and are named. Metric, smallest effect that matters, confidence and comparisons \
      are those of the spec's "analysis", which says so before there are results. CSV has the comparisons only.

      With --images the test images are a sample too: intervals over seeds and images, images gained and lost with \
      McNemar's test, and a mark at each verdict that another draw of images may undo.

      Several sweeps are compared over data sets, one a sweep: variants of the same label are ranked on each (Friedman, \
      Nemenyi), and compared with the baseline on data sets like these (Bayesian signed rank). A sweep with a factor \
      whose levels are data sets has that in its analysis.

      EXAMPLES
        labrun analyze
        labrun analyze ablation --metric test_accuracy --smallest-effect 0.5
        labrun analyze ablation --all-pairs
        labrun analyze ablation --images
        labrun analyze ablation --baseline odconv-4x --format html > analysis.html
        labrun analyze cifar10 svhn gtsrb --smallest-effect 0.5
      """)

  @Argument(help: "The sweep's number or name (default: the newest sweep); several are data sets.")
  var sweep: [String] = []

  @Option(help: ArgumentHelp("The metric (default: that of the spec's analysis, or test_accuracy).", valueName: "name"))
  var metric: String?

  @Option(help: ArgumentHelp("Compare with this variant instead of the spec's baseline.", valueName: "variant"))
  var baseline: String?

  @Option(help: ArgumentHelp("The confidence of the intervals (default: 0.95).", valueName: "level"))
  var confidence: Double?

  @Option(
    help: ArgumentHelp(
      "The smallest difference that matters, in points of metrics in percent, else in the metric's unit.",
      valueName: "size"))
  var smallestEffect: Double?

  @Flag(help: "Intervals that hold each by itself, instead of all at once.")
  var perComparison = false

  @Flag(help: "Compare all pairs of variants.")
  var allPairs = false

  @OptionGroup var imageOptions: ImageOptions

  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if let smallestEffect, !(smallestEffect > 0) {
      throw ValidationError("--smallest-effect must be above 0, but is \(smallestEffect).")
    }
    if allPairs, baseline != nil {
      throw ValidationError("--all-pairs compares with every variant, so --baseline adds nothing.")
    }
    if sweep.count > 1, allPairs || perComparison {
      throw ValidationError(
        "over several sweeps, ranks compare all pairs at once, so \(allPairs ? "--all-pairs" : "--per-comparison") "
          + "does nothing.")
    }
    if sweep.count > 1, imageOptions.images {
      throw ValidationError("over several sweeps, each data set counts once, so --images does nothing.")
    }
  }

  func run() throws {
    let format = try formatOptions.chosen()
    let store = try StudyStore(reading: resultsOptions.folder)
    let options = AnalysisOptions(
      metric: metric, baseline: baseline, confidence: confidence, smallestEffect: smallestEffect,
      isPerComparison: perComparison, comparesAllPairs: allPairs ? true : nil)
    guard sweep.count < 2 else {
      let sweeps = try sweep.map { try store.sweep(matching: $0) }
      return Terminal.standardOutput.write(try DataSetComparison(sweeps, options: options).document, as: format)
    }
    let found = try store.sweep(matching: sweep.first)
    var analysis = try SweepAnalysis(found, options: options)
    analysis.origins = try found.id.map(store.origins(sweep:))
    try imageOptions.apply(to: &analysis, of: found, in: store)
    Terminal.standardOutput.write(analysis.document, as: format)
  }
}
