import Foundation

/// Collects predictions batch by batch, for metrics to be computed from.
///
/// Counts are exact whatever the order and the split into batches; sums are compensated, so that their order matters
/// in the last bit at the most. Accumulators of parts of a data set can be merged.
public struct ClassificationAccumulator: Sendable, Hashable {
  /// The counts of true and predicted classes.
  public private(set) var confusion: ConfusionMatrix
  /// The predictions by confidence.
  public private(set) var calibration: CalibrationBins
  /// The number of images by the rank of their class among all classes, from 0 for the most probable one.
  public private(set) var rankCounts: [Int]
  /// Whether logits and labels are kept, for metrics that need every one of them.
  public let keepsLogits: Bool
  /// The logits added so far, a row an image; empty unless they are kept.
  public private(set) var logits: [Float] = []
  /// The labels added so far; empty unless logits are kept.
  public private(set) var labels: [Int32] = []
  private var logLossSum = CompensatedSum()
  private var brierSum = CompensatedSum()

  /// Creates an empty accumulator.
  ///
  /// - Parameters:
  ///   - classCount: the number of classes.
  ///   - keepsLogits: whether logits and labels are kept, for metrics that need every one of them.
  ///   - calibrationBinCount: the number of equal ranges of confidence.
  public init(classCount: Int, keepsLogits: Bool = false, calibrationBinCount: Int = 15) {
    confusion = ConfusionMatrix(classCount: classCount)
    calibration = CalibrationBins(binCount: calibrationBinCount)
    rankCounts = [Int](repeating: 0, count: classCount)
    self.keepsLogits = keepsLogits
  }

  /// The number of images.
  public var count: Int { confusion.total }

  /// The number of classes.
  public var classCount: Int { confusion.classCount }

  /// Adds one image.
  ///
  /// Of equal logits the first class wins. A logit that is not a number outranks every number, as `argmax` has it in
  /// NumPy and PyTorch; the log loss is then not a number either.
  ///
  /// - Parameters:
  ///   - logits: one value a class, before any softmax.
  ///   - label: the index of the true class.
  public mutating func add(logits: UnsafeBufferPointer<Float>, label: Int) {
    precondition(logits.count == confusion.classCount, "there is one logit a class")
    precondition(0..<confusion.classCount ~= label, "a class index is out of range")
    let scores = ImageScores(logits: logits, label: label)
    confusion.add(label: label, prediction: scores.prediction)
    calibration.add(confidence: scores.confidence, isCorrect: scores.prediction == label)
    rankCounts[scores.rank] += 1
    logLossSum.add(scores.logLoss)
    brierSum.add(scores.brierScore)
    if keepsLogits {
      self.logits += logits
      labels.append(Int32(label))
    }
  }

  /// Adds a batch.
  ///
  /// ## Shapes
  /// - logits: [labels.count, classCount], row-major.
  public mutating func add(logits: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>) {
    let classCount = confusion.classCount
    precondition(logits.count == labels.count * classCount, "there is one row of logits a label")
    for (row, label) in labels.enumerated() {
      add(
        logits: UnsafeBufferPointer(rebasing: logits[(row * classCount)..<((row + 1) * classCount)]), label: Int(label))
    }
  }

  /// Adds a batch.
  ///
  /// ## Shapes
  /// - logits: [labels.count, classCount], row-major.
  public mutating func add(logits: [Float], labels: [Int32]) {
    logits.withUnsafeBufferPointer { logits in
      labels.withUnsafeBufferPointer { labels in add(logits: logits, labels: labels) }
    }
  }

  /// Adds the images of another accumulator with the same settings.
  public mutating func merge(_ other: ClassificationAccumulator) {
    precondition(keepsLogits == other.keepsLogits, "accumulators with and without logits cannot be merged")
    confusion.merge(other.confusion)
    calibration.merge(other.calibration)
    for index in rankCounts.indices { rankCounts[index] += other.rankCounts[index] }
    logLossSum.merge(other.logLossSum)
    brierSum.merge(other.brierSum)
    logits += other.logits
    labels += other.labels
  }
}

extension ClassificationAccumulator {
  /// The number of images with the largest logit at their class, without anything else that an accumulator keeps.
  ///
  /// Of equal logits the first class wins.
  ///
  /// ## Shapes
  /// - logits: [labels.count, classCount], row-major.
  public static func correctCount(
    logits: UnsafeBufferPointer<Float>, labels: UnsafeBufferPointer<Int32>, classCount: Int
  ) -> Int {
    precondition(logits.count == labels.count * classCount, "there is one row of logits a label")
    var count = 0
    for (row, label) in labels.enumerated() {
      let first = row * classCount
      var best = first
      for index in first..<(first + classCount) where logits[index] > logits[best] { best = index }
      if best - first == Int(label) { count += 1 }
    }
    return count
  }
}

// MARK: - What the images add up to

extension ClassificationAccumulator {
  /// The share of images with their class among the most probable ones; nil without images.
  ///
  /// - Parameter k: how many classes are looked at, at least 1; with as many as there are, the share is 1.
  public func topKAccuracy(_ k: Int) -> Double? {
    precondition(k > 0, "a top-k accuracy needs a positive k")
    guard count > 0 else { return nil }
    return Double(rankCounts.prefix(k).reduce(0, +)) / Double(count)
  }

  /// The mean negative logarithm of the true class's probability, in nats; nil without images.
  public var logLoss: Double? { count > 0 ? logLossSum.value / Double(count) : nil }

  /// The mean squared distance of the probabilities from those of certainty in the true class, from 0 to 2; nil without
  /// images.
  ///
  /// - Source: Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78, 1950:
  ///   the sum over all classes, of two classes too.
  public var brierScore: Double? { count > 0 ? brierSum.value / Double(count) : nil }
}
