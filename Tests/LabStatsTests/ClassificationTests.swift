import Foundation
import LabCore
import LabStats
import Testing

@Suite struct ClassificationTests {
  private struct Case {
    var classCount: Int
    var logits: [Float]
    var labels: [Int32]
    var expected: JSONValue
  }

  private func cases() throws -> [Case] {
    try (fixture("classification").arrayValue ?? []).map { entry in
      Case(
        classCount: entry["classes"]?.integerValue ?? 0, logits: (entry["logits"]?.numbers ?? []).map(Float.init),
        labels: (entry["labels"]?.numbers ?? []).map(Int32.init), expected: entry)
    }
  }

  @Test func metricsMatchTheirDefinition() throws {
    let cases = try cases()
    #expect(cases.count == 3)
    for test in cases {
      var accumulator = ClassificationAccumulator(classCount: test.classCount)
      accumulator.add(logits: test.logits, labels: test.labels)
      let (confusion, expected) = (accumulator.confusion, test.expected)
      #expect(confusion.counts.map(Double.init) == expected["confusion"]?.numbers)
      #expect(confusion.rows.joined().elementsEqual(confusion.counts) && confusion.rows.count == test.classCount)
      #expect(accumulator.count == test.labels.count)
      #expect(isClose(confusion.accuracy, expected.number("accuracy")))
      #expect(accumulator.topKAccuracy(1) == confusion.accuracy)
      #expect(isClose(accumulator.topKAccuracy(3), expected.number("top3")))
      #expect(isClose(accumulator.logLoss, expected.number("log_loss")))
      #expect(isClose(accumulator.calibration.expectedCalibrationError, expected.number("ece"), 1e-10))
      for (average, name) in [(confusion.macroAverage, "macro"), (confusion.weightedAverage, "weighted")] {
        let values = expected[name]?.numbers ?? []
        #expect(isClose(average.precision, values[0]))
        #expect(isClose(average.recall, values[1]))
        #expect(isClose(average.f1, values[2]))
        #expect(average.support == test.labels.count)
      }
      for (index, metrics) in confusion.classMetrics.enumerated() {
        #expect(isClose(metrics.precision, expected["precision"]?.numbers[index] ?? .nan))
        #expect(isClose(metrics.recall, expected["recall"]?.numbers[index] ?? .nan))
        #expect(isClose(metrics.f1, expected["f1"]?.numbers[index] ?? .nan))
        #expect(Double(metrics.support) == expected["support"]?.numbers[index])
      }
    }
  }

