import Foundation
import LabCore

/// What is known of a sweep at one instant: the input of every table and report.
///
/// A store makes it, a report reads it; neither knows the other.
public struct SweepSnapshot: Sendable, Codable {
  /// One axis of the sweep.
  public struct Factor: Sendable, Codable, Hashable {
    /// The factor's name, such as `conv`.
    public var name: String
    /// Its levels' labels in the order of the spec.
    public var levels: [String]

    /// Creates a factor.
    public init(name: String, levels: [String]) {
      self.name = name
      self.levels = levels
    }
  }

  /// One combination of levels, trained once per seed.
  public struct Variant: Sendable, Codable {
    /// The label that tables print, such as `odconv-4x, spd`.
    public var label: String
    /// The level of each factor, by the factor's name.
    public var levels: [String: String]
    /// Whether the other variants are compared with this one.
    public var isBaseline: Bool
    /// The number of trainable parameters, once known.
    public var parameterCount: Int?
    /// The multiply-adds of one image's forward pass, once known.
    public var multiplyAdds: Int?
    /// The resolved configuration, the same for all of the runs; nil where it is not known.
    public var configuration: JSONValue?
    /// The number of images that the test metrics are over; nil before the first result.
    public var testImageCount: Int?
    /// One entry a planned seed, in the order of the spec's seeds, whatever its state.
    public var runs: [Run]

    /// Creates a variant.
    public init(
      label: String, levels: [String: String], isBaseline: Bool, parameterCount: Int? = nil, multiplyAdds: Int? = nil,
      configuration: JSONValue? = nil, testImageCount: Int? = nil, runs: [Run]
    ) {
      self.label = label
      self.levels = levels
      self.isBaseline = isBaseline
      self.parameterCount = parameterCount
      self.multiplyAdds = multiplyAdds
      self.configuration = configuration
      self.testImageCount = testImageCount
      self.runs = runs
    }
  }

  /// One training of a variant.
  public struct Run: Sendable, Codable {
    /// The run's identity.
    public var identity: RunIdentity
    /// The seed.
    public var seed: UInt64
    /// Where the run stands.
    public var state: RunState
    /// Why it ended, where it did not end well.
    public var reason: String?
    /// The final metrics by name (`test_accuracy`, `test_macro_f1`, …); empty until completed.
    public var metrics: Metrics
    /// Epochs trained so far.
    public var completedEpochs: Int
    /// Epochs that the configuration asks for.
    public var plannedEpochs: Int
    /// Time spent in training, over all attempts, in seconds; nil before the first epoch's end.
    public var trainSeconds: Double?
    /// Training throughput in images per second.
    public var imagesPerSecond: Double?
    /// What is odd about a completed run's course.
    public var health: [HealthNote]

    /// Creates a run.
    public init(
      identity: RunIdentity, seed: UInt64, state: RunState, reason: String? = nil, metrics: Metrics = [:],
      completedEpochs: Int, plannedEpochs: Int, trainSeconds: Double? = nil, imagesPerSecond: Double? = nil,
      health: [HealthNote] = []
    ) {
      self.identity = identity
      self.seed = seed
      self.state = state
      self.reason = reason
      self.metrics = metrics
      self.completedEpochs = completedEpochs
      self.plannedEpochs = plannedEpochs
      self.trainSeconds = trainSeconds
      self.imagesPerSecond = imagesPerSecond
      self.health = health
    }
  }

  /// The sweep's number in its store.
  public var id: Int64
  /// The spec's name.
  public var name: String
  /// When the sweep was first started.
  public var createdAt: Date
  /// The axes in the order of the spec.
  public var factors: [Factor]
  /// The planned seeds.
  public var seeds: [UInt64]
  /// The variants in the order of the plan.
  public var variants: [Variant]
  /// The analyses that were registered, the first one first; a later one replaces it.
  public var analyses: [AnalysisRegistration]

  /// Creates a snapshot.
  public init(
    id: Int64, name: String, createdAt: Date, factors: [Factor], seeds: [UInt64], variants: [Variant],
    analyses: [AnalysisRegistration] = []
  ) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
    self.factors = factors
    self.seeds = seeds
    self.variants = variants
    self.analyses = analyses
  }
}
