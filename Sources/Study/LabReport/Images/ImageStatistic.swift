import LabRecords
import LabStats

/// A metric of the test images in which every image has its part, so that other draws of the images can be thought of.
public enum ImageStatistic: Sendable, Hashable {
  /// The share of images with their class among the most probable ones.
  case topKAccuracy(Int)
  /// The mean F1 score of the classes.
  case macroF1
  /// The expected calibration error.
  case calibrationError
  /// The mean negative logarithm of the true class's probability.
  case logLoss
  /// The mean squared distance of the probabilities from certainty.
  case brierScore

  /// Finds what a metric measures; nil where that is nothing of the test images, or nothing that resamples tell of.
  ///
  /// - Parameter metric: the metric's whole name, such as `test_accuracy`.
  public init?(metric: String) {
    let name = MetricName(metric)
    guard name.split == "test" else { return nil }
    switch name.base {
    case "accuracy": self = .topKAccuracy(1)
    case "macro_f1": self = .macroF1
    case "ece": self = .calibrationError
    case "log_loss": self = .logLoss
    case "brier_score": self = .brierScore
    case let base:
      guard let k = base.wholeMatch(of: /top_?(\d+)(_accuracy)?/).flatMap({ Int($0.output.1) }), k > 0 else {
        return nil
      }
      self = .topKAccuracy(k)
    }
  }

  /// The metrics that there are, as a sentence lists them.
  static let names = "test_accuracy, test_topK_accuracy, test_macro_f1, test_ece, test_log_loss and test_brier_score"

  /// Whether an image is either right or wrong, so that images are gained and lost.
  var isShareOfImages: Bool { if case .topKAccuracy = self { true } else { false } }
}
