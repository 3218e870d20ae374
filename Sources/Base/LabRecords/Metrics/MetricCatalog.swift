import LabCore
import LabStats

/// The metrics that are known: the one place that says what they are called, how they are shown and how they are computed.
public enum MetricCatalog {
  /// Every metric, those of predictions in the order in which they are computed.
  public static let registry = Registry<Metric>("metrics", Metric.ofPredictions + Metric.recorded) { [$0.name] }

  private static let byName = Dictionary(registry.entries.map { ($0.name, $0) }) { first, _ in first }

  /// The metric of a name without a split; the top-k accuracy of any k is known as `topK_accuracy`.
  public static func metric(named name: String) -> Metric? { byName[name] ?? topK(name) }

  /// The metrics of some predictions, by their names without a split.
  ///
  /// - Parameters:
  ///   - predictions: what was predicted, of which images.
  ///   - occasion: what the evaluation is for; all metrics are computed at the end, some in between.
  public static func metrics(of predictions: ClassificationAccumulator, for occasion: Metric.Occasion) -> Metrics {
    var metrics = Metrics()
    for metric in registry.entries where metric.occasion.map({ $0 == .everyEvaluation || $0 == occasion }) ?? false {
      if let value = metric.value(of: predictions) { metrics.append(value, as: MetricName(metric.name)) }
    }
    return metrics
  }

  /// `top7_accuracy`, `top_7_accuracy`, `top7` and the like.
  private static func topK(_ name: String) -> Metric? {
    let stem = name.hasSuffix("_accuracy") ? String(name.dropLast("_accuracy".count)) : name
    let digits = stem.hasPrefix("top_") ? stem.dropFirst(4) : stem.hasPrefix("top") ? stem.dropFirst(3) : ""
    guard digits.allSatisfy(\.isWholeNumber), let k = Int(digits), k > 0 else { return nil }
    var metric = Metric.topKAccuracy(k)
    metric.name = name
    return metric
  }
}
