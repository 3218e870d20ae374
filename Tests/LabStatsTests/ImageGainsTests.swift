import LabCore
import LabStats
import Synchronization
import Testing

/// Images that are gained and lost, and comparisons of many variants with the same draws, against `make_images.py`.
@Suite struct ImageGainsTests {
  private func gains(_ expected: JSONValue) throws -> ImageGains {
    func runs(_ key: String) -> [[Bool]] { expected[key]?.rows.map { $0.map { $0 == 1 } } ?? [] }
    return try #require(ImageGains(zip(runs("treatment"), runs("reference")).map { ($0, $1) }))
  }

  @Test func intervalsMatchRepeatedConvolution() throws {
    let cases = try fixture("images")["gains"]?.arrayValue ?? []
    #expect(cases.count == 4)
    for expected in cases {
      let gains = try gains(expected)
      let error = expected["error"]?.numbers ?? []
      let difference = CrossedDifference(
        gains,
        seedError: error.isEmpty ? nil : .init(standardError: error[0], degreesOfFreedom: error[1]))
      #expect(isClose(difference.estimate, expected.number("estimate"), 1e-9))
      #expect(isClose(difference.imageStandardError, expected.number("image_error"), 1e-9))
      let shares = try #require(difference.components?.shares)
      for (actual, share) in zip([shares.seeds, shares.images, shares.residual], expected["shares"]?.numbers ?? []) {
        #expect(abs(actual - share) < 1e-9)
      }
      for row in expected["intervals"]?.rows ?? [] {
        let both = try #require(difference.interval(criticalValue: row[0], level: 0.95))
        let images = try #require(difference.imageInterval(criticalValue: row[0], level: 0.95))
        #expect(abs(both.lower - row[1]) < 1e-9 && abs(both.upper - row[2]) < 1e-9)
        #expect(abs(images.lower - row[3]) < 1e-9 && abs(images.upper - row[4]) < 1e-9)
        let moved = difference.centered(at: difference.estimate + 0.25)
        #expect(abs((moved.interval(criticalValue: row[0], level: 0.95)?.lower ?? .nan) - row[1] - 0.25) < 1e-9)
      }
      #expect(expected["intervals"]?.rows.count == 3)
    }
  }

  @Test func countsAndTestsMatchAllSigns() throws {
    for expected in try fixture("images")["gains"]?.arrayValue ?? [] {
      let gains = try gains(expected)
      #expect(gains.gained == expected["gained"]?.integers && gains.lost == expected["lost"]?.integers)
      let tests = McNemarBySeed(gains)
      #expect(isClose(tests.exactPValue, expected.number("exact"), 1e-9))
      #expect(isClose(tests.midPValue, expected.number("mid"), 1e-9))
      #expect(tests.netGain == gains.gained.reduce(0, +) - gains.lost.reduce(0, +))
    }
  }

