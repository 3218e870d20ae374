import Foundation
import LabCore
import LabStats
import Synchronization
import Testing

@Suite struct CrossedDifferenceTests {
  @Test func componentsMatchTheAnalysisOfVariance() throws {
    for expected in try fixture("chance")["crossed"]?.arrayValue ?? [] {
      let scores = expected["scores"]?.rows ?? []
      let difference = try #require(CrossedBootstrap(resampleCount: 50).difference(ofScores: scores))
      let components = try #require(difference.components)
      let reference = expected["components"]?.numbers ?? []
      #expect(isClose(difference.estimate, expected.number("estimate"), 1e-12))
      #expect(isClose(components.seeds, reference[0], 1e-9))
      #expect(isClose(components.images, reference[1], 1e-9))
      #expect(isClose(components.residual, reference[2], 1e-9))
      #expect(isClose(difference.imageStandardError, expected.number("image_error"), 1e-9))
      let interval = try #require(difference.seedInterval(level: 0.9))
      let ends = expected["seed_interval"]?.numbers ?? []
      #expect(isClose(interval.lower, ends[0], 1e-9) && isClose(interval.upper, ends[1], 1e-9))
      let shares = try #require(components.shares)
      #expect(isClose(shares.seeds + shares.images + shares.residual, 1))
    }
  }

