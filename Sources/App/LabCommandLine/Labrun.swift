import ArgumentParser
import CLabMachine
import Foundation
import LabCore
import LabData
import LabHDF5
import LabStore
import LabStudy
import LabWorkbench

/// The command line.
///
/// A program of one's own has all its commands by calling ``main()``.
public struct Labrun: ParsableCommand {
  public init() {}

  public static let configuration = CommandConfiguration(
    commandName: "labrun",
    abstract: "Ablation studies of convolutional image classifiers: from a spec to a table, fast and resumable.",
    discussion: """
      A spec (JSON or YAML) names a baseline, factors with levels, and seeds. A sweep trains every cell on all cores, \
      stores metrics in SQLite and weights in HDF5, and goes on where it was interrupted.

      EXAMPLES
        labrun init my-study              # write a commented starter spec
        labrun sweep my-study --dry-run   # what would be trained, and for how long
        labrun sweep my-study             # train with progress, print the table
        labrun watch                      # look at a sweep of another process while it trains
        labrun table                      # the newest table, also while it runs
        labrun analyze                    # what follows from it: verdicts, factors, fairness
        labrun report                     # conclusions and figures in one page
        labrun show 3fa9                  # one run: curves, confusion matrix, log
        labrun serve --open               # all of it in a browser, live
        labrun explain 3fa9 sign.jpg --out overlays   # where in an image it sees a class
        labrun lesion 3fa9                # what each of its attentions does for it
        labrun export 3fa9 model.onnx     # its model as an ONNX file
        labrun merge ../lab2/Results      # take over what another machine has trained
        labrun doctor                     # is everything there, what to do if not

      EXIT STATUS
        0    all is well
        1    some runs failed or diverged
        64   wrong usage
        65   wrong spec or data
        66   a file is missing
        69   a server does not answer, or refuses
        70   a defect of this program
        74   the machine refused something: a disk, memory, threads, open files
        130  interrupted
      """,
    version: ProgramVersion.current,
    subcommands: [
      SweepCommand.self, WatchCommand.self, TableCommand.self, AnalyzeCommand.self, CompareCommand.self,
      PlanSeedsCommand.self, ReportCommand.self, PlotCommand.self, ListCommand.self, ShowCommand.self,
      ServeCommand.self,
      DescribeCommand.self, PredictCommand.self, EvaluateCommand.self, ExplainCommand.self, LesionCommand.self,
      ExportCommand.self, ImportCommand.self, MergeCommand.self, RemoveCommand.self, CleanCommand.self,
      DataCommand.self, BenchCommand.self, DoctorCommand.self, InitCommand.self, SchemaCommand.self,
      TrainRunCommand.self, TrainTaskCommand.self,
    ])

  /// Reads the arguments of the process, does what they ask for, and ends the process where that fails.
  ///
  /// It comes first in a program, before anything is read or printed.
  public static func main() { main {} }

  /// Adds to what labrun has, and then does what the arguments ask for.
  ///
  /// ```swift
  /// Labrun.main {
  ///   try ConvolutionFamily.registry.add(MyConvolution())
  /// }
  /// ```
  ///
  /// - Parameter additions: adds components to their registries, which nobody has looked into yet.
  public static func main(_ additions: () throws -> Void) {
    // This program once more reads users' HDF5 files, so that what crashes the library cannot crash a sweep.
    IsolatedService.serveIfAsked(ForeignHDF5.tasks + ForeignFiles.tasks)
    IsolatedReader.use(program: IsolatedReader.ownProgram)
    _ = Log.start
    ProcessSignals.occupyStandardStreams()
    ProcessSignals.surviveFailedWrites()
    ProcessSignals.endOnNotice()
    labReserveFewAddresses()
    labEndOnRefusal(ExitStatus.inputOutput.rawValue)
    do {
      try additions()
      try CommandNames.check(CommandLine.arguments.dropFirst(), below: Labrun.self)
      var command = try parseAsRoot()
      try command.run()
      if let failure = Terminal.outputFailure {
        if failure.code == EPIPE { ProcessSignals.endWithoutReader() }
        throw failure
      }
    } catch let error as ExitCode {
      Darwinized.exit(error.rawValue)
    } catch {
      if let status = ExitStatus(for: error) {
        // These two say each of several mistakes in a line of its own.
        if error is SpecError || error is ConfigurationError {
          Terminal.standardError.write("labrun: \(error)\n")
        } else {
          Terminal.standardError.note("labrun: \(error)")
        }
        Darwinized.exit(status.rawValue)
      }
      Darwinized.exit(report(error).rawValue)
    }
  }

  /// Prints what the argument parser says: help, the version, or what is wrong with the arguments.
  ///
  /// - Returns: the status to exit with.
  private static func report(_ error: any Error) -> ExitCode {
    var text = fullMessage(for: error)
    // The parser quotes arguments as they are, line ends included.
    for argument in CommandLine.arguments.dropFirst() {
      for part in [argument[...]] + argument.split(separator: "=", maxSplits: 1).dropFirst() {
        if part.printable != part { text = text.replacing(part, with: part.printable) }
      }
    }
    let code = exitCode(for: error)
    guard !text.isEmpty else { return code }
    (code.isSuccess ? Terminal.standardOutput : Terminal.standardError).write(text + "\n")
    return code.isSuccess && Terminal.outputFailure != nil ? ExitCode(ExitStatus.inputOutput.rawValue) : code
  }
}
