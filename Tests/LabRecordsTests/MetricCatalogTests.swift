import Foundation
import LabCore
import LabRecords
import LabStats
import Testing

/// What every metric of the catalog keeps to, whoever added it.
@Suite struct MetricCatalogTests {
  private static let computed = MetricCatalog.registry.entries.filter { $0.occasion != nil }.map(\.name)

  /// Predictions of some images, better than chance, some classes without images.
  private struct Sample {
    var classCount: Int
    var logits: [Float] = []
    var labels: [Int32] = []

    init(classCount: Int, images: Int, seed: UInt64) {
      self.classCount = classCount
      let stream = RandomStream(seed: seed, name: "predictions")
      for image in 0..<images {
        let label = stream.integer(below: max(1, classCount - classCount / 4), 0, UInt64(image))
        labels.append(Int32(label))
        logits += (0..<classCount).map { index in
          3 * stream.uniform(UInt64(index + 1), UInt64(image)) + (index == label ? 1.2 : 0)
        }
      }
    }

    func accumulator(order: [Int]? = nil) -> ClassificationAccumulator {
      var accumulator = ClassificationAccumulator(classCount: classCount, keepsLogits: true)
      for row in order ?? Array(labels.indices) {
        accumulator.add(
          logits: Array(logits[(row * classCount)..<((row + 1) * classCount)]), labels: [labels[row]])
      }
      return accumulator
    }

    /// The same labels with certain, right predictions.
    var perfect: ClassificationAccumulator {
      var sample = self
      for (row, label) in labels.enumerated() {
        for index in 0..<classCount { sample.logits[row * classCount + index] = index == Int(label) ? 60 : -60 }
      }
      return sample.accumulator()
    }
  }

  private static let samples = [
    Sample(classCount: 2, images: 40, seed: 1), Sample(classCount: 7, images: 90, seed: 2),
    Sample(classCount: 43, images: 200, seed: 3), Sample(classCount: 3, images: 1, seed: 4),
  ]

  @Test func namesAndTextsAreInOrder() {
    for metric in MetricCatalog.registry.entries {
      #expect(metric.name.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil, "\(metric.name)")
      #expect(!metric.title.isEmpty && !metric.summary.isEmpty && metric.summary.last != ".", "\(metric.name)")
      #expect(MetricName.test(metric.name).split == "test" && MetricName.test(metric.name).base == metric.name)
      #expect(MetricName(metric.name).split == nil, "\(metric.name) is taken for one of a split")
      #expect(metric.decimals.map { $0 >= 0 } ?? true)
    }
    #expect(Self.computed.count > 10)
  }

  @Test(arguments: computed)
  func valuesLieInTheirRangeAndPerfectOnesAreTheBest(_ name: String) throws {
    let metric = try #require(MetricCatalog.metric(named: name))
    let range = try #require(metric.range)
    #expect(metric.direction != .neutral, "a metric of predictions says which way is better")
    for sample in Self.samples {
      let accumulator = sample.accumulator()
      guard let value = metric.value(of: accumulator) else {
        #expect(sample.labels.count == 1, "a value of several images of several classes is defined")
        continue
      }
      guard let best = metric.value(of: sample.perfect) else {
        #expect(sample.labels.count == 1, "chance alone is right of images of one class only")
        continue
      }
      #expect(range.contains(value) && range.contains(best), "\(value), \(best)")
      switch metric.direction {
      case .higherIsBetter: #expect(best >= value)
      case .lowerIsBetter: #expect(best <= value)
      case .neutral: break
      }
    }
  }

