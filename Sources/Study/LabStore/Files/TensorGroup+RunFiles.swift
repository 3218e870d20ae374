import LabCore
import LabRecords

/// What the files of runs contain, whoever writes them.
extension TensorGroup {
  /// A checkpoint.
  ///
  /// - Parameters:
  ///   - bestWeightsHash: the hash of the best weights so far, where there are some.
  ///   - path: the file that it is for.
  init(_ checkpoint: Checkpoint, bestWeightsHash: ContentHash?, path: String) throws {
    self = try checkpoint.content(path: path)
    let origin = FileOrigin(self)
    attributes[FileOrigin.Key.epoch] = origin.epoch.map { .integer(Int64($0)) }
    attributes[FileOrigin.Key.step] = origin.step.map { .integer(Int64($0)) }
    attributes[FileOrigin.Key.bestWeights] = bestWeightsHash.map { .string($0.hexadecimal) }
  }

  /// Weights.
  ///
  /// - Parameters:
  ///   - epoch: the epoch after which they were taken, from 0.
  ///   - attributes: what else is said of them.
  init(_ weights: [NamedTensor], epoch: Int?, attributes: [String: JSONValue]) {
    self.init(weights, attributes: attributes.mapValues(TensorGroup.Attribute.init))
    self.attributes[FileOrigin.Key.epoch] = epoch.map { .integer(Int64($0)) }
  }

  /// The content of a file of a run, with what it says of itself and of where it comes from.
  ///
  /// - Parameters:
  ///   - file: which file of the run it is.
  ///   - lease: the lease under which it is written.
  ///   - database: the random name of the database.
  func marked(as file: RunFolder.File, lease: RunLease, database: String?) -> TensorGroup {
    var content = self
    content.attributes["format"] = .string(file.format)
    content.attributes["format_version"] = .integer(1)
    content.attributes["run"] = .string(lease.run.hash.hexadecimal)
    content.attributes[FileOrigin.Key.attempt] = .integer(Int64(lease.attempt))
    content.attributes[FileOrigin.Key.attemptToken] = .string(lease.token.uuidString)
    content.attributes[FileOrigin.Key.database] = database.map { .string($0) }
    return content
  }
}
