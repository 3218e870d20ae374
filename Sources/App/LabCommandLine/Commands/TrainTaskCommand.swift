import ArgumentParser
import Foundation
import LabHDF5
import LabRecords
import LabScheduler
import LabWorkbench

/// The command `labrun train-task`, which tasks of Slurm begin with.
struct TrainTaskCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: SlurmRunExecutor.taskCommandName, abstract: "Train the runs of a task of Slurm.",
    discussion: """
      A sweep with --executor slurm submits jobs that begin with this command. It trains the runs of a task one after the \
      other, each in a process of its own. SIGTERM ends it after a checkpoint; SIGUSR1, which Slurm sends before the time \
      limit, does too, and the task is queued again.
      """, shouldDisplay: false)

  @Argument(help: "The folder of the submission.", completion: .directory)
  var submission: String

  @Argument(help: "The index of the task in its array.")
  var index: Int

  func run() throws {
    let (stop, timeIsUp) = (StopSignal(), StopSignal())
    let interrupts = InterruptHandler(raising: stop, noticed: timeIsUp, escalates: false) { _ in }
    try withExtendedLifetime(interrupts) {
      try SlurmTask(
        submission: submission, index: index, program: IsolatedReader.ownProgram,
        arguments: { [CapsuleTraining.commandName, $0.path] }
      ).run(stop: stop, timeIsUp: timeIsUp)
    }
  }
}
