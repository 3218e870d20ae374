extension FigureData {
  /// What variants cost, and what they bring.
  public struct Costs: Sendable, Hashable {
    /// In what costs are counted.
    public enum Unit: String, Sendable, Hashable {
      case count
      case seconds
      case bytes
    }

    /// A variant.
    public struct Item: Sendable, Hashable {
      public var label: String
      public var cost: Double
      public var value: Double
      public var interval: Interval?

      /// Creates a variant.
      public init(_ label: String, cost: Double, value: Double, interval: Interval? = nil) {
        self.label = label
        self.cost = cost
        self.value = value
        self.interval = interval
      }
    }

    /// What costs are, such as `parameters`.
    public var label: String
    public var unit: Unit
    public var items: [Item]

    /// Creates costs.
    public init(_ label: String, unit: Unit = .count, _ items: [Item]) {
      self.label = label
      self.unit = unit
      self.items = items
    }
  }

  /// Differences to the baseline by class.
  public struct Classes: Sendable, Hashable {
    /// What is measured of each class, such as `recall`.
    public var measure: String
    public var classes: [String]
    public var variants: [String]
    /// The difference of each class (outer) and variant (inner), in points; not finite where there is none.
    public var changes: [[Double]]
    /// Whether each difference is known to be one; empty where nothing is known of it.
    public var isCertain: [[Bool]]

    /// Creates differences.
    public init(
      measure: String = "recall", classes: [String], variants: [String], changes: [[Double]], isCertain: [[Bool]] = []
    ) {
      self.measure = measure
      self.classes = classes
      self.variants = variants
      self.changes = changes
      self.isCertain = isCertain
    }
  }

  /// How often each class was predicted for images of each class.
  public struct Confusion: Sendable, Hashable {
    public var classes: [String]
    /// What the counts are of.
    public var label: String
    /// The number of each true class (outer) and predicted one (inner); means over seeds may be fractions.
    public var counts: [[Double]]
    /// What they are compared with, and its numbers; the figure shows the difference in this case.
    public var otherLabel: String?
    public var otherCounts: [[Double]]?
    /// Where cells lead, behind which the numbers of the true and the predicted class stand; nil for nowhere.
    package var address: String?

    /// Creates counts.
    public init(
      classes: [String], label: String, counts: [[Double]], otherLabel: String? = nil, otherCounts: [[Double]]? = nil
    ) {
      self.classes = classes
      self.label = label
      self.counts = counts
      self.otherLabel = otherLabel
      self.otherCounts = otherCounts
    }
  }

  /// How often predictions of a variant are right by their confidence.
  public struct Reliability: Sendable, Hashable {
    /// A range of confidence.
    public struct Bin: Sendable, Hashable {
      public var range: Interval
      public var count: Double
      public var meanConfidence: Double
      /// The share that is right.
      public var accuracy: Double
      public var interval: Interval?

      /// Creates a range.
      public init(
        range: Interval, count: Double, meanConfidence: Double, accuracy: Double, interval: Interval? = nil
      ) {
        self.range = range
        self.count = count
        self.meanConfidence = meanConfidence
        self.accuracy = accuracy
        self.interval = interval
      }
    }

    public var label: String
    public var bins: [Bin]
    /// The expected calibration error as a share, and its interval.
    public var calibrationError: Double?
    public var calibrationInterval: Interval?

    /// Creates a variant's.
    public init(_ label: String, bins: [Bin], calibrationError: Double? = nil, calibrationInterval: Interval? = nil) {
      self.label = label
      self.bins = bins
      self.calibrationError = calibrationError
      self.calibrationInterval = calibrationInterval
    }
  }

  /// Average ranks over data sets.
  public struct Ranks: Sendable, Hashable {
    /// A variant.
    public struct Item: Sendable, Hashable {
      public var label: String
      public var rank: Double

      /// Creates a variant.
      public init(_ label: String, rank: Double) {
        self.label = label
        self.rank = rank
      }
    }

    public var items: [Item]
    /// The difference from which on ranks are told apart.
    public var criticalDifference: Double
    /// How many data sets there are.
    public var datasets: Int
    /// The test behind it, such as `Nemenyi`.
    public var method: String

    /// Creates ranks.
    public init(_ items: [Item], criticalDifference: Double, datasets: Int, method: String = "Nemenyi") {
      self.items = items
      self.criticalDifference = criticalDifference
      self.datasets = datasets
      self.method = method
    }
  }

  /// The share of the variance that a factor or an interaction has.
  public struct Importance: Sendable, Hashable {
    public var label: String
    /// From 0 to 1.
    public var share: Double
    public var interval: Interval?
    /// Whether it is what no factor explains, which stands last.
    public var isResidual: Bool

    /// Creates a share.
    public init(_ label: String, share: Double, interval: Interval? = nil, isResidual: Bool = false) {
      self.label = label
      self.share = share
      self.interval = interval
      self.isResidual = isResidual
    }
  }
}
