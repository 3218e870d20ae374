/// Predictions grouped by their confidence, to see whether a confidence of 0.9 is right nine times in ten.
///
/// - Source: Guo et al., "On calibration of modern neural networks", ICML 2017.
public struct CalibrationBins: Sendable, Hashable {
  /// One range of confidences, open below and closed above.
  public struct Bin: Sendable, Hashable {
    /// The number of predictions.
    public fileprivate(set) var count = 0
    /// The number of correct ones.
    public fileprivate(set) var correct = 0
    fileprivate var confidence = CompensatedSum()

    /// The share of correct predictions; nil without any.
    public var accuracy: Double? { count == 0 ? nil : Double(correct) / Double(count) }
    /// The mean confidence; nil without predictions.
    public var meanConfidence: Double? { count == 0 ? nil : confidence.value / Double(count) }
  }

  /// The bins, of equal width from 0 to 1.
  public private(set) var bins: [Bin]

  /// Creates empty bins.
  public init(binCount: Int = 15) {
    precondition(binCount > 0, "calibration needs at least one bin")
    bins = Array(repeating: Bin(), count: binCount)
  }

  /// Adds a prediction.
  ///
  /// - Parameters:
  ///   - confidence: the probability of the predicted class, in [0, 1].
  ///   - isCorrect: whether the prediction is right.
  public mutating func add(confidence: Double, isCorrect: Bool) {
    // A confidence that is not a number comes from logits that are none; it is as wrong as a certain error.
    let confidence = confidence.isNaN ? 1 : confidence
    let bin = CalibrationBins.index(of: confidence, binCount: bins.count)
    bins[bin].count += 1
    bins[bin].correct += isCorrect ? 1 : 0
    bins[bin].confidence.add(confidence)
  }

  /// The bin of a confidence, which is closed above.
  static func index(of confidence: Double, binCount: Int) -> Int {
    min(max(Int((confidence * Double(binCount)).rounded(.up)) - 1, 0), binCount - 1)
  }

  /// Adds the predictions of other bins of the same width.
  public mutating func merge(_ other: CalibrationBins) {
    precondition(bins.count == other.bins.count, "calibration bins of different widths cannot be merged")
    for index in bins.indices {
      bins[index].count += other.bins[index].count
      bins[index].correct += other.bins[index].correct
      bins[index].confidence.merge(other.bins[index].confidence)
    }
  }

  /// The mean distance of confidence and accuracy, each bin weighted by its predictions; 0 without any.
  public var expectedCalibrationError: Double {
    let total = bins.reduce(0) { $0 + $1.count }
    guard total > 0 else { return 0 }
    return bins.map { abs($0.confidence.value - Double($0.correct)) }.compensatedSum() / Double(total)
  }
}
