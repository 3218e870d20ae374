import ArgumentParser
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun table`.
struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Compare a sweep's variants with the baseline; also while it runs.",
    usage: "labrun table [<sweep>] [--by <factor> ...] [options]",
    discussion: """
      A row a variant: mean ± standard deviation over seeds, and the difference to the baseline, blocked by seed, with \
      95 % intervals that hold all at once (Dunnett) and take their width from the runs of all variants, but for those \
      whose runs vary more: they have variances of their own, and the table says so. Failed and missing runs \
      are shown, never averaged away. Values of different loss functions are not compared: test_log_loss is the same for all of them.

      EXAMPLES
        labrun table
        labrun table ablation --by conv
        labrun table --baseline odconv-4x --per-comparison
        labrun table --metric test_accuracy --sort test_accuracy:descending
        labrun table --filter conv=odconv-4x --format latex > table.tex
      """)

  @Argument(help: "The sweep's number or name (default: the newest sweep).")
  var sweep: String?

  @Option(help: ArgumentHelp("Marginal means of a factor's levels; two give their combinations.", valueName: "factor"))
  var by: [String] = []

  @Option(help: ArgumentHelp("A metric to show (default: test_accuracy, test_macro_f1).", valueName: "name"))
  var metric: [String] = []

  @Option(help: ArgumentHelp("The column to sort by.", valueName: "column[:ascending|descending]"))
  var sort: String?

  @Option(help: ArgumentHelp("Only variants with this level.", valueName: "factor=level"))
  var filter: [String] = []

  @Flag(help: "Add p-values that are adjusted for the number of comparisons (Holm).")
  var holm = false

  @Flag(help: "Intervals that hold each by itself, instead of all at once.")
  var perComparison = false

  @Option(help: ArgumentHelp("Compare with this variant instead of the spec's baseline.", valueName: "variant"))
  var baseline: String?

  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func validate() throws {
    if perComparison, !by.isEmpty {
      throw ValidationError("with --by, each interval holds by itself, so --per-comparison adds nothing.")
    }
  }

  func run() throws {
    let format = try formatOptions.chosen()
    let store = try StudyStore(reading: resultsOptions.folder)
    let found = try store.sweep(matching: sweep)
    let options = ReportOptions(
      metrics: metric.isEmpty ? nil : metric, filters: try filter.map { try LevelFilter(parsing: $0) },
      sort: try sort.map { try SortOrder(parsing: $0) }, multiplicity: holm ? .holm : .perComparison,
      coverage: perComparison ? .perComparison : .simultaneous, baseline: baseline)
    let table = try SweepTables.table(found, by: by, options: options)
    Terminal.standardOutput.write(table, as: format)
  }
}
