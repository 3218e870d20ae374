import LabCore
import LabStats
import Testing

@Suite struct CalibrationTests {
  private static func cases() throws -> [JSONValue] {
    try fixture("chance")["calibration"]?["cases"]?.arrayValue ?? []
  }

  private func sample(_ expected: JSONValue) -> (confidences: [Double], isCorrect: [Bool]) {
    (expected["confidences"]?.numbers ?? [], expected["correct"]?.numbers.map { $0 == 1 } ?? [])
  }

  @Test func wilsonMatchesStatsmodels() throws {
    let rows = try fixture("chance")["calibration"]?["wilson"]?.rows ?? []
    #expect(rows.count == 5)
    for row in rows {
      let interval = ConfidenceInterval.wilson(successes: Int(row[0]), trials: Int(row[1]), level: row[2])
      #expect(abs(interval.lower - row[3]) < 1e-12 && isClose(interval.upper, row[4]))
    }
  }

  @Test func errorsMatchSciPy() throws {
    for expected in try CalibrationTests.cases() {
      let (confidences, isCorrect) = sample(expected)
      for (key, estimator) in [
        ("width", CalibrationEstimator.equalWidth(binCount: 15)), ("mass", .equalMass(binCount: 15)),
      ] {
        let reference = try #require(expected[key])
        #expect(
          isClose(estimator.value(confidences: confidences, isCorrect: isCorrect), reference.number("observed"), 1e-9))
        let error = CalibrationError(confidences: confidences, isCorrect: isCorrect, estimator: estimator)
        #expect(isClose(error.observed, reference.number("observed"), 1e-9))
        #expect(abs(error.corrected - reference.number("corrected")) < 1e-9)
        #expect(isClose(error.expectedByChance, reference.number("chance"), 1e-9))
        let ends = reference["interval"]?.numbers ?? []
        #expect(abs(error.interval().lower - ends[0]) < 1e-9 && abs(error.interval().upper - ends[1]) < 1e-9)
      }
      let debiased = CalibrationEstimator.debiased(binCount: 15).value(confidences: confidences, isCorrect: isCorrect)
      #expect(isClose(debiased, expected["mass"]?.number("debiased") ?? .nan, 1e-9))
    }
  }

  @Test func storedBinsSayTheSameAsPredictions() throws {
    for expected in try CalibrationTests.cases() {
      let (confidences, isCorrect) = sample(expected)
      var bins = CalibrationBins()
      for (confidence, isCorrect) in zip(confidences, isCorrect) {
        bins.add(confidence: confidence, isCorrect: isCorrect)
      }
      let ofPredictions = CalibrationError(
        confidences: confidences, isCorrect: isCorrect, estimator: .equalWidth(binCount: 15))
      #expect(isClose(CalibrationError(bins).interval().upper, ofPredictions.interval().upper, 1e-9))
      let points = expected["width"]?["points"]?.rows ?? []
      let curve = ReliabilityCurve(bins)
      #expect(curve.points.map { [Double($0.count), Double($0.correct)] } == points.map { Array($0.prefix(2)) })
      for (point, row) in zip(curve.points, points) {
        #expect(isClose(point.confidence, row[2], 1e-9) && point.interval().contains(point.accuracy))
        #expect(point.lowerEdge <= point.confidence && point.confidence <= point.upperEdge)
      }
      let equal = ReliabilityCurve(confidences: confidences, isCorrect: isCorrect)
      let rows = expected["mass"]?["points"]?.rows ?? []
      #expect(equal.points.map { [Double($0.count), Double($0.correct)] } == rows.map { Array($0.prefix(2)) })
    }
  }

  @Test func equalConfidencesStayTogether() {
    let confidences = [0.5, 0.5, 0.5, 0.5, 0.9, 0.9, 1, 1]
    let curve = ReliabilityCurve(confidences: confidences, isCorrect: confidences.map { $0 > 0.6 }, binCount: 4)
    #expect(curve.points.map(\.count) == [4, 2, 2])
  }

  @Test func differencesOfErrorsKnowBothChances() throws {
    // Two variants of the same predictions, of which one is too sure of itself.
    let simulation = Simulation("calibration")
    let labels = [Int32](repeating: 0, count: 400)
    func runs(_ shift: Double) -> [UInt64: ImagePredictions] {
      Dictionary(
        uniqueKeysWithValues: (0..<3).map { seed in
          let draws = simulation.normals(400, repetition: seed)
          let confidences = (0..<400).map { 0.55 + 0.4 * Double($0) / 400 }
          let classes = zip(draws, confidences).map {
            Int32($0 > StandardNormal().quantile($1 - shift) ? 1 : 0)
          }
          return (UInt64(seed), ImagePredictions(classes: classes, confidences: confidences))
        })
    }
    let predictions = try #require(
      MatchedPredictions(labels: labels, classCount: 2, treatment: runs(0.15), reference: runs(0)))
    let bootstrap = CrossedBootstrap(resampleCount: 200)
    let estimator = CalibrationEstimator.debiased(binCount: 5)
    let difference = bootstrap.difference(of: predictions, in: .calibrationError(estimator))
    for (actual, pair) in zip(difference.seedDifferences, predictions.pairs) {
      func error(_ run: ImagePredictions) -> Double {
        estimator.value(confidences: run.confidences, isCorrect: run.classes.map { $0 == 0 })
      }
      #expect(isClose(actual, error(pair.treatment) - error(pair.reference), 1e-9))
    }
    #expect(difference.estimate > 0.05 && difference.imageStandardError > 0.005)
    #expect(difference.imageInterval().contains(difference.estimate))
  }

  @Test(arguments: [0, 0.05]) func intervalsCoverSmallErrors(shift: Double) {
    let simulation = Simulation("calibration coverage")
    let images = 400
    let confidences = (0..<images).map { 0.55 + 0.4 * (Double($0) + 0.5) / Double(images) }
    let coverage = Simulation.share(of: 300) { repetition in
      let draws = simulation.normals(images, repetition: repetition)
      let isCorrect = zip(draws, confidences).map { StandardNormal().cumulativeProbability($0) < $1 - shift }
      return CalibrationError(confidences: confidences, isCorrect: isCorrect, estimator: .equalWidth(binCount: 10))
        .interval().contains(shift)
    }
    #expect(coverage > 0.9 && coverage < 0.99, "\(coverage)")
  }

  @Test func nothingIsCalibrated() {
    let empty = CalibrationError(CalibrationBins())
    #expect(empty.observed == 0 && empty.interval().upper == 0 && ReliabilityCurve(CalibrationBins()).points.isEmpty)
  }
}
