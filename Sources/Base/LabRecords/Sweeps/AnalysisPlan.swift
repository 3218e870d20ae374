import Foundation
import LabCore

/// What a study will conclude from, said before there are results: the section `analysis` of its spec.
///
/// It changes no run, so it is no part of a run's identity, nor of what tells sweeps apart.
public struct AnalysisPlan: Sendable, Codable, Hashable {
  /// Which variants are compared.
  public enum Comparisons: String, Sendable, Codable, Hashable, CaseIterable {
    /// Every variant with the baseline.
    case baseline
    /// Every variant with every other one.
    case all
  }

  /// What a comparison asks.
  public enum Sides: String, Sendable, Codable, Hashable, CaseIterable {
    /// Whether a variant is better or worse.
    case two
    /// Whether a variant is better.
    case one
  }

  /// The metric that the study is about, such as `test_macro_f1`.
  public var metric: String
  /// The smallest difference that matters, in points where the metric is shown in percent and else in its unit; nil
  /// where any difference does.
  public var smallestEffect: Double?
  /// The confidence of all intervals together, in (0, 1).
  public var confidence: Double
  /// Which variants are compared.
  public var comparisons: Comparisons
  /// What a comparison asks.
  public var sides: Sides

  /// Creates a plan.
  public init(
    metric: String, smallestEffect: Double? = nil, confidence: Double = 0.95, comparisons: Comparisons = .baseline,
    sides: Sides = .two
  ) {
    self.metric = metric
    self.smallestEffect = smallestEffect
    self.confidence = confidence
    self.comparisons = comparisons
    self.sides = sides
  }

  private enum CodingKeys: String, CodingKey {
    case metric
    case smallestEffect = "smallest_effect"
    case confidence, comparisons, sides
  }

  /// The keys of the section.
  public static let schema = ConfigurationSchema([
    .init(
      "metric", .string, default: nil, isResultRelevant: false,
      "The metric that the study is about, such as test_macro_f1; of the test images where no split is named."),
    .init(
      "smallest_effect", .optional(.number(.positive)), default: .null, isResultRelevant: false,
      "The smallest difference that matters, in points (hundredths) of a metric that is a share, else in the metric's "
        + "own unit; null where any difference does."),
    .init(
      "confidence", .number(.init(0.5, 1, includesMaximum: false)), default: 0.95, isResultRelevant: false,
      "The confidence of all intervals together."),
    .init(
      "comparisons", .choice(Comparisons.allCases.map(\.rawValue)), default: "baseline", isResultRelevant: false,
      "Which variants are compared: each with the baseline, or all pairs."),
    .init(
      "sides", .choice(Sides.allCases.map(\.rawValue)), default: "two", isResultRelevant: false,
      "What a comparison asks: two, whether a variant is better or worse; one, whether it is better."),
  ])
}

extension AnalysisPlan {
  /// The whole name of a metric that an analysis can be about: one that runs end with, and of which better is known.
  ///
  /// - Parameter name: the name, of the test images where no split is named.
  /// - Returns: nil where there is no such metric.
  public static func metricName(_ name: String) -> MetricName? {
    let given = MetricName(name)
    let full = given.split == nil ? MetricName.test(name) : given
    guard let metric = MetricCatalog.metric(named: full.base), metric.direction != .neutral,
      metric.occasion != nil || metric.name == "loss", ["test", "validation"].contains(full.split)
    else { return nil }
    return full
  }

  /// The metrics that an analysis can be about, by their whole names.
  public static var metricNames: [String] {
    MetricCatalog.registry.names.map { "test_" + $0 }.filter { metricName($0) != nil }
  }

  /// The smallest difference that matters in values of the metric, where points are hundredths; nil where any does.
  public var smallestDifference: Double? {
    let isShare = MetricCatalog.metric(named: MetricName(metric).base)?.unit == .percent
    return smallestEffect.map { isShare ? $0 / 100 : $0 }
  }
}

/// An analysis as it was registered with a sweep, and how much was known then.
public struct AnalysisRegistration: Sendable, Codable, Hashable {
  /// What was registered; nil where an earlier plan was taken back.
  public var plan: AnalysisPlan?
  /// When it was.
  public var registeredAt: Date
  /// The number of the sweep's runs that were complete then.
  public var completedRuns: Int
  /// The registration of the same analysis before the first result that this one goes on from; nil where there is none, or
  /// none is needed.
  public var continuation: AnalysisContinuation?

  /// Creates a registration; only stores do.
  public init(
    plan: AnalysisPlan?, registeredAt: Date, completedRuns: Int, continuation: AnalysisContinuation? = nil
  ) {
    self.plan = plan
    self.registeredAt = registeredAt
    self.completedRuns = completedRuns
    self.continuation = continuation
  }
}