  @Test func allResamplesAreWhatManyAre() throws {
    let expected = try #require(fixture("images")["gains"]?.arrayValue?.first)
    let exact = CrossedDifference(try gains(expected))
    let (treatment, reference) = (expected["treatment"]?.rows ?? [], expected["reference"]?.rows ?? [])
    let drawn = try #require(
      CrossedBootstrap(resampleCount: 4_000).difference(
        ofScores: zip(treatment, reference).map { zip($0, $1).map { $0 - $1 } }))
    for level in [0.6, 0.9, 0.95, 0.99] {
      // A lattice of whole images, and the chance of the draws.
      #expect(abs(exact.imageInterval(level: level).lower - drawn.imageInterval(level: level).lower) < 0.0025)
      #expect(abs(exact.imageInterval(level: level).upper - drawn.imageInterval(level: level).upper) < 0.0025)
    }
    #expect(isClose(exact.components?.images, drawn.components?.images ?? .nan, 1e-9))
  }

  @Test func tailsBeyondTheResamplesGoOnLikeNormalOnes() throws {
    let simulation = Simulation("tails")
    let scores = [simulation.normals(400, repetition: 0), simulation.normals(400, repetition: 1)]
    let error = CrossedDifference.SeedError(standardError: 1e-9, degreesOfFreedom: 1e6)
    let difference = try #require(CrossedBootstrap(resampleCount: 2_000).difference(ofScores: scores, seedError: error))
    for critical in [1.5, 2.5, 3, 3.5, 4.5] {
      let interval = try #require(difference.imageInterval(criticalValue: critical, level: 0.95))
      #expect(isClose(interval.halfWidth, critical * difference.imageStandardError, 0.08), "\(critical)")
    }
  }

  @Test func fewImagesThatAllSeedsGainDoNotSurvive() throws {
    // Two images of 400 whatever the seed: certain over seeds, and gone where a draw has neither.
    let reference = (0..<3).map { seed in (0..<400).map { $0 > 150 + seed } }
    let treatment = reference.enumerated().map { seed, run in
      run.enumerated().map { $1 || $0 < 2 || ($0 == 2 && seed == 0) }
    }
    let gains = try #require(ImageGains(zip(treatment, reference).map { ($0, $1) }))
    #expect(gains.gained == [3, 2, 2] && gains.lost == [0, 0, 0])
    let difference = CrossedDifference(gains)
    #expect(difference.seedInterval()?.contains(0) == false && difference.survivesAnotherDraw() == false)
  }

  @Test func differencesOfManyVariantsAreThoseOfTwo() throws {
    let runs = try #require(fixture("chance")["runs"])
    let predictions = try #require(matchedPredictions(runs, classCount: 4))
    let bootstrap = CrossedBootstrap(resampleCount: 300)
    let all = predictions.pairs.flatMap { [$0.treatment, $0.reference] }
    let done = Mutex(0)
    for statistic in [CrossedBootstrap.Statistic.accuracy, .macroF1, .calibrationError(.equalWidth(binCount: 15))] {
      let alone = bootstrap.difference(of: predictions, in: statistic)
      let error = CrossedDifference.SeedError(standardError: 0.01, degreesOfFreedom: 9)
      let together = bootstrap.differences(
        [.init(pairs: [(0, 1), (2, 3), (4, 5)]), .init(pairs: [(1, 0), (5, 4)], seedError: error)], of: all,
        labels: predictions.labels, classCount: 4, in: statistic
      ) { count in done.withLock { $0 += count } }
      #expect(together[0] == alone)
      #expect(together[1].seedDifferences == [0, 2].map { -alone.seedDifferences[$0] })
      #expect(together[1].seedError == error)
    }
    #expect(done.withLock { $0 } == 600)
  }

  @Test func scoresOfManyVariantsAreThoseOfTwo() throws {
    for expected in try fixture("chance")["crossed"]?.arrayValue ?? [] {
      let scores = expected["scores"]?.rows ?? []
      let bootstrap = CrossedBootstrap(resampleCount: 200)
      let alone = try #require(bootstrap.difference(ofScores: scores))
      // Half of a score is in either run.
      let halves = scores.flatMap { [$0.map { Float($0 / 2) }, $0.map { Float(-$0 / 2) }] }
      let together = bootstrap.differences(
        [.init(pairs: scores.indices.map { (2 * $0, 2 * $0 + 1) })], ofScores: halves)
      #expect(isClose(together[0].estimate, alone.estimate, 1e-6))
      #expect(isClose(together[0].interval()?.upper, alone.interval()?.upper ?? .nan, 1e-6))
      #expect(isClose(together[0].imageStandardError, expected.number("image_error"), 1e-6))
    }
  }

  @Test func runsThatDoNotMatchAreNone() {
    #expect(ImageGains([]) == nil && ImageGains([([], [])]) == nil)
    #expect(ImageGains([([true], [true, false])]) == nil)
    let same = ImageGains([([true, false], [true, false])])
    #expect(same.map { CrossedDifference($0).imageInterval().halfWidth } == 0)
    #expect(same.map { McNemarBySeed($0).exactPValue } == 1)
  }

  @Test func scoresAreThoseOfTheAccumulator() {
    let logits: [Float] = [1, 3, 3, 0.5, 0.25, -1, 2, 7, 1]
    let labels: [Int32] = [1, 2, 0]
    var accumulator = ClassificationAccumulator(classCount: 3)
    accumulator.add(logits: logits, labels: labels)
    let scores = logits.withUnsafeBufferPointer { logits in
      labels.indices.map { image in
        ImageScores(
          logits: UnsafeBufferPointer(rebasing: logits[(3 * image)..<(3 * image + 3)]), label: Int(labels[image]))
      }
    }
    #expect(scores.map(\.prediction) == [1, 0, 1] && scores.map(\.rank) == [0, 2, 1])
    #expect(isClose(scores.map(\.logLoss).compensatedSum() / 3, accumulator.logLoss ?? .nan))
    #expect(isClose(scores.map(\.brierScore).compensatedSum() / 3, accumulator.brierScore ?? .nan))
  }

  @Test func errorsOfSeveralRunsMatchSciPy() throws {
    let expected = try #require(fixture("images")["calibration"])
    let runs = zip(expected["confidences"]?.rows ?? [], expected["correct"]?.rows ?? []).map { confidences, correct in
      var bins = CalibrationBins()
      for (confidence, isCorrect) in zip(confidences, correct) {
        bins.add(confidence: confidence, isCorrect: isCorrect == 1)
      }
      return bins
    }
    #expect(runs.count == 3)
    let error = CalibrationError(runs)
    let ends = expected["interval"]?.numbers ?? []
    #expect(isClose(error.observed, expected.number("observed"), 1e-9))
    #expect(isClose(error.expectedByChance, expected.number("chance"), 1e-9))
    #expect(abs(error.corrected - expected.number("corrected")) < 1e-9)
    #expect(abs(error.interval().lower - ends[0]) < 1e-9 && abs(error.interval().upper - ends[1]) < 1e-9)
  }
}