  @Test func orderAndBatchesDoNotMatter() throws {
    for test in try cases() {
      var whole = ClassificationAccumulator(classCount: test.classCount)
      whole.add(logits: test.logits, labels: test.labels)
      var parts = [ClassificationAccumulator](
        repeating: ClassificationAccumulator(classCount: test.classCount), count: 4)
      let order = RandomStream(seed: 1, name: "order").permutation(count: test.labels.count)
      for (position, row) in order.enumerated() {
        let range = (row * test.classCount)..<((row + 1) * test.classCount)
        parts[position % 4].add(logits: Array(test.logits[range]), labels: [test.labels[row]])
      }
      var merged = parts[0]
      for part in parts[1...] { merged.merge(part) }
      #expect(merged.confusion == whole.confusion)
      #expect(merged.rankCounts == whole.rankCounts)
      #expect(isClose(merged.brierScore, whole.brierScore ?? .nan, 1e-15))
      #expect(isClose(merged.logLoss, whole.logLoss ?? .nan, 1e-15))
      #expect(
        isClose(
          merged.calibration.expectedCalibrationError, whole.calibration.expectedCalibrationError, 1e-13))
    }
  }

  @Test func renamingTheClassesPermutesTheirMetrics() throws {
    let test = try #require(cases().first)
    let permutation = [2, 0, 1]
    var original = ClassificationAccumulator(classCount: 3)
    original.add(logits: test.logits, labels: test.labels)
    var renamed = ClassificationAccumulator(classCount: 3)
    for (row, label) in test.labels.enumerated() {
      var logits = [Float](repeating: 0, count: 3)
      for index in 0..<3 { logits[permutation[index]] = test.logits[row * 3 + index] }
      renamed.add(logits: logits, labels: [Int32(permutation[Int(label)])])
    }
    let (first, second) = (original.confusion, renamed.confusion)
    for index in 0..<3 { #expect(first.classMetrics[index] == second.classMetrics[permutation[index]]) }
    #expect(isClose(first.macroAverage.f1, second.macroAverage.f1, 1e-15))
    #expect(first.accuracy == second.accuracy)
  }

  @Test func equalLogitsGoToTheFirstClass() throws {
    var accumulator = ClassificationAccumulator(classCount: 4)
    accumulator.add(logits: [0, 0, 0, 0, 0, 0, 0, 0], labels: [0, 1])
    #expect(accumulator.confusion[label: 1, prediction: 0] == 1)
    #expect(accumulator.topKAccuracy(1) == 0.5 && accumulator.topKAccuracy(2) == 1)
    #expect(isClose(accumulator.logLoss, log(4)))
    #expect(isClose(accumulator.brierScore, 0.75))
  }

  @Test func topKBeyondTheClassesIsCertain() throws {
    var accumulator = ClassificationAccumulator(classCount: 3)
    accumulator.add(logits: [1, 2, 3], labels: [0])
    #expect(accumulator.topKAccuracy(5) == 1)
  }

  @Test func largeLogitsDoNotOverflow() throws {
    var accumulator = ClassificationAccumulator(classCount: 2)
    accumulator.add(logits: [3e38, 0], labels: [0])
    #expect(accumulator.logLoss == 0 && accumulator.brierScore == 0)
    accumulator.add(logits: [1000, 0], labels: [1])
    #expect(accumulator.logLoss == 500 && accumulator.brierScore == 1)
  }

  @Test func undefinedLogitsAreNeverAHit() throws {
    var accumulator = ClassificationAccumulator(classCount: 3)
    accumulator.add(logits: [0, .nan, 5], labels: [2])
    #expect(accumulator.confusion[label: 2, prediction: 1] == 1)
    #expect(accumulator.topKAccuracy(1) == 0 && accumulator.topKAccuracy(2) == 1)
    #expect(accumulator.logLoss?.isNaN == true)
    #expect(accumulator.brierScore?.isNaN == true)
    #expect(accumulator.calibration.expectedCalibrationError == 1)
  }

  @Test func nothingAddedNoMetrics() {
    #expect(ClassificationAccumulator(classCount: 3).logLoss == nil)
    #expect(ClassificationAccumulator(classCount: 3).topKAccuracy(1) == nil)
    #expect(ConfusionMatrix(classCount: 2).accuracy == 0)
    #expect(ConfusionMatrix(classCount: 2).cohenKappa == nil && ConfusionMatrix(classCount: 2).worstRecall == nil)
    #expect(ConfusionMatrix(classCount: 2).macroAverage.f1 == 0)
    #expect(CalibrationBins().expectedCalibrationError == 0)
  }

  @Test func confidencesOnABinsEdgeBelongBelow() {
    var bins = CalibrationBins(binCount: 4)
    for confidence in [0, 0.25, 0.26, 0.5, 1.0] { bins.add(confidence: confidence, isCorrect: true) }
    #expect(bins.bins.map(\.count) == [2, 2, 0, 1])
    #expect(bins.bins[2].accuracy == nil && bins.bins[2].meanConfidence == nil)
    #expect(bins.bins[1].meanConfidence == 0.38)
  }

  @Test func mostConfusedPairs() throws {
    let matrix = try ConfusionMatrix(classCount: 3, counts: [5, 2, 0, 4, 5, 2, 0, 0, 9])
    let pairs = matrix.mostConfused(limit: 2)
    #expect(pairs.map { [$0.label, $0.prediction, $0.count] } == [[1, 0, 4], [0, 1, 2]])
    #expect(matrix.mostConfused(limit: 10).count == 3)
    #expect(matrix.predicted(0) == 9 && matrix.support(1) == 11)
  }

  @Test func storedMatricesAreChecked() throws {
    let matrix = try ConfusionMatrix(classCount: 2, counts: [1, 2, 3, 4])
    let decoded = try JSONDecoder().decode(ConfusionMatrix.self, from: JSONEncoder().encode(matrix))
    #expect(decoded == matrix)
    #expect(throws: StatisticsError.self) { try ConfusionMatrix(classCount: 2, counts: [1, 2, 3]) }
    #expect(throws: StatisticsError.self) { try ConfusionMatrix(classCount: 2, counts: [1, 2, 3, -1]) }
    let error = StatisticsError.malformedConfusionMatrix(classCount: 2, counts: 3, reason: "the number differs")
    #expect(
      error.description
        == "a confusion matrix of 2 classes needs 4 counts of zero or more, but 3 were given: the number differs")
    #expect(throws: (any Error).self) {
      try JSONDecoder().decode(ConfusionMatrix.self, from: Data(#"{"class_count": 1, "counts": []}"#.utf8))
    }
  }

  @Test func areasWithoutAnythingToTellApart() {
    func area(_ labels: [Int32], _ logits: [Float] = [2, 0, 1, 0, 0, 0]) -> Double? {
      AreaUnderROC.macroOneAgainstRest(logits: logits, labels: labels, classCount: 2)
    }
    #expect(area([0, 0, 0]) == nil)
    #expect(area([0, 0, 1]) == 1)
    #expect(area([1, 0, 0]) == 0)
    #expect(area([0, 1, 0], [5, 5, 5, 5, 5, 5]) == 0.5)
    // Shifted rows have the same probabilities.
    #expect(area([0, 1, 0], [1, 3, 7, 9, 1, 3]) == 0.5)
    #expect(area([0, 1, 0], [.nan, 0, 1, 0, 1, 0])?.isNaN == true)
  }

  @Test func correctPredictionsAreCountedAlikeWithAndWithoutAnAccumulator() {
    let stream = RandomStream(seed: 3, name: "logits")
    let logits = (0..<600).map { Float(stream.integer(below: 7, UInt64($0))) }
    let labels = (0..<100).map { Int32(stream.integer(below: 6, UInt64(1000 + $0))) }
    var accumulator = ClassificationAccumulator(classCount: 6)
    accumulator.add(logits: logits, labels: labels)
    let count = logits.withUnsafeBufferPointer { logits in
      labels.withUnsafeBufferPointer {
        ClassificationAccumulator.correctCount(logits: logits, labels: $0, classCount: 6)
      }
    }
    #expect(count == accumulator.confusion.correct && count > 0 && count < 100)
  }
}
