import LabStats

extension FigureData {
  /// What variants differ in from the baseline.
  public struct Comparisons: Sendable, Hashable {
    /// One variant's difference.
    public struct Row: Sendable, Hashable {
      /// The variant.
      public var label: String
      /// The difference; not finite where there is none.
      public var estimate: Double
      /// The interval that holds for this comparison alone.
      public var single: Interval?
      /// The interval that holds together with all others.
      public var simultaneous: Interval?
      /// What the comparison concludes.
      public var verdict: Verdict
      /// What stands beside it, such as why there is no interval or that a run still improves.
      public var note: String?

      /// Creates a row.
      public init(
        _ label: String, estimate: Double, single: Interval? = nil, simultaneous: Interval? = nil,
        verdict: Verdict = .undecided, note: String? = nil
      ) {
        self.label = label
        self.estimate = estimate
        self.single = single
        self.simultaneous = simultaneous
        self.verdict = verdict
        self.note = note
      }
    }

    /// The variants from top to bottom, without the baseline.
    public var rows: [Row]
    /// The smallest difference that matters.
    public var smallestEffect: Double?
    /// What makes intervals simultaneous, such as `Dunnett`.
    public var method: String
    /// What a row is of, in the singular.
    public var subject: String

    /// Creates comparisons.
    public init(
      _ rows: [Row], smallestEffect: Double? = nil, method: String = "Dunnett", subject: String = "variant"
    ) {
      self.rows = rows
      self.smallestEffect = smallestEffect
      self.method = method
      self.subject = subject
    }
  }

  /// What parts of a variant's trained models do.
  public struct Lesions: Sendable, Hashable {
    /// The variant.
    public var label: String
    /// What each lesion changes.
    public var comparisons: Comparisons

    /// Creates lesions.
    public init(_ label: String, _ comparisons: Comparisons) {
      self.label = label
      self.comparisons = comparisons
    }
  }

  /// A run's result.
  public struct Run: Sendable, Hashable {
    public var variant: String
    public var seed: UInt64
    /// The metric's value; not finite where the run has none.
    public var value: Double

    /// Creates a result.
    public init(_ variant: String, seed: UInt64, value: Double) {
      self.variant = variant
      self.seed = seed
      self.value = value
    }
  }

  /// Courses over epochs.
  public struct Curves: Sendable, Hashable {
    /// A value at an epoch.
    public struct Point: Sendable, Hashable {
      public var epoch: Int
      public var value: Double
      public var band: Interval?

      /// Creates a value.
      public init(_ epoch: Int, _ value: Double, band: Interval? = nil) {
        self.epoch = epoch
        self.value = value
        self.band = band
      }
    }

    /// A variant's course.
    public struct Course: Sendable, Hashable {
      public var label: String
      public var points: [Point]

      /// Creates a course.
      public init(_ label: String, _ points: [Point]) {
        self.label = label
        self.points = points
      }
    }

    /// The mean of each variant, with a band that says how seeds differ.
    public var means: [Course]
    /// The difference of each variant to the baseline, with a band that holds for all epochs at once.
    public var differences: [Course]
    /// What the band of a mean is, such as `± standard deviation over seeds`.
    public var meanBand: String
    /// What the band of a difference is.
    public var differenceBand: String
    /// Whether each course is one run's, and no mean of a variant.
    package var isOfOneRun = false

    /// Creates courses.
    public init(
      means: [Course], differences: [Course] = [], meanBand: String = "± standard deviation over seeds",
      differenceBand: String = "simultaneous over epochs"
    ) {
      self.means = means
      self.differences = differences
      self.meanBand = meanBand
      self.differenceBand = differenceBand
    }
  }

  /// Means by the levels of two factors.
  public struct Levels: Sendable, Hashable {
    /// A mean of two levels.
    public struct Cell: Sendable, Hashable {
      /// The level to the right.
      public var column: String
      /// The level that has a line.
      public var line: String
      public var mean: Double
      public var interval: Interval?

      /// Creates a mean.
      public init(column: String, line: String, mean: Double, interval: Interval? = nil) {
        self.column = column
        self.line = line
        self.mean = mean
        self.interval = interval
      }
    }

    /// The factor whose levels stand side by side.
    public var columnFactor: String
    /// The factor whose levels have a line each.
    public var lineFactor: String
    public var cells: [Cell]
    /// What is known of the interaction, in a sentence.
    public var conclusion: String?

    /// Creates means.
    public init(columnFactor: String, lineFactor: String, cells: [Cell], conclusion: String? = nil) {
      self.columnFactor = columnFactor
      self.lineFactor = lineFactor
      self.cells = cells
      self.conclusion = conclusion
    }
  }

  /// Effects of a design without replication.
  public struct Effects: Sendable, Hashable {
    /// An effect.
    public struct Effect: Sendable, Hashable {
      public var label: String
      public var estimate: Double

      /// Creates an effect.
      public init(_ label: String, _ estimate: Double) {
        self.label = label
        self.estimate = estimate
      }
    }

    public var effects: [Effect]
    /// Lenth's pseudo standard error.
    public var pseudoStandardError: Double
    /// What a single effect without substance stays below, with the data's confidence.
    public var margin: Double
    /// What all effects without substance stay below at once.
    public var simultaneousMargin: Double

    /// Creates effects.
    public init(_ effects: [Effect], pseudoStandardError: Double, margin: Double, simultaneousMargin: Double) {
      self.effects = effects
      self.pseudoStandardError = pseudoStandardError
      self.margin = margin
      self.simultaneousMargin = simultaneousMargin
    }
  }
}
