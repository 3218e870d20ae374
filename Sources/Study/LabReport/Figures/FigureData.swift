import LabCore

/// What figures are drawn of: labels, numbers and intervals, in the unit in which they are shown.
///
/// Each part is there or not; a figure says which ones it needs (``FigureKind/needs``). A number that is not finite is an
/// unknown one.
public struct FigureData: Sendable, Hashable {
  /// A part of the data.
  public enum Part: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    case comparisons
    case runs
    case curves
    case levels
    case effects
    case costs
    case classes
    case confusion
    case reliability
    case ranks
    case importance
    case lesions

    /// What it is, in the plural.
    public var description: String {
      switch self {
      case .comparisons: "comparisons with a baseline"
      case .runs: "the results of single runs"
      case .curves: "courses over epochs"
      case .levels: "means by the levels of two factors"
      case .effects: "effects of factors"
      case .costs: "costs of variants"
      case .classes: "differences by class"
      case .confusion: "counts of predicted classes"
      case .reliability: "shares that are right by confidence"
      case .ranks: "ranks over data sets"
      case .importance: "shares of variance"
      case .lesions: "lesions of trained models"
      }
    }
  }

  /// What is measured.
  public struct Metric: Sendable, Hashable {
    /// Its name for people, such as `test accuracy`.
    public var label: String
    /// The unit of its values, such as `%`; empty for none.
    public var unit: String
    /// The unit of differences, such as `points`; empty for none.
    public var differenceUnit: String
    /// How many digits its values have behind the point.
    public var decimals: Int
    /// Whether greater values are better.
    public var higherIsBetter: Bool

    /// Creates a metric.
    public init(
      _ label: String, unit: String = "", differenceUnit: String = "", decimals: Int = 2, higherIsBetter: Bool = true
    ) {
      self.label = label
      self.unit = unit
      self.differenceUnit = differenceUnit
      self.decimals = decimals
      self.higherIsBetter = higherIsBetter
    }

    /// The name with the unit.
    var axisTitle: String { label + (unit.isEmpty ? "" : " (\(unit))") }
    /// What a difference is.
    var differenceTitle: String {
      "difference in \(label)" + (differenceUnit.isEmpty ? "" : " (\(differenceUnit))")
    }
    /// The direction in words.
    var direction: String { higherIsBetter ? "higher is better" : "lower is better" }
    /// A value as text.
    func text(_ value: Double) -> String {
      abs(value) < 1e9 ? NumberText.fixed(value, decimals: decimals) : NumberText.significant(value, digits: 3)
    }
    /// A difference as text, with its sign.
    func difference(_ value: Double) -> String {
      abs(value) < 1e9
        ? NumberText.fixed(value, decimals: decimals, signed: true) : (value > 0 ? "+" : "") + text(value)
    }
  }

  /// The ends of an interval.
  public struct Interval: Sendable, Hashable {
    public var lower: Double
    public var upper: Double

    /// Creates an interval.
    public init(_ lower: Double, _ upper: Double) {
      self.lower = lower
      self.upper = upper
    }

    /// The interval, where both ends are known.
    var known: Interval? { lower.isFinite && upper.isFinite ? self : nil }
  }

  /// The sweep that they are of, or whatever stands before a colon in titles.
  public var name: String
  /// What is measured.
  public var metric: Metric
  /// The label of what others are compared with.
  public var baseline: String?
  /// The confidence of intervals, in (0, 1).
  public var confidence: Double
  /// Sentences below each figure, such as how many runs there are.
  public var notes: [String]

  /// What variants differ in from the baseline.
  public var comparisons: Comparisons?
  /// The results of single runs.
  public var runs: [Run]?
  /// The courses of variants.
  public var curves: Curves?
  /// The means of the levels of two factors.
  public var levels: Levels?
  /// The effects of factors.
  public var effects: Effects?
  /// What variants cost.
  public var costs: Costs?
  /// The differences by class.
  public var classes: Classes?
  /// How often each class was predicted.
  public var confusion: Confusion?
  /// How often predictions are right by their confidence.
  public var reliability: [Reliability]?
  /// The ranks over data sets.
  public var ranks: Ranks?
  /// What shares of the variance factors have.
  public var importance: [Importance]?
  /// What parts of a variant's trained models do.
  public var lesions: Lesions?

  /// Creates data without any part.
  public init(name: String, metric: Metric, baseline: String? = nil, confidence: Double = 0.95, notes: [String] = []) {
    self.name = name
    self.metric = metric
    self.baseline = baseline
    self.confidence = confidence
    self.notes = notes
  }

  /// The parts that are there.
  public var parts: Set<Part> {
    let there: [(Part, Bool)] = [
      (.comparisons, comparisons != nil), (.runs, runs != nil), (.curves, curves != nil), (.levels, levels != nil),
      (.effects, effects != nil), (.costs, costs != nil), (.classes, classes != nil), (.confusion, confusion != nil),
      (.reliability, reliability != nil), (.ranks, ranks != nil), (.importance, importance != nil),
      (.lesions, lesions != nil),
    ]
    return Set(there.filter(\.1).map(\.0))
  }

  /// The level of confidence in words, such as `95 %`.
  var confidenceText: String { NumberText.percentage(confidence) }
}