  @Test(arguments: computed)
  func theOrderOfImagesChangesNothing(_ name: String) throws {
    let metric = try #require(MetricCatalog.metric(named: name))
    for sample in Self.samples {
      let value = metric.value(of: sample.accumulator())
      let order = RandomStream(seed: 7, name: "order").permutation(count: sample.labels.count)
      let other = metric.value(of: sample.accumulator(order: order))
      #expect((value == nil) == (other == nil))
      if let value, let other { #expect(abs(value - other) <= 1e-13 * abs(value), "\(value), \(other)") }
      // Nor do parts that are put together.
      var parts = [ClassificationAccumulator](
        repeating: ClassificationAccumulator(classCount: sample.classCount, keepsLogits: true), count: 3)
      for (place, row) in order.enumerated() { parts[place % 3].merge(sample.accumulator(order: [row])) }
      for part in parts[1...] { parts[0].merge(part) }
      if let value, let merged = metric.value(of: parts[0]) { #expect(abs(value - merged) <= 1e-13 * abs(value)) }
    }
  }

  @Test(arguments: computed)
  func nothingIsSaidOfNoImages(_ name: String) throws {
    let metric = try #require(MetricCatalog.metric(named: name))
    #expect(metric.value(of: ClassificationAccumulator(classCount: 4, keepsLogits: true)) == nil)
  }

  @Test func valuesMatchScikitLearn() throws {
    let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/metrics.json")
    let cases = try #require(try JSONValue(parsing: String(contentsOf: url, encoding: .utf8)).arrayValue)
    #expect(cases.count == 6)
    for test in cases {
      let members = try #require(test.objectValue)
      var accumulator = ClassificationAccumulator(
        classCount: try #require(test["classes"]?.integerValue), keepsLogits: true)
      let logits = test["logits"]?.arrayValue ?? []
      let labels = test["labels"]?.arrayValue ?? []
      accumulator.add(
        logits: logits.compactMap(\.doubleValue).map { Float($0) },
        labels: labels.compactMap(\.integerValue).map { Int32($0) })
      let inputs: Set<String> = ["classes", "logits", "labels"]
      for name in members.keys where !inputs.contains(name) {
        let expected = try #require(members[name])
        let value = try #require(MetricCatalog.metric(named: name)).value(of: accumulator)
        if expected == .null {
          #expect(value == nil, "\(name) is not defined")
        } else {
          let expected = try #require(expected.doubleValue)
          #expect(abs(try #require(value) - expected) <= 1e-11 * abs(expected), "\(name)")
        }
      }
      let known = Set(members.keys)
      for metric in Self.computed where !metric.hasPrefix("top") { #expect(known.contains(metric), "\(metric)") }
    }
  }

  @Test func expensiveMetricsAreLeftToTheEnd() {
    let accumulator = Self.samples[1].accumulator()
    let often = MetricCatalog.metrics(of: accumulator, for: .everyEvaluation)
    let atTheEnd = MetricCatalog.metrics(of: accumulator, for: .finalEvaluation)
    #expect(
      often.names.map(\.key) == [
        "accuracy", "top5_accuracy", "macro_precision", "macro_recall", "macro_f1", "ece", "log_loss",
      ])
    #expect(often.allSatisfy { atTheEnd[$0.name] == $0.value })
    #expect(often["auroc"] == nil && atTheEnd["auroc"] != nil)
    // Without logits there is no area, and the rest is the same.
    var plain = ClassificationAccumulator(classCount: 7)
    plain.add(logits: Self.samples[1].logits, labels: Self.samples[1].labels)
    var expected = atTheEnd
    expected["auroc"] = nil
    #expect(MetricCatalog.metrics(of: plain, for: .finalEvaluation) == expected)
  }

  @Test func accuraciesOfAnyKAreKnown() throws {
    let accumulator = Self.samples[1].accumulator()
    let values = try (1...8).map { k in
      try #require(MetricCatalog.metric(named: "top\(k)_accuracy")).value(of: accumulator) ?? .nan
    }
    #expect(values == values.sorted() && values[6] == 1 && values[7] == 1)
    #expect(values[0] == accumulator.confusion.accuracy)
    #expect(MetricCatalog.metric(named: "top_12_accuracy")?.title == "top-12 accuracy")
    for name in ["top", "top0_accuracy", "topography", "top_accuracy", "topx_accuracy"] {
      #expect(MetricCatalog.metric(named: name) == nil, "\(name)")
    }
  }

  @Test func anotherPackagesMetricIsOneEntry() throws {
    // The catalog itself is in use by now, and would refuse it.
    let registry = Registry(copying: MetricCatalog.registry)
    let misses = Metric(
      "misses", title: "misses", direction: .lowerIsBetter, range: 0...Double.infinity, summary: "wrong images"
    ) { Double($0.count - $0.confusion.correct) }
    try registry.add(misses)
    #expect(registry.names == MetricCatalog.registry.names + ["misses"])
    #expect(throws: RegistryError.self) { try registry.add(misses) }
    #expect(throws: RegistryError.self) { try MetricCatalog.registry.add(misses) }
    #expect(misses.value(of: Self.samples[1].perfect) == 0 && misses.occasion == .finalEvaluation)
  }
}
