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
  /// Why the value is not compared with the baseline's though both are known: values of two loss functions.
  public var incomparability: String?
  /// Whether the value is the best and its lead over the second best is beyond chance.
  public var isBest = false
  /// Whether the value is the second best and its lead over all others but the best is beyond chance.
  public var isSecondBest = false

  init() {}

  init(_ summary: SampleSummary?) {
    guard let summary else { return }
    count = summary.count
    mean = summary.mean
    standardDeviation = summary.standardDeviation
  }
}

extension MetricResult {
  /// The result of a variant that has a value for each of these seeds.
  init(bySeed values: [UInt64: Double]) {
    self.init(SampleSummary(values.sorted { $0.key < $1.key }.map(\.value)))
  }
}

extension [MetricResult] {
  /// Adjusts the p-values of the differences for their number.
  mutating func adjustPValues() {
    let adjusted = HolmAdjustment.adjusted(map { $0.difference?.pValue })
    for index in indices { self[index].difference?.adjustedPValue = adjusted[index] }
  }
}
