import LabCore
import LabRecords
import LabStats

/// All that is known of one run: the input of ``RunReport``.
public struct RunDetails: Sendable {
  /// The metrics of one epoch.
  public struct Epoch: Sendable, Hashable {
    /// The epoch, counted from 1.
    public var number: Int
    /// The metrics by name.
    public var metrics: Metrics

    /// Creates an epoch.
    public init(number: Int, metrics: Metrics) {
      self.number = number
      self.metrics = metrics
    }
  }

  /// One fact of the run's provenance.
  public struct Fact: Sendable, Hashable {
    /// What the fact is about, such as `git commit`.
    public var name: String
    /// The fact.
    public var value: String

    /// Creates a fact.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The run's identity.
  public var identity: RunIdentity
  /// The label of its variant.
  public var variant: String
  /// The seed.
  public var seed: UInt64
  /// The names of the sweeps that the run belongs to.
  public var sweeps: [String]
  /// Where the run stands.
  public var state: RunState
  /// Why it ended, where it did not end well.
  public var reason: String?
  /// The number of epochs that the configuration asks for.
  public var plannedEpochs: Int
  /// The resolved configuration.
  public var configuration: JSONValue
  /// The trained epochs in order.
  public var epochs: [Epoch]
  /// The final metrics by name.
  public var metrics: Metrics
  /// The names of the classes; where they are missing, classes go by their index.
  public var classNames: [String]
  /// The confusion matrix on the test images.
  public var confusion: ConfusionMatrix?
  /// The provenance in the order in which it is shown.
  public var provenance: [Fact]
  /// Choices that were made on the machine, such as the method of each convolution.
  public var choices: [String: JSONValue]
  /// What happened to the run, each with its time.
  public var log: [Fact]
  /// What is odd about a completed run's course.
  public var health: [HealthNote]
  /// The epoch with the best validation accuracy, counted from 1; nil without a validation split.
  public var bestEpoch: Int?
  /// The epoch whose weights were evaluated, counted from 1; nil where that is not on record.
  public var evaluatedEpoch: Int?

  /// Creates the details of a run.
  public init(
    identity: RunIdentity, variant: String, seed: UInt64, sweeps: [String] = [], state: RunState,
    reason: String? = nil, plannedEpochs: Int, configuration: JSONValue = .object([:]), epochs: [Epoch] = [],
    metrics: Metrics = [:], classNames: [String] = [], confusion: ConfusionMatrix? = nil,
    provenance: [Fact] = [], choices: [String: JSONValue] = [:], log: [Fact] = [], health: [HealthNote] = [],
    bestEpoch: Int? = nil, evaluatedEpoch: Int? = nil
  ) {
    self.identity = identity
    self.variant = variant
    self.seed = seed
    self.sweeps = sweeps
    self.state = state
    self.reason = reason
    self.plannedEpochs = plannedEpochs
    self.configuration = configuration
    self.epochs = epochs
    self.metrics = metrics
    self.classNames = classNames
    self.confusion = confusion
    self.provenance = provenance
    self.choices = choices
    self.log = log
    self.health = health
    self.bestEpoch = bestEpoch
    self.evaluatedEpoch = evaluatedEpoch
  }

  /// The name of a class, or its index.
  func className(_ index: Int) -> String {
    classNames.indices.contains(index) ? classNames[index] : String(index)
  }
}
