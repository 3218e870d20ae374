import LabCore

/// The files of a claimed run, for the process that holds its lease.
///
/// A file is there whole or not at all, and takes its predecessor's place only while the lease is current: a process that
/// was taken for dead cannot overwrite its successor's files. Every method that writes throws
/// ``RunStoreError/leaseLost(_:)`` where it is not.
public protocol RunFiles: Sendable {
  /// Whether an earlier attempt has left a checkpoint, usable or not.
  var hasCheckpoint: Bool { get }

  /// Finds out where to go on, and sets files aside that do not belong to what the store holds of the run.
  ///
  /// - Throws: where a file exists and the system does not let it be read: starting anew would then throw work away.
  func resumption() throws -> RunResumption

  /// Stores a checkpoint; the one before it is kept until the run is completed, older ones are not.
  ///
  /// - Parameters:
  ///   - checkpoint: the checkpoint.
  ///   - bestWeightsHash: the hash of the best weights so far, where there are some: a checkpoint fits with no others.
  /// - Throws: where it cannot be stored.
  func write(_ checkpoint: Checkpoint, bestWeightsHash: ContentHash?) throws

  /// Stores weights by their `state_dict` names.
  ///
  /// - Parameters:
  ///   - weights: the tensors.
  ///   - kind: which weights of the run they are.
  ///   - epoch: the epoch after which they were taken, from 0.
  ///   - attributes: what else to say about them, such as the model's configuration.
  /// - Throws: where they cannot be stored.
  func write(weights: [NamedTensor], as kind: RunWeights, epoch: Int?, attributes: [String: JSONValue]) throws

  /// Stores the weights after the last step and what they say of the test split.
  ///
  /// - Parameters:
  ///   - weights: the tensors by their `state_dict` names.
  ///   - epoch: the last epoch, from 0.
  ///   - attributes: what else to say about the weights, such as the model's configuration.
  ///   - predictions: those of the test split.
  /// - Throws: where the predictions contradict themselves, or something cannot be stored.
  func write(
    finalWeights weights: [NamedTensor], epoch: Int, attributes: [String: JSONValue], predictions: Predictions) throws

  /// Takes whole files over that lie in a capsule, all or none, and notes the position of the event that names them.
  ///
  /// A file that was taken over before, by a process that died before it could note that, is not missed.
  ///
  /// - Parameters:
  ///   - files: the files.
  ///   - folder: the folder of the capsule.
  ///   - position: the event that names them.
  /// - Throws: a ``RunFailure`` where a file is missing or not what the event says.
  func adopt(_ files: [CapsuleFile], from folder: String, at position: CapsulePosition) throws

  /// Where the run's files lie, for processes that read them; nil where they are not on a disk.
  var location: RunFilesLocation? { get }

  /// Checks, before a run is completed, that the store has what it trained.
  ///
  /// - Parameters:
  ///   - epochs: the number of epochs that were trained: as many are on record.
  ///   - bestEpoch: the epoch that the best weights must be of, from 0; nil where there are none.
  /// - Throws: a ``RunFailure`` that is retriable where something is missing or of another epoch.
  func check(trainedEpochs epochs: Int, bestEpoch: Int?) throws
}

/// What another process needs to go on with a run's files.
public struct RunFilesLocation: Sendable, Hashable {
  /// The checkpoint.
  public var checkpoint: String
  /// The best weights.
  public var bestWeights: String
  /// The random name of the database, which files carry; nil without one.
  public var database: String?

  /// Creates a location.
  public init(checkpoint: String, bestWeights: String, database: String?) {
    self.checkpoint = checkpoint
    self.bestWeights = bestWeights
    self.database = database
  }
}

/// Which weights of a run.
public enum RunWeights: String, Sendable, Codable, CaseIterable {
  /// Those after the last step.
  case final
  /// Those of the epoch with the best validation accuracy.
  case best
}
