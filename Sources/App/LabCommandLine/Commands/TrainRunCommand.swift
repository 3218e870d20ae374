import ArgumentParser
import Foundation
import LabRecords
import LabScheduler
import LabWorkbench

/// The command `labrun train-run`, which sweeps start for themselves.
struct TrainRunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: CapsuleTraining.commandName, abstract: "Train the run that a capsule asks for.",
    discussion: """
      A sweep with --executor process starts this command for each of its runs. It reads run.json in the folder, and writes \
      events.jsonl and files there. Standard input is a connection to the sweep: when it ends, the sweep is gone, and \
      the run stops after a checkpoint.
      """, shouldDisplay: false)

  @Argument(help: "The folder of the capsule.", completion: .directory)
  var capsule: String

  func run() throws {
    let stop = StopSignal()
    // Slurm sends its signals to all processes of a task, beside what the task itself sends.
    let interrupts = InterruptHandler(raising: stop, escalates: SlurmEnvironment.current == nil) { _ in }
    ParentConnection.listen { stop.raise(to: .afterStep) }
    try withExtendedLifetime(interrupts) {
      try CapsuleTraining(capsule, didAppend: ParentConnection.ring).run(stop: stop)
    }
  }
}

/// The connection to the process that started this one, on standard input.
private enum ParentConnection {
  /// Listens on a thread of its own, which hears the end for certain, also where the other process was killed before it had
  /// read everything.
  ///
  /// - Parameter didEnd: is called when the other process is gone.
  static func listen(didEnd: @escaping @Sendable () -> Void) {
    var status = stat()
    // Somebody who tries the command by hand has a terminal or nothing there.
    guard fstat(STDIN_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    Thread.detachNewThread {
      var byte: UInt8 = 0
      while true {
        let count = read(STDIN_FILENO, &byte, 1)
        if count > 0 || (count < 0 && errno == EINTR) { continue }
        return didEnd()
      }
    }
  }

  /// Asks the other process for a look at what is new; where it is gone, nobody needs to.
  @Sendable static func ring() {
    var byte: UInt8 = 1
    #if canImport(Glibc)
      _ = send(STDIN_FILENO, &byte, 1, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
    #else
      _ = send(STDIN_FILENO, &byte, 1, MSG_DONTWAIT)
    #endif
  }
}