  @Test func onlyWhatSeedsHaveInCommonIsAdded() throws {
    for expected in try fixture("chance")["crossed"]?.arrayValue ?? [] {
      let difference = try #require(
        CrossedBootstrap(resampleCount: 300).difference(ofScores: expected["scores"]?.rows ?? []))
      let seeds = try #require(difference.seedInterval())
      let images = difference.imageInterval().upper - difference.estimate
      let error = expected.number("image_error")
      let common = (expected["components"]?.numbers[1] ?? .nan) / Double(difference.imageCount)
      let distance = (seeds.halfWidth * seeds.halfWidth + common / (error * error) * images * images).squareRoot()
      #expect(isClose(difference.interval()?.upper, difference.estimate + distance, 1e-9))
    }
  }

  @Test func resamplesHaveTheErrorOfTheFormula() throws {
    for expected in try fixture("chance")["crossed"]?.arrayValue ?? [] {
      let scores = expected["scores"]?.rows ?? []
      let difference = try #require(CrossedBootstrap(resampleCount: 4_000).difference(ofScores: scores))
      let images = Double(difference.imageCount)
      // A bootstrap divides by n, the formula by n − 1; a percentile interval of 68.27 % is about one error to each side.
      let error = expected.number("image_error") * ((images - 1) / images).squareRoot()
      #expect(isClose(difference.imageInterval(level: 0.6827).halfWidth, error, 0.06))
    }
  }

  @Test func macroF1MatchesScikitLearn() throws {
    let runs = try #require(fixture("chance")["runs"])
    let predictions = try #require(matchedPredictions(runs, classCount: 4))
    let bootstrap = CrossedBootstrap(resampleCount: 4_000)
    let difference = bootstrap.difference(of: predictions, in: .macroF1)
    for (actual, expected) in zip(difference.seedDifferences, runs["macro_f1"]?.numbers ?? []) {
      #expect(isClose(actual, expected))
    }
    #expect(difference.seedDifferences.count == 3)
    let error = runs.number("macro_f1_error")
    #expect(isClose(difference.imageStandardError, error, 0.05))
    let quantiles = runs["macro_f1_quantiles"]?.numbers ?? []
    let interval = difference.imageInterval()
    #expect(abs(interval.lower - difference.estimate - quantiles[0]) < 0.15 * error)
    #expect(abs(interval.upper - difference.estimate - quantiles[1]) < 0.15 * error)
    let accuracy = bootstrap.difference(of: predictions, in: .accuracy)
    for (actual, expected) in zip(accuracy.seedDifferences, runs["accuracy"]?.numbers ?? []) {
      #expect(isClose(actual, expected))
    }
  }

  @Test func accuracyIsAScoreOfEachImage() throws {
    let predictions = try #require(matchedPredictions(fixture("chance")["runs"] ?? .null, classCount: 4))
    let scores = predictions.pairs.map { pair in
      predictions.labels.indices.map { image -> Double in
        let label = predictions.labels[image]
        return (pair.treatment.classes[image] == label ? 1 : 0) - (pair.reference.classes[image] == label ? 1 : 0)
      }
    }
    let bootstrap = CrossedBootstrap(resampleCount: 4_000)
    let expected = try #require(bootstrap.difference(ofScores: scores))
    let actual = bootstrap.difference(of: predictions, in: .accuracy)
    #expect(isClose(actual.estimate, expected.estimate))
    #expect(isClose(actual.components?.images, expected.components?.images ?? .nan, 1e-9))
    #expect(isClose(actual.imageStandardError, expected.imageStandardError, 1e-9))
    // All resamples of 60 images and 3 seeds, on a lattice of 1/180, beside some thousand of them.
    let intervals = try (#require(actual.interval()), #require(expected.interval()))
    #expect(abs(intervals.0.lower - intervals.1.lower) < 1.5 / 180)
    #expect(abs(intervals.0.upper - intervals.1.upper) < 1.5 / 180)
  }

  @Test func anotherDrawOnlyWidens() throws {
    for expected in try fixture("chance")["crossed"]?.arrayValue ?? [] {
      let difference = try #require(
        CrossedBootstrap(resampleCount: 300).difference(ofScores: expected["scores"]?.rows ?? []))
      let (seeds, both) = try (#require(difference.seedInterval()), #require(difference.interval()))
      #expect(both.lower <= seeds.lower && both.upper >= seeds.upper)
    }
  }

  @Test func imagesInCommonUndoWhatSeedsAgreeOn() throws {
    // All seeds gain nearly the same, on one image in ten: another ten images may have none of the kind.
    let scores = [0.0, 0.01, 0.02].map { shift in (0..<20).map { $0 < 2 ? 1 + shift : 0 } }
    let difference = try #require(CrossedBootstrap(resampleCount: 500).difference(ofScores: scores))
    #expect(difference.seedInterval()?.contains(0) == false)
    #expect(difference.survivesAnotherDraw() == false)
    let certain = try #require(
      CrossedBootstrap(resampleCount: 500).difference(ofScores: scores.map { $0.map { $0 / 10 + 1 } }))
    #expect(certain.survivesAnotherDraw() == true)
    let none = try #require(CrossedBootstrap(resampleCount: 500).difference(ofScores: [[1, 0], [-1, 0], [0, 0]]))
    #expect(none.survivesAnotherDraw() == nil)
  }

  @Test func oneSeedNeedsAnErrorFromElsewhere() throws {
    let bootstrap = CrossedBootstrap(resampleCount: 400)
    let scores = [[0.2, 0.4, 0.1, 0.5, 0.3, 0.3]]
    let alone = try #require(bootstrap.difference(ofScores: scores))
    #expect(alone.components == nil && alone.interval() == nil && alone.seedInterval() == nil)
    #expect(!alone.imageInterval().contains(0))
    let informed = try #require(
      bootstrap.difference(ofScores: scores, seedError: .init(standardError: 0.05, degreesOfFreedom: 22)))
    let (seeds, both) = try (#require(informed.seedInterval()), #require(informed.interval()))
    #expect(isClose(seeds.halfWidth, 0.05 * StudentT(degreesOfFreedom: 22).criticalValue(level: 0.95)))
    #expect(both.halfWidth > seeds.halfWidth)
  }

  @Test func sameStreamSameResult() throws {
    let predictions = try #require(matchedPredictions(fixture("chance")["runs"] ?? .null, classCount: 4))
    let first = CrossedBootstrap(resampleCount: 100).difference(of: predictions, in: .macroF1)
    #expect(first == CrossedBootstrap(resampleCount: 100).difference(of: predictions, in: .macroF1))
    let other = CrossedBootstrap(resampleCount: 100, stream: RandomStream(seed: 1, name: "crossed bootstrap"))
    #expect(first != other.difference(of: predictions, in: .macroF1))
  }

  @Test func progressAddsUp() throws {
    let done = Mutex(0)
    _ = CrossedBootstrap(resampleCount: 100).difference(ofScores: [[1, 2], [3, 4]]) { count in
      done.withLock { $0 += count }
    }
    #expect(done.withLock { $0 } == 100)
  }

  @Test func predictionsThatDoNotMatchAreNone() {
    let two = ImagePredictions(classes: [0, 1], confidences: [0.5, 0.5])
    let three = ImagePredictions(classes: [0, 1, 2], confidences: [0.5, 0.5, 1])
    #expect(MatchedPredictions(labels: [0, 1], classCount: 2, treatment: [1: two], reference: [2: two]) == nil)
    #expect(MatchedPredictions(labels: [0, 1], classCount: 2, treatment: [1: two], reference: [1: three]) == nil)
    #expect(MatchedPredictions(labels: [0, 2], classCount: 2, treatment: [1: two], reference: [1: two]) == nil)
    let matched = MatchedPredictions(
      labels: [0, 1], classCount: 2, treatment: [2: two, 1: two], reference: [1: two, 2: two, 3: two])
    #expect(matched?.pairs.map(\.seed) == [1, 2])
    #expect(CrossedBootstrap().difference(ofScores: [[1], [1, 2]]) == nil)
    #expect(CrossedBootstrap().difference(ofScores: []) == nil)
  }

  @Test func logitsAreReadAsTheAccumulatorReadsThem() {
    let logits: [Float] = [1, 3, 3, 0.5, 0.25, -1, .nan, 2, 1]
    let labels: [Int32] = [1, 0, 0]
    let predictions = ImagePredictions(logits: logits, classCount: 3)
    #expect(predictions.classes == [1, 0, 0])
    var accumulator = ClassificationAccumulator(classCount: 3)
    accumulator.add(logits: logits, labels: labels)
    let estimated = CalibrationEstimator.equalWidth(binCount: 15).value(
      confidences: predictions.confidences, isCorrect: zip(predictions.classes, labels).map { $0 == $1 })
    #expect(isClose(estimated, accumulator.calibration.expectedCalibrationError))
  }

  @Test(arguments: [3, 5]) func intervalsCoverOverSeedsAndImages(seeds: Int) {
    // Images are right or wrong by a normal threshold, with seeds, images and both as sources of chance.
    let simulation = Simulation("crossed coverage")
    let images = 60
    let coverage = Simulation.share(of: 250) { repetition in
      let ofImages = simulation.normals(images, repetition: repetition)
      let ofSeeds = simulation.normals(seeds, repetition: repetition, 1)
      let scores = (0..<seeds).map { seed in
        let noise = simulation.normals(images, repetition: repetition, 2 + seed)
        return (0..<images).map { 0.15 * ofSeeds[seed] + ofImages[$0] + noise[$0] > 0 ? 0.5 : -0.5 }
      }
      let difference = CrossedBootstrap(
        resampleCount: 100, stream: RandomStream(seed: UInt64(repetition), name: "coverage")
      ).difference(ofScores: scores)
      return difference?.interval()?.contains(0) == true
    }
    #expect(coverage > 0.93 && coverage < 0.995, "\(coverage)")
  }
}
