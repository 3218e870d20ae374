import Foundation
import LabCore
import LabData
import LabRecords
import LabStore
import LabTrain
import Synchronization

extension RunConfiguration {
  /// The weights to start from by the model's names, of any format that can be read; empty without a file.
  ///
  /// - Parameter files: the files that have been read.
  func initialWeights(of files: StartingWeights) throws -> [NamedTensor] {
    guard let stored = try storedInitialWeights(of: files) else { return [] }
    var weights = try training.takingOffInitialPrefix(stored)
    let ownNames = model.architecture.component.ownNames(of: weights.map(\.name))
    for index in weights.indices { weights[index].name = ownNames[weights[index].name] ?? weights[index].name }
    return weights
  }

  /// The weights as their file names them; nil without a file.
  private func storedInitialWeights(of files: StartingWeights) throws -> [NamedTensor]? {
    guard let file = training.initialWeights else {
      guard training.initialPrefix == nil else {
        throw TrainingError.configuration(
          key: "initial_prefix",
          problem: "belongs to initial_weights, of which the run has none; leave it out, or name a file of weights")
      }
      return nil
    }
    return try files.tensors(of: (file as NSString).expandingTildeInPath)
  }
}

/// Files of weights that runs start from, each read once for a whole process.
final class StartingWeights: Sendable {
  private let files = Mutex<[String: [NamedTensor]]>([:])

  /// The weights of a file of any format that can be read.
  ///
  /// - Throws: `StoreError`; a later call tries again.
  func tensors(of path: String) throws -> [NamedTensor] {
    try files.withLock { files in
      if let known = files[path] { return known }
      let tensors = try WeightsFile.read(path).filter { $0.floats != nil }
      files[path] = tensors
      return tensors
    }
  }
}
