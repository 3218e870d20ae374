import LabCore
import LabHDF5
import LabScheduler

extension ProcessRunExecutor {
  /// The executor of labrun's own engine as it is registered.
  package static let definition = ExecutorDefinition(
    "process", "Trains each run in a process of its own, whose crash ends no other run."
  ) { environment in
    ProcessRunExecutor(
      store: environment.store, results: environment.results, program: IsolatedReader.ownProgram,
      arguments: { [CapsuleTraining.commandName, $0.path] },
      trainer: .engine(
        .init(
          specHash: environment.specHash, specFolder: environment.specFolder,
          checkpointSeconds: environment.checkpointSeconds)))
  }
}
