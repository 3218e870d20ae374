import LabCore
import LabRecords
import LabStats

/// What the runs of a sweep predicted for each of their test images, as far as one metric needs it.
///
/// A run takes a byte an image for accuracies and four to twelve for other metrics: a thousand runs on ten thousand images
/// are 10 to 120 MB.
public struct TestPredictions: Sendable {
  /// What the predictions are kept for.
  public let statistic: ImageStatistic
  /// The metric's whole name, such as `test_accuracy`.
  public let metric: MetricName
  /// What could not be used, a sentence each.
  public private(set) var problems: [String] = []
  /// The sets of images that runs were tested on, most often one.
  private(set) var imageSets: [ImageSet] = []
  private(set) var entries: [RunIdentity: Entry] = [:]

  /// Images that runs were tested on.
  struct ImageSet: Sendable, Hashable {
    var labels: [Int32]
    var classNames: [String]
    /// The part of the configuration that says which images they are.
    var source: JSONValue
  }

  /// What a run predicted.
  struct Entry: Sendable {
    /// The place among the sets of images.
    var imageSet: Int
    var content: Content
  }

  /// What is kept of a run, an element an image.
  enum Content: Sendable {
    /// Whether the image is right.
    case shares([Bool])
    /// The predicted class and its probability.
    case predictions(ImagePredictions)
    /// The image's part in the mean.
    case scores([Float])
  }

  /// Creates predictions of no run yet.
  ///
  /// - Parameter metric: the metric's whole name, such as `test_accuracy`.
  /// - Returns: nil for metrics that test images have no part in.
  public init?(metric: String) {
    guard let statistic = ImageStatistic(metric: metric) else { return nil }
    self.statistic = statistic
    self.metric = MetricName(metric)
  }

  /// Adds the predictions of a completed run.
  ///
  /// Predictions from which the run's metric does not follow are left out, and named.
  public mutating func add(_ predictions: Predictions, of run: Run) {
    let classCount = predictions.classNames.count
    let labels = predictions.labels
    guard !labels.isEmpty, predictions.logits.count == labels.count * classCount,
      labels.allSatisfy((0..<classCount).contains)
    else {
      problems.append("the predictions of run \(run.identity.short) are not one for each class and test image")
      return
    }
    let scores = predictions.logits.withUnsafeBufferPointer { logits in
      labels.indices.map { image in
        ImageScores(
          logits: UnsafeBufferPointer(rebasing: logits[(image * classCount)..<((image + 1) * classCount)]),
          label: labels[image])
      }
    }
    let content = content(scores)
    let value = value(content, labels: labels, classCount: classCount)
    guard value.isFinite else {
      problems.append("the predictions of run \(run.identity.short) make a \(metric) that is no number")
      return
    }
    if let stored = run.metrics[metric], abs(stored - value) > 1e-5 * max(1, abs(stored)) {
      problems.append(
        "the predictions of run \(run.identity.short) make a \(metric) of \(NumberText.significant(value, digits: 6)), "
          + "and its result has \(NumberText.significant(stored, digits: 6))")
      return
    }
    let imageSet = ImageSet(
      labels: labels.map { Int32($0) }, classNames: predictions.classNames,
      source: TestPredictions.source(run.configuration["dataset"]))
    let place = imageSets.firstIndex(of: imageSet) ?? imageSets.count
    if place == imageSets.count { imageSets.append(imageSet) }
    entries[run.identity] = Entry(imageSet: place, content: content)
  }

  /// Whether no run's predictions can be used.
  public var isEmpty: Bool { entries.isEmpty }

  /// Notes that a run's predictions could not be read.
  public mutating func addProblem(_ problem: String) { problems.append(problem) }

  private func content(_ scores: [ImageScores]) -> Content {
    switch statistic {
    case .topKAccuracy(let k): .shares(scores.map { $0.rank < k })
    case .macroF1, .calibrationError:
      .predictions(
        ImagePredictions(classes: scores.map { Int32($0.prediction) }, confidences: scores.map(\.confidence)))
    case .logLoss: .scores(scores.map { Float($0.logLoss) })
    case .brierScore: .scores(scores.map { Float($0.brierScore) })
    }
  }

  /// The metric as it follows from what is kept.
  private func value(_ content: Content, labels: [Int], classCount: Int) -> Double {
    switch content {
    case .shares(let isRight): return Double(isRight.count { $0 }) / Double(isRight.count)
    case .scores(let scores): return scores.lazy.map(Double.init).compensatedSum() / Double(scores.count)
    case .predictions(let run):
      var accumulated = (confusion: ConfusionMatrix(classCount: classCount), calibration: CalibrationBins())
      for (image, label) in labels.enumerated() {
        let prediction = Int(run.classes[image])
        accumulated.confusion.add(label: label, prediction: prediction)
        accumulated.calibration.add(confidence: run.confidences[image], isCorrect: prediction == label)
      }
      return statistic == .macroF1
        ? accumulated.confusion.macroAverage.f1 : accumulated.calibration.expectedCalibrationError
    }
  }

  /// The keys of a data set's configuration that change nothing of which images are tested, and in which order.
  private static let otherKeys: Set<String> = [
    "train_limit", "train_count", "validation", "validation_by", "balance", "normalize", "image_size", "channels",
    "resize",
  ]

  /// What says which images a run was tested on.
  package static func source(_ dataset: JSONValue?) -> JSONValue {
    dataset?.objectValue.map { .object($0.filter { !otherKeys.contains($0.key) }) } ?? .null
  }
}
