import ArgumentParser
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun table`.
struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Compare a sweep's variants with the baseline; also while it runs.",
    usage: "labrun table [<sweep>] [--layout <layout>] [--by <factor> ...] [options]",
    discussion: """
      Mean ± standard deviation over seeds, and the difference to the baseline, blocked by seed, with 95 % intervals that \
      hold all at once (Dunnett) and take their width from the runs of all variants, but for those whose runs vary more: \
      they have variances of their own, and the table says so. The best value is marked, and the second best, where it leads \
      the others beyond chance. Failed and missing runs are shown, never averaged away. Values of different loss functions \
      are not compared: test_log_loss is the same for all of them.

      LAYOUTS
      \(TableCommand.layouts)

      In components and grid, numbers have as many digits as their intervals deserve, and a footnote says n, what ± is, and \
      the test.

      EXAMPLES
        labrun table
        labrun table ablation --by conv
        labrun table --baseline odconv-4x --per-comparison
        labrun table --metric test_accuracy --sort test_accuracy:descending
        labrun table --layout components --format html > table.html
        labrun table --layout grid --by conv --by downsample --metric test_accuracy
        labrun table --layout components --format latex --siunitx --label tab:parts > table.tex
      """)

  private static let layouts = TableLayouts.registry.entries.map { "  \($0.name): \($0.summary)." }
    .joined(separator: "\n")

  @Argument(help: "The sweep's number or name (default: the newest sweep).")
  var sweep: String?

  @Option(
    help: ArgumentHelp(
      "\(TableLayouts.registry.names.joined(separator: ", ")) (default: \(TableLayouts.variants.name)).",
      valueName: "layout"))
  var layout: String?

  @Option(
    help: ArgumentHelp(
      "Marginal means of a factor's levels; two give their combinations, or the rows and columns of a grid.",
      valueName: "factor"))
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

  @Flag(help: "Align numbers by the siunitx package (LaTeX).")
  var siunitx = false

  @Option(help: ArgumentHelp("The caption, as plain text (LaTeX, Markdown, HTML).", valueName: "text"))
  var caption: String?

  @Option(help: ArgumentHelp("What the text refers to the table by (LaTeX).", valueName: "name"))
  var label: String?

  @OptionGroup var formatOptions: TableFormatOptions
  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let format = try formatOptions.chosen()
    let request = TableRequest(
      layout: layout, factors: by, metrics: metric, sort: sort, filters: filter, baseline: baseline,
      showsAdjustedProbabilities: holm, isPerComparison: perComparison)
    _ = try request.chosenLayout()
    let terminal = Terminal.standardOutput
    let rendering = TableRenderingOptions(
      width: terminal.width, style: terminal.style, caption: caption, label: label, usesSiunitx: siunitx)
    try rendering.validate(for: format)
    let store = try StudyStore(reading: resultsOptions.folder)
    let found = try store.comparableSweep(matching: sweep)
    terminal.write(try request.rendered(found, as: format, rendering: rendering), as: format)
  }
}
