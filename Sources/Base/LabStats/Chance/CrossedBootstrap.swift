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

  /// Two variants that are compared.
  public struct Comparison: Sendable {
    /// The places of the runs among all runs, a pair a seed.
    public var pairs: [(treatment: Int, reference: Int)]
    /// What a model of more variants knows of the spread over seeds, as a share like the statistic; else the two variants'
    /// own seeds tell.
    public var seedError: CrossedDifference.SeedError?

    /// Creates a comparison of at least one pair.
    public init(pairs: [(treatment: Int, reference: Int)], seedError: CrossedDifference.SeedError? = nil) {
      precondition(!pairs.isEmpty, "a comparison needs a pair of runs")
      self.pairs = pairs
      self.seedError = seedError
    }
  }

  /// Compares two variants.
  ///
  /// - Parameters:
  ///   - predictions: the predictions of both, by seed.
  ///   - statistic: what is compared.
  ///   - seedError: what a model of more variants knows of the spread over seeds, as a share like the statistic; else the
  ///     two variants' own seeds tell.
  ///   - progress: is told, from any thread, how many more resamples are done; accuracies need none.
  public func difference(
    of predictions: MatchedPredictions, in statistic: Statistic, seedError: CrossedDifference.SeedError? = nil,
    progress: @Sendable (_ count: Int) -> Void = { _ in }
  ) -> CrossedDifference {
    let pairs = predictions.pairs.indices.map { (treatment: 2 * $0, reference: 2 * $0 + 1) }
    return differences(
      [.init(pairs: pairs, seedError: seedError)], of: predictions.pairs.flatMap { [$0.treatment, $0.reference] },
      labels: predictions.labels, classCount: predictions.classCount, in: statistic, progress: progress)[0]
  }

  /// Compares variants of one study with the same draws of the images.
  ///
  /// - Parameters:
  ///   - comparisons: what is compared.
  ///   - runs: the predictions of all runs, one an image, of classes that exist.
  ///   - labels: the true class of each image, of at least one.
  ///   - classCount: the number of classes.
  ///   - statistic: what is compared.
  ///   - progress: is told, from any thread, how many more resamples are done.
  /// - Returns: a difference a comparison.
  public func differences(
    _ comparisons: [Comparison], of runs: [ImagePredictions], labels: [Int32], classCount: Int, in statistic: Statistic,
    progress: @Sendable (_ count: Int) -> Void = { _ in }
  ) -> [CrossedDifference] {
    precondition(runs.allSatisfy { $0.classes.count == labels.count }, "there is a prediction an image")
    let sample = RunSample(runs: runs, labels: labels, classCount: classCount)
    guard let (observed, draws) = values(of: statistic, sample, progress) else {
      let isRight = runs.map { zip($0.classes, labels).map { $0 == $1 } }
      return comparisons.compactMap { comparison in
        ImageGains(comparison.pairs.map { (isRight[$0.treatment], isRight[$0.reference]) })
          .map { CrossedDifference($0, seedError: comparison.seedError) }
      }
    }
    return comparisons.map { difference($0, observed, draws, runCount: runs.count, imageCount: labels.count) }
  }

  /// Compares variants of one study by the mean of a score that each image has, with the same draws of the images.
  ///
  /// - Parameters:
  ///   - comparisons: what is compared.
  ///   - scores: the scores of all runs, one an image, of at least one image.
  ///   - progress: is told, from any thread, how many more resamples are done.
  /// - Returns: a difference a comparison.
  public func differences(
    _ comparisons: [Comparison], ofScores scores: [[Float]], progress: @Sendable (_ count: Int) -> Void = { _ in }
  ) -> [CrossedDifference] {
    let images = scores.first?.count ?? 0
    precondition(scores.allSatisfy { $0.count == images }, "there is a score an image")
    let runCount = scores.count
    var rows = [Float](repeating: 0, count: images * runCount)
    for (run, scores) in scores.enumerated() {
      for image in 0..<images { rows[image * runCount + run] = scores[image] }
    }
    let resampling = ImageResampling(count: resampleCount, stream: stream, imageCount: images)
    let table = rows
    let (observed, draws) = resampling.values(runCount, progress: progress) { weights, values in
      values.update(repeating: 0)
      table.withUnsafeBufferPointer { table in
        for image in weights.indices where weights[image] > 0 {
          let weight = Double(weights[image])
          for run in 0..<runCount { values[run] += weight * Double(table[image * runCount + run]) }
        }
      }
      for run in 0..<runCount { values[run] /= Double(images) }
    }
    return comparisons.map { comparison in
      difference(
        comparison, observed, draws, runCount: runCount, imageCount: images,
        covariance: ImageCovariance(rows: images, seeds: comparison.pairs.count, scale: 1 / Double(images)) {
          let pair = comparison.pairs[$1]
          return Double(rows[$0 * runCount + pair.treatment]) - Double(rows[$0 * runCount + pair.reference])
        })
    }
  }

  /// The difference of two variants from what the runs have, for the images and for every resample.
  ///
  /// - Parameter covariance: that of the images; nil leaves it to the resamples.
  private func difference(
    _ comparison: Comparison, _ observed: [Double], _ draws: [Double], runCount: Int, imageCount: Int,
    covariance: ImageCovariance? = nil
  ) -> CrossedDifference {
    let pairs = comparison.pairs
    let images = Double(imageCount)
    func difference(_ row: Int, _ seed: Int) -> Double {
      draws[row * runCount + pairs[seed].treatment] - draws[row * runCount + pairs[seed].reference]
    }
    return CrossedDifference(
      seedDifferences: pairs.map { observed[$0.treatment] - observed[$0.reference] }, imageCount: imageCount,
      covariance: covariance
        ?? ImageCovariance(
          rows: resampleCount, seeds: pairs.count, scale: images / max(images - 1, 1), value: difference),
      draws: (0..<resampleCount).map { row in
        pairs.indices.reduce(0) { $0 + difference(row, $1) } / Double(pairs.count)
      }, seedError: comparison.seedError)
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
    let seeds = scores.count
    let rows = (0..<images).flatMap { image in scores.map { $0[image] } }
    let resampling = ImageResampling(count: resampleCount, stream: stream, imageCount: images)
    let (observed, draws) = resampling.values(seeds, progress: progress) { weights, values in
      values.update(repeating: 0)
      rows.withUnsafeBufferPointer { rows in
        for image in weights.indices where weights[image] > 0 {
          let weight = Double(weights[image])
          for seed in 0..<seeds { values[seed] += weight * rows[image * seeds + seed] }
        }
      }
      for seed in 0..<seeds { values[seed] /= Double(images) }
    }
    return CrossedDifference(
      seedDifferences: observed, imageCount: images,
      covariance: ImageCovariance(rows: images, seeds: seeds, scale: 1 / Double(images)) { rows[$0 * seeds + $1] },
      draws: (0..<resampleCount).map { draw in
        (0..<seeds).reduce(0) { $0 + draws[draw * seeds + $1] } / Double(seeds)
      },
      seedError: seedError)
  }

  /// A statistic of each run, for the images and for every resample; nil for shares of images, which need none.
  private func values(
    of statistic: Statistic, _ sample: RunSample, _ progress: @Sendable (Int) -> Void
  ) -> (observed: [Double], draws: [Double])? {
    switch statistic {
    case .accuracy: nil
    case .macroF1: sample.macroF1(resampleCount, stream, progress)
    case .calibrationError(let estimator): sample.calibrationErrors(estimator, resampleCount, stream, progress)
    }
  }
}
