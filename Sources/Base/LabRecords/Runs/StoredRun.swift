import Foundation
import LabCore

/// A run as a store knows it.
public struct StoredRun: Sendable, Codable, Hashable {
  /// The run's identity.
  public var identity: RunIdentity
  /// The whole resolved configuration.
  public var configuration: JSONValue
  /// The hash of what the run reads: the data set's content and any initial weights.
  public var dataHash: ContentHash
  /// The seed.
  public var seed: UInt64
  /// Where the run stands.
  public var state: RunState
  /// Why it ended, where it did not end well.
  public var reason: String?
  /// Whether it failed for a reason outside its configuration, so that the next sweep tries it again by itself.
  public var isRetriable: Bool
  /// Epochs on record.
  public var completedEpochs: Int
  /// Epochs that the configuration asks for.
  public var plannedEpochs: Int
  /// Time spent in training steps, over all recorded epochs, in seconds; nil before the first epoch's end.
  public var trainSeconds: Double?
  /// Training throughput over all recorded epochs in images per second.
  public var imagesPerSecond: Double?
  /// Attempts so far.
  public var attempts: Int
  /// When the run was first registered.
  public var createdAt: Date
  /// When the last attempt ended.
  public var endedAt: Date?

  /// Creates a stored run; only stores do.
  public init(
    identity: RunIdentity, configuration: JSONValue, dataHash: ContentHash, seed: UInt64, state: RunState,
    reason: String? = nil, isRetriable: Bool = false, completedEpochs: Int = 0, plannedEpochs: Int,
    trainSeconds: Double? = nil,
    imagesPerSecond: Double? = nil, attempts: Int = 0, createdAt: Date, endedAt: Date? = nil
  ) {
    self.identity = identity
    self.configuration = configuration
    self.dataHash = dataHash
    self.seed = seed
    self.state = state
    self.reason = reason
    self.isRetriable = isRetriable
    self.completedEpochs = completedEpochs
    self.plannedEpochs = plannedEpochs
    self.trainSeconds = trainSeconds
    self.imagesPerSecond = imagesPerSecond
    self.attempts = attempts
    self.createdAt = createdAt
    self.endedAt = endedAt
  }
}
