import Foundation
import LabCore
import LabRecords

/// The files of a claimed run in memory.
struct InMemoryRunFiles: RunFiles {
  /// What takes the place of a run's files.
  struct Content {
    var checkpoint: Checkpoint?
    var bestWeightsHash: ContentHash?
    var weights: [RunWeights: (tensors: [NamedTensor], epoch: Int?)] = [:]
    var predictions: Predictions?
    /// The bytes of files of capsules, which nothing here looks into.
    var adopted: [CapsuleFile.Kind: Data] = [:]
  }

  /// What a run has stored is not what it trained.
  struct Misfit: RunFailure, CustomStringConvertible {
    var description: String
    var endsSweep: Bool { false }
    var isRetriable: Bool { true }
  }

  let store: InMemoryRunStore
  let lease: RunLease

  var hasCheckpoint: Bool { (try? files())?.checkpoint != nil }

  func resumption() throws -> RunResumption {
    let files = try files()
    var resumption = RunResumption(checkpoint: files.checkpoint, bestWeightsHash: files.bestWeightsHash)
    if let best = files.weights[.best], best.epoch == files.checkpoint?.progress["bestEpoch"]?.integerValue {
      resumption.bestWeights = best.tensors
    }
    return resumption
  }

  func write(_ checkpoint: Checkpoint, bestWeightsHash: ContentHash?) throws {
    try store.change(lease) { ($0.files.checkpoint, $0.files.bestWeightsHash) = (checkpoint, bestWeightsHash) }
  }

  func write(weights: [NamedTensor], as kind: RunWeights, epoch: Int?, attributes: [String: JSONValue]) throws {
    try store.change(lease) { $0.files.weights[kind] = (weights, epoch) }
  }

  func write(
    finalWeights weights: [NamedTensor], epoch: Int, attributes: [String: JSONValue], predictions: Predictions
  ) throws {
    try store.change(lease) {
      $0.files.weights[.final] = (weights, epoch)
      $0.files.predictions = predictions
    }
  }

  func adopt(_ files: [CapsuleFile], from folder: String, at position: CapsulePosition) throws {
    var contents: [CapsuleFile.Kind: Data] = [:]
    for file in files {
      guard let data = FileManager.default.contents(atPath: "\(folder)/\(file.name)") else {
        throw Misfit(description: "\(folder)/\(file.name) is missing")
      }
      contents[file.kind] = data
    }
    let adopted = contents
    try store.change(lease) { entry in
      for (kind, data) in adopted { entry.files.adopted[kind] = data }
      entry.capsules[position.attempt] = position.sequence
    }
    for file in files { try FileManager.default.removeItem(atPath: "\(folder)/\(file.name)") }
  }

  var location: RunFilesLocation? { nil }

  func check(trainedEpochs epochs: Int, bestEpoch: Int?) throws {
    let recorded = try store.epochs(of: lease.run).map(\.epoch)
    guard recorded == Array(0..<epochs) else {
      throw Misfit(description: "\(recorded.count) of \(epochs) epochs are on record")
    }
    let best = try files().weights[.best]?.epoch
    guard bestEpoch == nil || best == bestEpoch else {
      throw Misfit(description: "the best weights are not of epoch \(bestEpoch ?? 0)")
    }
  }

  private func files() throws -> Content {
    var files = Content()
    try store.change(lease) { files = $0.files }
    return files
  }
}
