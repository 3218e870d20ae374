import Foundation
import LabCore
import LabData
import LabGraph
import LabNN
import LabTrain

/// What the runs of a variant are trained with: its configuration, its data, the weights to start from, its backend.
package final class TrainableVariant: Sendable {
  /// The variant's configuration.
  package let configuration: RunConfiguration
  /// The images.
  package let data: PreparedDataset
  /// The weights to start from by the model's names; empty without any.
  package let initialWeights: [NamedTensor]
  /// The hash of what the variant reads: data and initial weights.
  package let dataHash: ContentHash
  /// What trains it.
  let backend: any Backend
  /// The graphs; nil in a study of so many variants that theirs together would be a burden.
  private let graphs: TrainingGraphs?

  init(
    _ configuration: RunConfiguration, data: PreparedDataset, initialWeights: [NamedTensor], backend: any Backend,
    graphs: TrainingGraphs?
  ) {
    self.configuration = configuration
    self.data = data
    self.initialWeights = initialWeights
    self.backend = backend
    self.graphs = graphs
    dataHash = .ofInput(data: data, initialWeights: initialWeights)
  }

  /// Reads what a resolved configuration names.
  ///
  /// - Throws: an error of the configuration, the data, the weights or the backend.
  package convenience init(_ configuration: JSONValue, in workbench: Workbench) throws {
    let configuration = try RunConfiguration(configuration)
    self.init(
      configuration, data: try workbench.dataset(configuration),
      initialWeights: try configuration.initialWeights(of: workbench.startingWeights),
      backend: try workbench.backends.named(configuration.backend), graphs: nil)
  }

  /// Epochs of a run.
  package var epochs: Int { configuration.training.epochs }

  /// The trainer of a run.
  ///
  /// - Parameters:
  ///   - choices: what the backend chose in an earlier attempt that is gone on with.
  ///   - threads: threads of the run.
  ///   - programs: what an ended run of the variant has computed with.
  /// - Throws: an error of the graphs or of the machine.
  package func trainer(
    seed: UInt64, choices: [String: String], threads: Int, programs: TrainingPrograms? = nil
  ) throws -> Trainer {
    let graphs =
      try graphs
      ?? TrainingGraphs(
        configuration.training, model: configuration.model.model(classCount: data.classCount), dataset: data)
    return try Trainer(
      configuration.training, graphs: graphs, dataset: data, seed: seed, backend: backend.repeating(choices),
      threads: threads, initialWeights: initialWeights, programs: programs)
  }
}

extension ContentHash {
  /// A hash of what a run reads: its data and, where it starts from given weights, these.
  fileprivate static func ofInput(data: PreparedDataset, initialWeights: [NamedTensor]) -> ContentHash {
    guard !initialWeights.isEmpty else { return data.contentHash }
    var hasher = ContentHasher()
    hasher.update(data.contentHash.hexadecimal)
    hasher.update((initialWeights.weightsHash ?? initialWeights.contentHash).hexadecimal)
    return hasher.finish()
  }
}
