import LabCore
import LabStats

/// What a completed run is worth: its final metrics and its confusions.
public struct FinalRecord: Sendable, Codable, Hashable {
  /// The metrics of the test split, of the validation split where there is one, and of the run as a whole.
  public var metrics: Metrics
  /// The index of the epoch with the best validation accuracy, from 0, whichever weights were evaluated; nil without a
  /// validation split.
  public var bestEpoch: Int?
  /// The index of the epoch after which the weights were taken that the metrics are those of, from 0; nil for runs of
  /// versions that did not keep it.
  public var evaluatedEpoch: Int?
  /// The names of the classes in the order of their indices.
  public var classNames: [String]
  /// The number of test images by true and predicted class, from which the metrics of each class follow; nil where it is not
  /// on record.
  public var confusion: ConfusionMatrix?
  /// The hash of the final weights' names, shapes and values.
  public var weightsHash: ContentHash?
  /// What is odd about the run's course, each kind at most once, in the order of ``HealthChecks/all``.
  public var health: [HealthNote]

  /// Creates a final record.
  public init(
    metrics: Metrics, bestEpoch: Int? = nil, evaluatedEpoch: Int? = nil, classNames: [String] = [],
    confusion: ConfusionMatrix? = nil, weightsHash: ContentHash? = nil, health: [HealthNote] = []
  ) {
    self.metrics = metrics
    self.bestEpoch = bestEpoch
    self.evaluatedEpoch = evaluatedEpoch
    self.classNames = classNames
    self.confusion = confusion
    self.weightsHash = weightsHash
    self.health = health
  }
}
