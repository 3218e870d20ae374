import Foundation
import LabCore

/// One training: what it is, and how it stands.
///
/// What it is never changes, and sweeps that need the same training share it. How it stands is as a store last told it; a run
/// that no store knows yet is pending, with nothing on record.
public struct Run: Sendable, Hashable {
  // MARK: What it is

  /// The run's identity.
  public var identity: RunIdentity
  /// The whole resolved configuration, with the keys that are not part of the identity.
  public var configuration: JSONValue
  /// The hash of what the run reads: the data set's content and any initial weights.
  public var dataHash: ContentHash
  /// The seed.
  public var seed: UInt64
  /// Epochs that the configuration asks for.
  public var plannedEpochs: Int

  // MARK: How it stands

  /// Where the run stands.
  public var state = RunState.pending
  /// Why it ended, where it did not end well.
  public var reason: String?
  /// Whether it failed for a reason outside its configuration, so that the next sweep tries it again by itself.
  public var isRetriable = false
  /// Attempts so far.
  public var attempts = 0
  /// Epochs on record.
  public var completedEpochs = 0
  /// Time spent in training steps, over all recorded epochs, in seconds; nil before the first epoch's end.
  public var trainSeconds: Double?
  /// Training throughput over all recorded epochs in images per second.
  public var imagesPerSecond: Double?
  /// How far a living process is with the run beyond what is on record; nil where nobody trains it, or nothing is told.
  public var progress: RunProgress?
  /// When the progress was stored, with a sign of life.
  public var progressAt: Date?
  /// The final metrics that are numbers, by name (`test_accuracy`, `test_macro_f1`, …); empty until completed.
  public var metrics = Metrics()
  /// The number of images that the test metrics are over; nil until completed.
  public var testImageCount: Int?
  /// What is odd about a completed run's course.
  public var health: [HealthNote] = []

  /// Creates a run that no store knows yet.
  public init(
    identity: RunIdentity, configuration: JSONValue, dataHash: ContentHash, seed: UInt64, plannedEpochs: Int
  ) {
    self.identity = identity
    self.configuration = configuration
    self.dataHash = dataHash
    self.seed = seed
    self.plannedEpochs = plannedEpochs
  }

  /// The epochs that are done, with the share of the one that is under way as far as that is known.
  public var epochsDone: Double { max(Double(completedEpochs), progress?.epochsDone ?? 0) }
}
