import ArgumentParser
import Foundation
import LabRecords
import LabScheduler
import LabWorkbench

/// The command `labrun train-run`, which sweeps start for themselves.
struct TrainRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CapsuleTraining.commandName, abstract: "Train the runs that capsules ask for.",
    discussion: """
      A sweep with --executor process starts this command for each of its runs; one of somebody's program starts it once for \
      each worker, without a capsule. It reads run.json in the folder, and writes events.jsonl and files there. Standard \
      input is a connection to the sweep, which sends the paths of capsules where the command line names none: when it ends, \
      the sweep is gone, and the run stops after a checkpoint.
      """, shouldDisplay: false)

  @Argument(help: "The folder of the capsule (default: those that standard input names).", completion: .directory)
  var capsule: String?

  func run() throws {
    let stop = StopSignal()
    // Slurm sends its signals to all processes of a task, beside what the task itself sends.
    let interrupts = InterruptHandler(raising: stop, escalates: SlurmEnvironment.current == nil) { _ in }
    let parent = ParentConnection { stop.raise(to: .afterStep) }
    try withExtendedLifetime(interrupts) {
      if let capsule { return try CapsuleTraining(capsule, parent: parent).run(stop: stop) }
      while stop.request == .none, let path = parent.nextCapsule() {
        // What is printed, such as the reason of a crash, belongs to the capsule.
        try Terminal.redirect(to: CapsuleFolder(path).outputPath)
        try CapsuleTraining(path, parent: parent).run(stop: stop)
        parent.tellCapsuleEnd()
      }
    }
  }
}
