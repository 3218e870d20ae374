import LabCore

/// Compares two variants by what they predict, with the test images taken for a sample as the seeds are.
///
/// Test images are drawn with replacement, and all runs keep their predictions: a resample is a number of times that each
/// image counts. Draws come from a counter-based stream, so that the same predictions give the same result on any number
/// of threads. ``CrossedDifference`` says how the seeds come in.
public struct CrossedBootstrap: Sendable {
  /// What is compared.
  public enum Statistic: Sendable, Hashable {
    /// The share of correct predictions.
    case accuracy
    /// The mean F1 score of the classes that are among the labels or the predictions.
    case macroF1
    /// The expected calibration error.
    case calibrationError(CalibrationEstimator)
  }

  /// The number of resamples.
  public var resampleCount: Int
  /// The stream that draws them.
  public var stream: RandomStream

  /// Creates a bootstrap.
  public init(resampleCount: Int = 2_000, stream: RandomStream = RandomStream(seed: 0, name: "crossed bootstrap")) {
    precondition(resampleCount > 1, "a variance needs at least two resamples")
    self.resampleCount = resampleCount
    self.stream = stream
  }

  /// Compares two variants.
  ///
  /// - Parameters:
  ///   - predictions: the predictions of both, by seed.
  ///   - statistic: what is compared.
  ///   - seedError: what a model of more variants knows of the spread over seeds, as a share like the statistic; else the
  ///     two variants' own seeds tell.
  ///   - progress: is told, from any thread, how many more resamples are done.
  public func difference(
    of predictions: MatchedPredictions, in statistic: Statistic, seedError: CrossedDifference.SeedError? = nil,
    progress: @Sendable (_ count: Int) -> Void = { _ in }
  ) -> CrossedDifference {
    if case .accuracy = statistic {
      return accuracyDifference(of: predictions, seedError: seedError, progress: progress)
    }
    let seeds = predictions.pairs.count
    let sample = RunSample(
      runs: predictions.pairs.flatMap { [$0.treatment, $0.reference] }, labels: predictions.labels,
      classCount: predictions.classCount)
    let (observed, draws) = sample.values(of: statistic, count: resampleCount, stream: stream, progress: progress)
    let images = Double(predictions.imageCount)
    func difference(_ row: Int, _ seed: Int) -> Double {
      draws[2 * (row * seeds + seed)] - draws[2 * (row * seeds + seed) + 1]
    }
    return CrossedDifference(
      seedDifferences: (0..<seeds).map { observed[2 * $0] - observed[2 * $0 + 1] }, imageCount: predictions.imageCount,
      covariance: ImageCovariance(
        rows: resampleCount, seeds: seeds, scale: images / max(images - 1, 1), value: difference),
      draws: (0..<resampleCount).map { row in (0..<seeds).reduce(0) { $0 + difference(row, $1) } / Double(seeds) },
      seedError: seedError)
  }

  /// Compares two variants by a score that each image has, such as its log loss.
  ///
  /// - Parameters:
  ///   - scores: treatment minus reference, an array of all images a seed.
  ///   - seedError: what a model of more variants knows of the spread over seeds.
  ///   - progress: is told, from any thread, how many more resamples are done.
  /// - Returns: nil without seeds or images, and where seeds differ in the number of their images.
  public func difference(
    ofScores scores: [[Double]], seedError: CrossedDifference.SeedError? = nil,
    progress: @Sendable (_ count: Int) -> Void = { _ in }
  ) -> CrossedDifference? {
    guard let images = scores.first?.count, images > 0, scores.allSatisfy({ $0.count == images }) else { return nil }
    let resampling = ImageResampling(count: resampleCount, stream: stream, imageCount: images)
    return difference(
      resampling, unitScores: (0..<images).flatMap { image in scores.map { $0[image] } }, seeds: scores.count,
      seedError: seedError, progress: progress)
  }

  private func accuracyDifference(
    of predictions: MatchedPredictions, seedError: CrossedDifference.SeedError?, progress: @Sendable (Int) -> Void
  ) -> CrossedDifference {
    let differences = predictions.correctnessDifferences
    // Most images are the same to all runs, so a few patterns stand for all.
    let (resampling, patterns) = ImageResampling.grouped(
      by: predictions.labels.indices.map { image in differences.map { $0[image] } }, count: resampleCount,
      stream: stream)
    return difference(
      resampling, unitScores: patterns.flatMap { $0.map(Double.init) }, seeds: differences.count, seedError: seedError,
      progress: progress)
  }

  /// Compares mean scores, whose covariances over the images need no resamples.
  ///
  /// - Parameter unitScores: the differences of each unit, a row of seeds each.
  private func difference(
    _ resampling: ImageResampling, unitScores: [Double], seeds: Int, seedError: CrossedDifference.SeedError?,
    progress: @Sendable (Int) -> Void
  ) -> CrossedDifference {
    let images = resampling.units.count
    let (observed, draws) = resampling.values(seeds, progress: progress) { weights, values in
      values.update(repeating: 0)
      unitScores.withUnsafeBufferPointer { scores in
        for unit in weights.indices where weights[unit] > 0 {
          let weight = Double(weights[unit])
          for seed in 0..<seeds { values[seed] += weight * scores[unit * seeds + seed] }
        }
      }
      for seed in 0..<seeds { values[seed] /= Double(images) }
    }
    return CrossedDifference(
      seedDifferences: observed, imageCount: images,
      covariance: ImageCovariance(rows: images, seeds: seeds, scale: 1 / Double(images)) { image, seed in
        unitScores[Int(resampling.units[image]) * seeds + seed]
      },
      draws: (0..<resampleCount).map { draw in
        (0..<seeds).reduce(0) { $0 + draws[draw * seeds + $1] } / Double(seeds)
      },
      seedError: seedError)
  }
}
