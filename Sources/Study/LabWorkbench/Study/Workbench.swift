import LabCore
import LabData
import LabStore
import LabTrain
import Synchronization

/// What everything that trains or predicts in a process shares: data sets, weights to start from, and the backends.
package struct Workbench: Sendable {
  /// Every data set of the process, decoded once.
  package let library: DatasetLibrary
  /// Where data are looked for.
  package let environment: DataEnvironment
  /// What computes.
  package let backends = OpenBackends()
  /// The files of weights that runs start from, read once.
  let startingWeights = StartingWeights()

  /// - Parameters:
  ///   - specFolder: the folder of the spec, which relative paths of data may start from.
  ///   - say: receives one sentence whenever preparing data begins or ends a long phase.
  package init(specFolder: String? = nil, say: @escaping @Sendable (String) -> Void) {
    var environment = DataEnvironment.current
    environment.specFolder = specFolder
    self.environment = environment
    library = DatasetLibrary(environment: environment, progress: say)
  }

  /// The prepared data of a run.
  ///
  /// - Throws: `DataError`.
  package func dataset(_ configuration: RunConfiguration) throws -> PreparedDataset {
    try library.dataset(configuration.dataset)
  }
}
