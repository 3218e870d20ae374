import Foundation

/// Collects predictions batch by batch and turns them into metrics.
///
/// Counts are exact whatever the order and the split into batches; sums are compensated, so that their order matters
/// in the last bit at the most. Accumulators of parts of a data set can be merged.
public struct ClassificationAccumulator: Sendable, Hashable {
  /// The counts of true and predicted classes.
  public private(set) var confusion: ConfusionMatrix
  /// The predictions by confidence.
  public private(set) var calibration: CalibrationBins
  /// The values of k of the top-k accuracies, ascending.
  public let topK: [Int]
  private var topKHits: [Int]
  private var logLoss = CompensatedSum()

  /// Creates an empty accumulator.
  ///
  /// - Parameters:
  ///   - classCount: the number of classes.
  ///   - topK: the values of k for which the share of images with their class among the k best is wanted.
  ///   - calibrationBinCount: the number of equal ranges of confidence.
  public init(classCount: Int, topK: [Int] = [5], calibrationBinCount: Int = 15) {
    precondition(topK.allSatisfy { $0 > 0 }, "a top-k accuracy needs a positive k")
    confusion = ConfusionMatrix(classCount: classCount)
    calibration = CalibrationBins(binCount: calibrationBinCount)
    self.topK = Set(topK).sorted()
    topKHits = [Int](repeating: 0, count: self.topK.count)
  }

  /// The number of images.
  public var count: Int { confusion.total }

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
    var prediction = 0
    var rank = 0
    for (index, logit) in logits.enumerated() {
      if outranks(logit, logits[prediction]) { prediction = index }
      if index < label ? !outranks(logits[label], logit) : outranks(logit, logits[label]) { rank += 1 }
    }
    let largest = Double(logits[prediction])
    var total = 0.0
    for logit in logits { total += exp(Double(logit) - largest) }
    confusion.add(label: label, prediction: prediction)
    calibration.add(confidence: 1 / total, isCorrect: prediction == label)
    logLoss.add(log(total) + largest - Double(logits[label]))
    for (index, k) in topK.enumerated() where rank < k { topKHits[index] += 1 }
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
    precondition(topK == other.topK, "accumulators of different top-k accuracies cannot be merged")
    confusion.merge(other.confusion)
    calibration.merge(other.calibration)
    logLoss.merge(other.logLoss)
    for index in topKHits.indices { topKHits[index] += other.topKHits[index] }
  }

  /// The metrics of everything added so far; nil without images.
  public var metrics: ClassificationMetrics? {
    guard count > 0 else { return nil }
    return ClassificationMetrics(
      count: count, accuracy: confusion.accuracy,
      topKAccuracy: Dictionary(
        uniqueKeysWithValues: zip(topK, topKHits.map { Double($0) / Double(count) })),
      macro: confusion.macroAverage, weighted: confusion.weightedAverage, classes: confusion.classMetrics,
      logLoss: logLoss.value / Double(count), expectedCalibrationError: calibration.expectedCalibrationError)
  }

  private func outranks(_ logit: Float, _ other: Float) -> Bool {
    logit > other || (logit.isNaN && !other.isNaN)
  }
}
