/// How well a model classifies one split; every number is a pure function of weights and data.
public struct EvaluationMetrics: Sendable, Codable, Hashable {
  /// The mean of the training loss, which other losses cannot be compared with.
  public var loss: Double
  /// The share of samples whose most likely class is right, in 0...1.
  public var accuracy: Double
  /// The share of samples with the right class among the five most likely; nil with fewer than six classes.
  public var top5Accuracy: Double?
  /// The unweighted mean of the classes' precisions.
  public var macroPrecision: Double
  /// The unweighted mean of the classes' recalls.
  public var macroRecall: Double
  /// The unweighted mean of the classes' F1 scores.
  public var macroF1: Double
  /// The expected calibration error.
  public var expectedCalibrationError: Double
  /// The mean negative logarithm of the right class's probability, whatever loss was trained with, in nats; nil for runs
  /// of versions that did not keep it.
  public var logLoss: Double?

  /// Creates the metrics of one split.
  public init(
    loss: Double, accuracy: Double, top5Accuracy: Double? = nil, macroPrecision: Double, macroRecall: Double,
    macroF1: Double, expectedCalibrationError: Double, logLoss: Double? = nil
  ) {
    self.loss = loss
    self.accuracy = accuracy
    self.top5Accuracy = top5Accuracy
    self.macroPrecision = macroPrecision
    self.macroRecall = macroRecall
    self.macroF1 = macroF1
    self.expectedCalibrationError = expectedCalibrationError
    self.logLoss = logLoss
  }

  /// The metrics by the names that tables use, such as `test_macro_f1`.
  ///
  /// - Parameter split: the split's name, `test` or `validation`.
  public func named(split: String) -> [String: Double] {
    var metrics = [
      "\(split)_loss": loss, "\(split)_accuracy": accuracy, "\(split)_macro_precision": macroPrecision,
      "\(split)_macro_recall": macroRecall, "\(split)_macro_f1": macroF1, "\(split)_ece": expectedCalibrationError,
    ]
    metrics["\(split)_top5_accuracy"] = top5Accuracy
    metrics["\(split)_log_loss"] = logLoss
    return metrics
  }
}
