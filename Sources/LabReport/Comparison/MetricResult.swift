import LabStats

/// One metric of one row of a comparison.
public struct MetricResult: Sendable, Hashable {
  /// The number of runs behind the mean.
  public var count = 0
  /// The mean; nil without runs.
  public var mean: Double?
  /// The standard deviation over the runs; nil below two.
  public var standardDeviation: Double?
  /// The difference to the baseline; nil for the baseline itself and where there is nothing to compare.
  public var difference: BaselineDifference?
  /// Whether the value is the best and its lead over the second best is beyond chance.
  public var isBest = false

  init() {}

  init(_ summary: SampleSummary?) {
    guard let summary else { return }
    count = summary.count
    mean = summary.mean
    standardDeviation = summary.standardDeviation
  }
}

/// How a row differs from the baseline in one metric.
public struct BaselineDifference: Sendable, Hashable {
  /// The mean difference, row minus baseline.
  public var mean: Double
  /// Its interval; nil with a single repetition.
  public var interval: ConfidenceInterval?
  /// The two-sided p-value of Student's test; nil with a single repetition.
  public var pValue: Double?
  /// The p-value adjusted for the number of comparisons; nil unless that was asked for.
  public var adjustedPValue: Double?
  /// Cohen's d_z of paired differences, Hedges' g of unpaired ones; nil where undefined.
  public var effectSize: Double?
  /// The number of matched pairs of runs; 0 where runs could not be paired.
  public var pairCount: Int
  /// The number of pairs in which the row has the greater value.
  public var greaterCount: Int
  /// The number of pairs in which the row has the smaller value.
  public var smallerCount: Int

  /// Whether the runs were paired.
  public var isPaired: Bool { pairCount > 0 }

  init(_ paired: PairedDifference, options: ReportOptions) {
    mean = paired.mean
    interval = paired.interval(level: options.confidenceLevel, method: options.intervalMethod)
    pValue = paired.pValue
    effectSize = paired.cohenDz
    pairCount = paired.summary.count
    greaterCount = paired.differences.lazy.filter { $0 > 0 }.count
    smallerCount = paired.differences.lazy.filter { $0 < 0 }.count
  }

  init(_ unpaired: WelchDifference, options: ReportOptions) {
    mean = unpaired.mean
    interval = unpaired.interval(level: options.confidenceLevel)
    pValue = unpaired.pValue
    effectSize = unpaired.hedgesG
    pairCount = 0
    greaterCount = 0
    smallerCount = 0
  }

  init(_ effect: FactorEffect, options: ReportOptions) {
    self.init(effect.difference, options: options)
    pairCount = effect.matchCount
    greaterCount = effect.positiveCount
    smallerCount = effect.negativeCount
  }

  /// The number of pairs in which the row is better.
  func betterCount(_ direction: MetricDescription.Direction) -> Int? {
    switch direction {
    case .higherIsBetter: greaterCount
    case .lowerIsBetter: smallerCount
    case .neutral: nil
    }
  }

  /// Whether the interval lies on one side of zero, and if so which.
  func role(_ direction: MetricDescription.Direction) -> Style.Role? {
    guard direction != .neutral, let interval, interval.lower > 0 || interval.upper < 0 else { return nil }
    return (interval.lower > 0) == (direction == .higherIsBetter) ? .better : .worse
  }
}

extension [MetricResult] {
  /// Adjusts the p-values of the differences for their number.
  mutating func adjustPValues() {
    let adjusted = HolmAdjustment.adjusted(map { $0.difference?.pValue })
    for index in indices { self[index].difference?.adjustedPValue = adjusted[index] }
  }
}
