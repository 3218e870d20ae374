import Foundation
import LabCore
import LabData
import LabStore
import LabTrain
import LabZoo

extension RunConfiguration {
  /// The weights to start from by the model's names, of any format that can be read; empty without a file.
  package func loadInitialWeights() throws -> [NamedTensor] {
    guard let stored = try storedInitialWeights() else { return [] }
    return try named(stored, withoutPrefix: training.initialPrefix)
  }

  /// The weights to start from with which a run's input is what it was planned with; nil where it has changed.
  ///
  /// A run is known by its weights and not by their prefix, so that of its file may be another than when it was stored.
  package func loadInitialWeights(
    data: PreparedDataset, input hash: ContentHash
  ) throws -> [NamedTensor]? {
    guard let stored = try storedInitialWeights() else { return data.contentHash == hash ? [] : nil }
    var prefixes = [training.initialPrefix, nil]
    for name in [stored.first, stored.last].compactMap({ $0?.name }) {
      prefixes += name.indices.filter { name[$0] == "." }.prefix(16).map { Optional(String(name[...$0])) }
    }
    for (index, prefix) in prefixes.enumerated() where !prefixes[..<index].contains(prefix) {
      guard let weights = try? named(stored, withoutPrefix: prefix) else { continue }
      if ContentHash.ofInput(data: data, initialWeights: weights) == hash { return weights }
    }
    return nil
  }

  /// The weights as their file names them; nil without a file.
  private func storedInitialWeights() throws -> [NamedTensor]? {
    guard let file = training.initialWeights else {
      guard training.initialPrefix == nil else {
        throw TrainingError.configuration(
          key: "initial_prefix",
          problem: "belongs to initial_weights, of which the run has none; leave it out, or name a file of weights")
      }
      return nil
    }
    return try WeightsFile.read((file as NSString).expandingTildeInPath)
      .filter { $0.floats != nil }
  }

  private func named(
    _ stored: [NamedTensor], withoutPrefix prefix: String?
  ) throws -> [NamedTensor] {
    var training = training
    training.initialPrefix = prefix
    var weights = try training.takingOffInitialPrefix(stored)
    let ownNames = model.architecture.component.ownNames(of: weights.map(\.name))
    for index in weights.indices { weights[index].name = ownNames[weights[index].name] ?? weights[index].name }
    return weights
  }
}
