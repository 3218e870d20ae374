import ArgumentParser
import LabReport
import LabScheduler
import LabStore
import LabWorkbench

/// The command `labrun list`.
struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List sweeps, or the runs of one sweep, with their states.",
    discussion: """
      Runs that were handed to Slurm have their job beside them, with what Slurm says of it.

      EXAMPLES
        labrun list                 # all sweeps
        labrun list ablation        # the runs of the newest sweep of that name
        labrun list --json
      """)

  @Argument(help: "A sweep's number or name; without one, the sweeps are listed.")
  var sweep: String?

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup var resultsOptions: ResultsOptions

  func run() throws {
    let store = try StudyStore(reading: resultsOptions.folder)
    let table: ReportTable
    if let sweep {
      table = try ListTables.runs(
        store.sweep(matching: sweep), jobs: SlurmJobs(results: resultsOptions.folder).descriptions())
    } else {
      table = ListTables.sweeps(try store.sweeps().map { try store.sweep($0.id) })
    }
    Terminal.standardOutput.write(table, as: json ? TableFormats.json : TableFormats.text)
  }
}
