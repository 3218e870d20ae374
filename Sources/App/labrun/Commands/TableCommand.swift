import ArgumentParser
import LabCore
import LabRecords
import LabReport
import LabStore

/// The command `labrun table`.
struct TableCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "table", abstract: "Compare a sweep's variants with the baseline; also while it runs.",
    usage: "labrun table [<sweep>] [--by <factor> ...] [options]",
    discussion: """
      A row a variant: mean ± standard deviation over seeds, and the difference to the baseline, paired by seed, with \
      a 95 % interval where at least three pairs have a spread to judge by. Failed and missing runs are shown, never \
      averaged away. Values of different loss functions are not compared: test_log_loss is the same for all of them.

      EXAMPLES
        labrun table
        labrun table ablation --by conv
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

  @Option(help: ArgumentHelp("\(TableFormats.registry.names.joined(separator: ", ")).", valueName: "format"))
  var format = "text"

  @Flag(help: "The same as --format json.")
  var json = false

  @Flag(help: "Add p-values that are adjusted for the number of comparisons (Holm).")
  var holm = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let format = try TableFormats.named(json ? "json" : format)
    let store = try StudyStore(reading: resultsOptions.folder)
    let snapshot = try store.snapshot(sweep: store.sweep(matching: sweep).id)
    let options = ReportOptions(
      metrics: metric.isEmpty ? nil : metric, filters: try filter.map { try LevelFilter(parsing: $0) },
      sort: try sort.map { try SortOrder(parsing: $0) }, multiplicity: holm ? .holm : .perComparison)
    let table = try SweepTables.table(snapshot, by: by, options: options)
    Terminal.standardOutput.write(table, as: format)
  }
}

extension StudyStore {
  /// The sweep of a number or name; the newest where none is given.
  ///
  /// - Throws: ``CommandError`` with the nearest name, or ``StoreError/noResults(folder:)`` where there is none at all.
  func sweep(matching text: String?) throws -> StoredSweep {
    let sweeps = try sweeps()
    guard let newest = sweeps.first else { throw StoreError.noResults(folder: folder) }
    guard let text else { return newest }
    if let match = sweeps.first(where: { $0.name == text }) { return match }
    if let number = Int64(text), let match = sweeps.first(where: { $0.id == number }) { return match }
    let names = sweeps.map(\.name)
    throw CommandError(
      "there is no sweep \"\(text)\" in \(folder)\(NearestName.hint(for: text, among: names)): `labrun list` shows them",
      status: .noInput)
  }
  /// The one run whose identity starts with hexadecimal digits.
  ///
  /// - Throws: ``CommandError`` with the folder where there is none, else what the store throws.
  func run(matching text: String) throws -> StoredRun {
    do {
      return try run(identityPrefix: text)
    } catch RunStoreError.unknownRun {
      throw CommandError(
        "there is no run \"\(text)\" in the results folder \(folder): `labrun list` shows its sweeps, `labrun list SWEEP` "
          + "their runs, and --results chooses another folder", status: .noInput)
    }
  }
}
