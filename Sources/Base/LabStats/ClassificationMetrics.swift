/// The metrics of a classifier on one data set.
public struct ClassificationMetrics: Sendable, Hashable {
  /// The number of images.
  public var count: Int
  /// The share of images whose class was predicted.
  public var accuracy: Double
  /// The share of images with their class among the k best, by k.
  public var topKAccuracy: [Int: Double]
  /// The unweighted mean over the classes.
  public var macro: ClassMetrics
  /// The mean over the classes weighted by their support.
  public var weighted: ClassMetrics
  /// The metrics of each class.
  public var classes: [ClassMetrics]
  /// The mean negative logarithm of the true class's probability, in nats.
  public var logLoss: Double
  /// The mean distance of confidence and accuracy over equal ranges of confidence.
  public var expectedCalibrationError: Double

  /// Creates metrics.
  public init(
    count: Int, accuracy: Double, topKAccuracy: [Int: Double], macro: ClassMetrics, weighted: ClassMetrics,
    classes: [ClassMetrics], logLoss: Double, expectedCalibrationError: Double
  ) {
    self.count = count
    self.accuracy = accuracy
    self.topKAccuracy = topKAccuracy
    self.macro = macro
    self.weighted = weighted
    self.classes = classes
    self.logLoss = logLoss
    self.expectedCalibrationError = expectedCalibrationError
  }

  /// The metrics under the names that stores and tables use.
  ///
  /// - Parameter prefix: put before each name, such as `test_` for `test_accuracy`.
  public func named(prefix: String = "") -> [String: Double] {
    var values: [String: Double] = [
      "accuracy": accuracy,
      "macro_precision": macro.precision, "macro_recall": macro.recall, "macro_f1": macro.f1,
      "weighted_precision": weighted.precision, "weighted_recall": weighted.recall, "weighted_f1": weighted.f1,
      "log_loss": logLoss, "ece": expectedCalibrationError,
    ]
    for (k, value) in topKAccuracy { values["top\(k)_accuracy"] = value }
    return Dictionary(uniqueKeysWithValues: values.map { (prefix + $0.key, $0.value) })
  }
}

extension ClassificationAccumulator {
  /// The metrics of everything added so far; nil without images.
  public var metrics: ClassificationMetrics? {
    guard let top5 = topKAccuracy(5), let logLoss else { return nil }
    return ClassificationMetrics(
      count: count, accuracy: confusion.accuracy, topKAccuracy: [5: top5], macro: confusion.macroAverage,
      weighted: confusion.weightedAverage, classes: confusion.classMetrics, logLoss: logLoss,
      expectedCalibrationError: calibration.expectedCalibrationError)
  }
}
