import Foundation
import LabCore
import LabHDF5
import LabScheduler

extension SlurmRunExecutor {
  /// The command that trains a task.
  package static let taskCommandName = "train-task"

  /// The executor as it is registered.
  package static let definition = ExecutorDefinition(
    "slurm", "Hands runs to a Slurm cluster, and follows them.", options: SlurmOptions.schema,
    trains: [.engine, .program], isRemote: true,
    check: { options, program in
      _ = try SlurmOptions(options)
      guard program?.devices.isEmpty != false else {
        throw WorkbenchError(
          "program.devices deals the devices of one machine to its workers, and Slurm deals its own: "
            + "execution.executor.gpus says how many a run gets", kind: .badData)
      }
    }
  ) { environment in
    let options = try SlurmOptions(environment.options)
    let trainer = environment.capsuleTrainer
    return SlurmRunExecutor(
      CapsuleMaker(
        store: environment.store, results: environment.results.absolutePath, trainer: trainer.startingLater),
      name: environment.name, results: environment.results, options: options,
      command: "\((options.program ?? ownProgram).shellQuoted) \(taskCommandName)",
      leaving: environment.leaving, expect: environment.expect, say: environment.say)
  }
}

extension SlurmRunExecutor {
  /// The path of this program that means the same on other machines.
  private static var ownProgram: String {
    URL(fileURLWithPath: IsolatedReader.ownProgram).resolvingSymlinksInPath().path
  }
}

extension CapsuleMaker.Trainer {
  /// The same for runs that start some time after their capsule was made.
  fileprivate var startingLater: CapsuleMaker.Trainer {
    guard case .program(let ask) = self else { return self }
    return .program { claimed, context, capsule, folder in
      var asked = try ask(claimed, context, capsule, folder)
      asked.program.timeoutSeconds = asked.program.deadline.map { max(1, $0.timeIntervalSinceNow) }
      asked.program.deadline = nil
      return asked
    }
  }
}
