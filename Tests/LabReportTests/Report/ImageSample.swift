import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats

/// A sweep whose runs' predictions are known, from `Fixtures/make_images.py`.
struct ImageSample {
  var sweep: Sweep
  /// The predictions of each run.
  var predictions: [RunIdentity: Predictions] = [:]

  static func fixture() throws -> JSONValue {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/images.json")
    return try JSONValue(parsing: String(contentsOf: url, encoding: .utf8))
  }

  /// - Parameter cases: the variants beside the baseline.
  init(_ cases: [String] = ["few"]) throws {
    let fixture = try ImageSample.fixture()
    func integers(_ value: JSONValue?) -> [Int] { value?.arrayValue?.compactMap(\.integerValue) ?? [] }
    let labels = integers(fixture["labels"])
    var known = [RunIdentity: Predictions]()
    let variants = (["baseline"] + cases).map { name in
      let runs = (name == "baseline" ? fixture["baseline"] : fixture["cases"]?[name]?["classes"])?.arrayValue ?? []
      return Variant(
        label: name, levels: ["change": name], isBaseline: name == "baseline",
        runs: runs.enumerated().map { seed, classes in
          let stored = ImageSample.predictions(integers(classes), labels: labels)
          let run = ImageSample.run(name, UInt64(seed), stored)
          known[run.identity] = stored
          return run
        })
    }
    sweep = SampleSweep.sweep(variants, factors: [.init(name: "change", levels: ["baseline"] + cases)])
    predictions = known
  }

  /// Predictions of classes that are more or less sure.
  static func predictions(_ classes: [Int], labels: [Int], classCount: Int = 4) -> Predictions {
    var logits = [Float]()
    for (image, predicted) in classes.enumerated() {
      for index in 0..<classCount {
        let (sure, other) = (1 + Float(image % 7) / 2, Float((index + image) % 3) / 4)
        logits.append(index == predicted ? sure : other)
      }
    }
    return Predictions(
      logits: logits, labels: labels, confusion: [], classNames: (0..<classCount).map { "class \($0)" })
  }

  /// A run with the metrics of its predictions.
  static func run(_ variant: String, _ seed: UInt64, _ predictions: Predictions, data: String = "signs") -> Run {
    let configuration: JSONValue = ["dataset": ["name": .string(data), "train_limit": .integer(variant.count)]]
    var run = Run(
      identity: RunIdentity(hash: ContentHash(of: "\(variant) \(seed)")), configuration: configuration,
      dataHash: ContentHash(of: "data"), seed: seed, plannedEpochs: 10)
    run.state = .completed
    run.completedEpochs = 10
    run.testImageCount = predictions.labels.count
    var accumulated = ClassificationAccumulator(classCount: predictions.classNames.count, keepsLogits: true)
    accumulated.add(logits: predictions.logits, labels: predictions.labels.map { Int32($0) })
    for (name, value) in MetricCatalog.metrics(of: accumulated, for: .finalEvaluation) {
      run.metrics[MetricName.test(name.key)] = value
    }
    run.metrics["images_per_second"] = 1000 + Double(seed)
    return run
  }

  /// The predictions of all runs for a metric.
  func tested(_ metric: String = "test_accuracy") -> TestPredictions? {
    var tested = TestPredictions(metric: metric)
    for run in sweep.runs { predictions[run.identity].map { tested?.add($0, of: run) } }
    return tested
  }

  /// The analysis with its images.
  func analysis(_ options: AnalysisOptions = .init(), metric: String = "test_accuracy") throws -> SweepAnalysis {
    var options = options
    options.metric = metric
    var analysis = try SweepAnalysis(sweep, options: options)
    if let tested = tested(metric) { try analysis.consider(tested) }
    return analysis
  }

  /// Replaces the predictions of a run, and its metrics unless it keeps them.
  mutating func replace(_ variant: Int, _ seed: Int, _ stored: Predictions?, keepsMetrics: Bool = false) {
    let old = sweep.variants[variant].runs[seed]
    predictions[old.identity] = stored
    guard let stored, !keepsMetrics else { return }
    sweep.variants[variant].runs[seed] = ImageSample.run(sweep.variants[variant].label, old.seed, stored)
  }
}
