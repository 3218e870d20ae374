import LabRecords
import LabStats

/// What is analyzed of a sweep; what is nil is as it was registered, and else has its default.
public struct AnalysisOptions: Sendable, Hashable {
  /// The metric; nil for the registered one, or the accuracy.
  public var metric: String?
  /// The label of the variant that the others are compared with; nil for the spec's baseline.
  public var baseline: String?
  /// The confidence of the intervals; nil for the registered one, or 0.95.
  public var confidence: Double?
  /// The smallest difference that matters, in points where the metric is shown in percent and else in its unit; nil for
  /// the registered one.
  public var smallestEffect: Double?
  /// Whether each interval holds by itself only.
  public var isPerComparison: Bool
  /// Whether all pairs are compared; nil for what was registered, or for the comparisons with the baseline.
  public var comparesAllPairs: Bool?
  /// The two variants that are compared; nil for all.
  public var pair: [String]?

  /// Creates options.
  public init(
    metric: String? = nil, baseline: String? = nil, confidence: Double? = nil, smallestEffect: Double? = nil,
    isPerComparison: Bool = false, comparesAllPairs: Bool? = nil, pair: [String]? = nil
  ) {
    self.metric = metric
    self.baseline = baseline
    self.confidence = confidence
    self.smallestEffect = smallestEffect
    self.isPerComparison = isPerComparison
    self.comparesAllPairs = comparesAllPairs
    self.pair = pair
  }

  /// The metric that a sweep is analyzed in.
  ///
  /// - Throws: ``ReportError`` where no run has it.
  public func metric(of sweep: Sweep) throws(ReportError) -> MetricDescription {
    let name = metric ?? sweep.analyses.last?.plan?.metric ?? sweep.defaultMetricNames[0]
    guard
      let found = try MetricDescription.select([name], available: sweep.metricNames, own: sweep.ownMetrics).first
    else { throw .unknownMetric(name, available: []) }
    return found
  }
}
