import LabData
import LabRecords
import LabStats

/// What a model makes of a split.
public struct Evaluation: Sendable {
  /// The split.
  public var split: SplitName
  /// The mean of the training loss over the split.
  public var loss: Double
  /// The predictions, with their logits in the order of the split where the evaluation was the final one.
  public var predictions: ClassificationAccumulator

  /// The loss, and what the catalog computes, by names such as `test_accuracy`.
  ///
  /// - Parameter occasion: which of the catalog's metrics are wanted.
  public func metrics(for occasion: Metric.Occasion) -> Metrics {
    var metrics: Metrics = ["loss": loss]
    metrics.merge(MetricCatalog.metrics(of: predictions, for: occasion))
    return metrics.named(of: split.rawValue)
  }
}
