import LabCore

/// What a completed run is worth: its final metrics, class by class, and its confusions.
public struct FinalRecord: Sendable, Codable, Hashable {
  /// How well one class of the test split is recognised.
  public struct ClassMetrics: Sendable, Codable, Hashable {
    /// The class's name.
    public var name: String
    /// The number of test samples of this class.
    public var support: Int
    /// The share of the samples given this class that belong to it; 0 where none was given it.
    public var precision: Double
    /// The share of this class's samples that were given it.
    public var recall: Double
    /// The harmonic mean of precision and recall.
    public var f1: Double

    /// Creates a class's metrics.
    public init(name: String, support: Int, precision: Double, recall: Double, f1: Double) {
      self.name = name
      self.support = support
      self.precision = precision
      self.recall = recall
      self.f1 = f1
    }
  }

  /// The metrics of the test split, of the validation split where there is one, and of the run as a whole.
  public var metrics: Metrics
  /// The index of the epoch with the best validation accuracy, from 0, whichever weights were evaluated; nil without a
  /// validation split.
  public var bestEpoch: Int?
  /// The index of the epoch after which the weights were taken that the metrics are those of, from 0; nil for runs of
  /// versions that did not keep it.
  public var evaluatedEpoch: Int?
  /// The classes of the test split in the order of their indices.
  public var classes: [ClassMetrics]
  /// The number of test samples by true class (row) and predicted class (column).
  public var confusion: [[Int]]
  /// The hash of the final weights' names, shapes and values.
  public var weightsHash: ContentHash?
  /// What is odd about the run's course, each kind at most once, in the order of ``HealthChecks/all``.
  public var health: [HealthNote]

  /// Creates a final record.
  public init(
    metrics: Metrics, bestEpoch: Int? = nil, evaluatedEpoch: Int? = nil, classes: [ClassMetrics] = [],
    confusion: [[Int]] = [],
    weightsHash: ContentHash? = nil, health: [HealthNote] = []
  ) {
    self.metrics = metrics
    self.bestEpoch = bestEpoch
    self.evaluatedEpoch = evaluatedEpoch
    self.classes = classes
    self.confusion = confusion
    self.weightsHash = weightsHash
    self.health = health
  }
}
