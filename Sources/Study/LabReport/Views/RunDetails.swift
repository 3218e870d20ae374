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

  /// The run as it stands.
  public var run: Run
  /// The label of its variant.
  public var variant: String
  /// The names of the sweeps that the run belongs to.
  public var sweeps: [String]
  /// The trained epochs in order.
  public var epochs: [Epoch]
  /// What a completed run is worth.
  public var final: FinalRecord?
  /// The provenance in the order in which it is shown.
  public var provenance: [Fact]
  /// Choices that were made on the machine, such as the method of each convolution.
  public var choices: [String: JSONValue]
  /// What happened to the run, each with its time.
  public var log: [Fact]

  /// Creates the details of a run.
  public init(
    run: Run, variant: String, sweeps: [String] = [], epochs: [Epoch] = [], final: FinalRecord? = nil,
    provenance: [Fact] = [], choices: [String: JSONValue] = [:], log: [Fact] = []
  ) {
    self.run = run
    self.variant = variant
    self.sweeps = sweeps
    self.epochs = epochs
    self.final = final
    self.provenance = provenance
    self.choices = choices
    self.log = log
  }

  /// The confusion matrix on the test images.
  var confusion: ConfusionMatrix? { final?.confusion }

  /// The final metrics, also those that are no numbers.
  var metrics: Metrics { final?.metrics ?? [:] }

  /// The epoch with the best validation accuracy, counted from 1; nil without a validation split.
  var bestEpoch: Int? { final?.bestEpoch.map { $0 + 1 } }

  /// The epoch whose weights were evaluated, counted from 1; nil where that is not on record.
  var evaluatedEpoch: Int? { final?.evaluatedEpoch.map { $0 + 1 } }

  /// The name of a class, or its index.
  func className(_ index: Int) -> String {
    let names = final?.classNames ?? []
    return names.indices.contains(index) ? names[index] : String(index)
  }
}
