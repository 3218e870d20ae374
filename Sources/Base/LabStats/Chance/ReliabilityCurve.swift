/// How often predictions of about the same confidence are right.
///
/// - Source: DeGroot and Fienberg, "The comparison and evaluation of forecasters", The Statistician 32, 1983.
public struct ReliabilityCurve: Sendable, Hashable {
  /// A range of confidences with at least one prediction.
  public struct Point: Sendable, Hashable {
    /// The number of predictions.
    public let count: Int
    /// The number of correct ones.
    public let correct: Int
    /// The mean confidence.
    public let confidence: Double
    /// The lowest confidence that belongs here.
    public let lowerEdge: Double
    /// The highest confidence that belongs here.
    public let upperEdge: Double

    /// The share of correct predictions.
    public var accuracy: Double { Double(correct) / Double(count) }

    /// Wilson's interval of the share of correct predictions.
    public func interval(level: Double = 0.95) -> ConfidenceInterval {
      .wilson(successes: correct, trials: count, level: level)
    }
  }

  /// The points, by ascending confidence; ranges without predictions have none.
  public let points: [Point]

  /// Takes bins of equal width that a run has filled.
  public init(_ bins: CalibrationBins) {
    let width = 1 / Double(bins.bins.count)
    points = bins.bins.enumerated().compactMap { index, bin in
      bin.meanConfidence.map {
        Point(
          count: bin.count, correct: bin.correct, confidence: $0, lowerEdge: Double(index) * width,
          upperEdge: Double(index + 1) * width)
      }
    }
  }

  /// Groups predictions into ranges with about equal numbers of them; predictions of one confidence stay together.
  ///
  /// - Parameters:
  ///   - confidences: the probability of each predicted class, in [0, 1].
  ///   - isCorrect: whether each prediction is right.
  ///   - binCount: the number of ranges.
  public init(confidences: [Double], isCorrect: [Bool], binCount: Int = 15) {
    precondition(confidences.count == isCorrect.count, "there is one confidence a prediction")
    let bins = CalibrationEstimator.equalMass(binCount: binCount).bins(of: confidences)
    points = Dictionary(grouping: confidences.indices) { bins[$0] }.sorted { $0.key < $1.key }.compactMap { _, images in
      let values = images.map { confidences[$0] }
      guard let summary = SampleSummary(values) else { return nil }
      return Point(
        count: images.count, correct: images.lazy.filter { isCorrect[$0] }.count, confidence: summary.mean,
        lowerEdge: summary.minimum, upperEdge: summary.maximum)
    }
  }
}
