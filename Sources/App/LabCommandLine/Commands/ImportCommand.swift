import ArgumentParser
import Foundation
import LabExchange
import LabReport
import LabStore
import LabWorkbench

/// The command `labrun import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Take over results that another program measured, as a sweep for tables, analyses and reports.",
    usage: "labrun import <file> [--from <format>] [options]",
    discussion: """
      A row is a run, or an epoch of one. Columns of texts that differ are factors, the column seed tells the runs of a \
      variant apart, and columns that labrun knows by name (test_accuracy, val/loss, …) are metrics; what is guessed is \
      printed, and --dry-run stores nothing. Columns that are the same for all runs of a variant are kept as settings; what \
      is left out is named.

      Everything that labrun says of such a sweep says that it was imported, from which file and with which hash. The same \
      import again changes nothing; another one of the same name is refused.

      FORMATS
      \(ImportCommand.formats)

      EXAMPLES
        labrun import runs.csv --dry-run
        labrun import runs.csv --name theirs --baseline conv=static
        labrun import runs.csv --factors conv,loss --seed seed --metrics test_accuracy=acc%
        labrun import runs.csv --metrics bleu --better higher
        labrun import wandb-export.csv --from wandb-csv --factors optimizer
        labrun import exported/runs.csv --epochs exported/epochs.csv
      """)

  private static let formats = ImportFormats.registry.entries.map { "  \($0.name): \($0.summary)." }
    .joined(separator: "\n")

  @Argument(help: "The file.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp(
      "\(ImportFormats.registry.names.joined(separator: ", ")) (default: \(ImportFormats.registry.names[0])).",
      valueName: "format"))
  var from: String?

  @Option(help: ArgumentHelp("What the sweep is called (default: as the file).", valueName: "name"))
  var name: String?

  @Option(
    help: ArgumentHelp("The columns that are factors, as COLUMN or NAME=COLUMN, with commas.", valueName: "columns"))
  var factors: String?

  @Option(help: ArgumentHelp("The column of seeds (default: seed).", valueName: "column"))
  var seed: String?

  @Option(
    help: ArgumentHelp(
      "The columns that are results, as COLUMN or NAME=COLUMN, with % behind one in percent.", valueName: "columns"))
  var metrics: String?

  @Option(help: ArgumentHelp("The column of epochs or steps, where a row is an epoch.", valueName: "column"))
  var epoch: String?

  @Option(help: ArgumentHelp("A further file, with a row an epoch.", valueName: "file"), completion: .file())
  var epochs: String?

  @Option(
    help: ArgumentHelp(
      "What others are compared with: FACTOR=LEVEL with commas, a variant's label, or none.", valueName: "levels"))
  var baseline: String?

  @Option(
    help: ArgumentHelp(
      "Which values of unknown metrics are better: higher, lower, neither, or METRIC=higher and the like.",
      valueName: "direction"))
  var better: [String] = []

  @Flag(help: "Say what would be stored, and store nothing.")
  var dryRun = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let format = try ImportFormats.named(from ?? ImportFormats.registry.names[0])
    let options = ImportOptions(
      name: name, factors: factors.map(ImportCommand.list), seed: seed, metrics: metrics.map(ImportCommand.list),
      epoch: epoch, baseline: baseline.map(ImportCommand.list) ?? [], better: better.flatMap(ImportCommand.list))
    let found = try SweepImport(file, format: format, epochs: epochs, options: options)
    let sweep = found.imported.sweep
    let output = Terminal.standardOutput
    output.write(found.record.table, showsLegend: false)
    output.note("")
    let epochCount = found.imported.results.values.map(\.epochs.count).max() ?? 0
    output.note(
      "\(sweep.variants.count) variants, \(sweep.seeds.count) seeds, \(sweep.runs.count) runs"
        + (epochCount == 0 ? "." : ", up to \(epochCount) epochs a run."))
    for remark in found.remarks { output.note(remark) }
    guard !dryRun else { return output.note("Nothing was stored (--dry-run).") }
    let stored = try StudyStore(folder: resultsOptions.folder).store(found.imported)
    output.note("Stored as sweep \(stored.id): labrun table \(stored.name)")
  }

  /// What stands between commas.
  private static func list(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
