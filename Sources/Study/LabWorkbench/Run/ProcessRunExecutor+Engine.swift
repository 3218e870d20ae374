import LabCore
import LabHDF5
import LabScheduler

extension ProcessRunExecutor {
  /// The executor of labrun's own engine as it is registered.
  package static let definition = ExecutorDefinition(
    "process", "Trains each run in a process of its own, whose crash ends no other run."
  ) { environment in
    ProcessRunExecutor(
      CapsuleMaker(store: environment.store, results: environment.results, trainer: environment.capsuleTrainer),
      program: IsolatedReader.ownProgram, command: .each { [CapsuleTraining.commandName, $0.path] })
  }
}
