import LabCore
import LabRecords
import LabStats

/// What the choice of the test images does to the comparisons of an analysis, beside the seeds.
///
/// Intervals of an analysis are over seeds, tested on the same images. Here other images are thought of as well: the seeds'
/// part stays as the analysis has it, with its standard error and critical value, and the images' part comes from their
/// resamples.
///
/// Every report has it for its own metric, since it costs little: of 36 runs on 10,000 images, accuracies take some
/// hundredths of a second, and other metrics, whose resamples are drawn, less than one of a single core.
public struct ImageChance: Sendable {
  /// What images say of one comparison.
  public struct Comparison: Sendable {
    /// The difference with both chances, about the estimate of the analysis.
    public let difference: CrossedDifference
    /// The seeds that it is from.
    public let seeds: [UInt64]
    /// The interval over seeds and images; nil where the analysis has none over seeds.
    public let interval: ConfidenceInterval?
    /// The interval over images, with these networks.
    public let imageInterval: ConfidenceInterval
    /// The images that are gained and lost; nil of metrics of which an image has a part that is neither.
    public let gains: ImageGains?
    /// McNemar's tests; nil as the images that are gained and lost.
    public let tests: McNemarBySeed?
    /// Whether the verdict is one about these test images that another draw of images may undo.
    public let holdsForTheseImagesOnly: Bool
  }

  /// The metric, as images have a part in it.
  public let statistic: ImageStatistic
  /// What there is of each comparison of the analysis, in their order; nil for those that are left out.
  public let comparisons: [Comparison?]
  /// What is left out and why, a sentence each.
  public let leftOut: [String]
  /// The number of resamples of the images; nil where all of them were worked out.
  public let resampleCount: Int?

  /// The number of resamples, where any are drawn.
  static let resamples = 2_000

  /// Considers the test images of an analysis.
  ///
  /// - Parameters:
  ///   - analysis: the analysis.
  ///   - predictions: what its runs predicted, for its metric.
  ///   - progress: is told, from any thread, the share of the work that is done.
  init(
    _ analysis: SweepAnalysis, _ predictions: TestPredictions, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) {
    statistic = predictions.statistic
    var pairings = [Pairing?]()
    var omissions = ImageOmissions(predictions.problems)
    for comparison in analysis.comparisons {
      pairings.append(
        Pairing(
          of: analysis.sweep.variants[comparison.variant], to: analysis.sweep.variants[comparison.reference],
          metric: analysis.metric.name, predictions, omissions: &omissions))
    }
    for pair in analysis.inestimable {
      omissions.add(analysis.label(pair.variant), analysis.label(pair.reference), "no chain of seeds connects them")
    }
    leftOut = omissions.sentences
    let crossed = ImageChance.differences(pairings, analysis.comparisons, predictions, progress: progress)
    resampleCount = predictions.statistic.isShareOfImages ? nil : ImageChance.resamples
    comparisons = zip(zip(pairings, analysis.comparisons), crossed).map { entry, difference in
      difference.flatMap { difference in
        entry.0.map { Comparison($0, entry.1, difference, predictions, analysis) }
      }
    }
  }

  /// Whether an interval over seeds and images no longer says what the one over seeds did.
  ///
  /// - Parameter interval: the interval; nil, where it is not known, undoes nothing.
  static func undoes(
    _ interval: ConfidenceInterval?, _ verdict: Verdict, smallestEffect: Double?, _ direction: Metric.Direction
  ) -> Bool {
    guard let interval, verdict != .undecided else { return false }
    return verdict
      != Verdict(
        interval: interval, smallestEffect: smallestEffect, higherIsBetter: direction == .higherIsBetter)
  }

  /// The differences with both chances, in the order of the comparisons.
  private static func differences(
    _ pairings: [Pairing?], _ comparisons: [SweepAnalysis.Comparison], _ predictions: TestPredictions,
    progress: @escaping @Sendable (Double) -> Void
  ) -> [CrossedDifference?] {
    var results = [CrossedDifference?](repeating: nil, count: pairings.count)
    if predictions.statistic.isShareOfImages {
      let steps = ProgressCount(total: pairings.count, progress)
      let found = Parallel.results(of: Array(zip(pairings, comparisons)), done: steps.add) { pairing, comparison in
        pairing?.gains(predictions).map { CrossedDifference($0, seedError: comparison.seedError) }
      }
      return found.map { (try? $0.get()) ?? nil }
    }
    let sets = Set(pairings.compactMap { $0?.imageSet }).sorted()
    let steps = ProgressCount(total: sets.count * resamples, progress)
    let bootstrap = CrossedBootstrap(resampleCount: resamples)
    for imageSet in sets {
      let members = pairings.indices.filter { pairings[$0]?.imageSet == imageSet }
      var places = [RunIdentity: Int]()
      var runs = [TestPredictions.Content]()
      func place(_ run: RunIdentity) -> Int? {
        if let place = places[run] { return place }
        guard let entry = predictions.entries[run] else { return nil }
        places[run] = runs.count
        runs.append(entry.content)
        return runs.count - 1
      }
      let asked = members.map { member in
        CrossedBootstrap.Comparison(
          pairs: (pairings[member]?.runs ?? []).compactMap { pair in
            place(pair.treatment).flatMap { treatment in place(pair.reference).map { (treatment, $0) } }
          }, seedError: comparisons[member].seedError)
      }
      let found = bootstrap.differences(
        asked, of: runs, predictions.imageSets[imageSet], predictions.statistic, progress: steps.add)
      for (member, difference) in zip(members, found) { results[member] = difference }
    }
    return results
  }
}

extension ImageChance.Comparison {
  fileprivate init(
    _ pairing: Pairing, _ comparison: SweepAnalysis.Comparison, _ difference: CrossedDifference,
    _ predictions: TestPredictions, _ analysis: SweepAnalysis
  ) {
    let centered = difference.centered(at: comparison.difference.mean)
    self.difference = centered
    seeds = pairing.runs.map(\.seed)
    gains = pairing.gains(predictions)
    tests = gains.map(McNemarBySeed.init)
    let level = analysis.options.confidenceLevel
    let ofSeeds = comparison.difference.interval
    // The critical value is that of the interval which is shown, of one side or two, by itself or in its family.
    let halfWidth = ofSeeds.map {
      $0.lower.isFinite ? comparison.difference.mean - $0.lower : $0.upper - comparison.difference.mean
    }
    let critical = halfWidth.flatMap { width in comparison.seedError.map { width / $0.standardError } }
    func open(_ interval: ConfidenceInterval) -> ConfidenceInterval {
      var interval = interval
      if ofSeeds?.lower.isFinite == false { interval.lower = -.infinity }
      if ofSeeds?.upper.isFinite == false { interval.upper = .infinity }
      return interval
    }
    interval = critical.flatMap { centered.interval(criticalValue: $0, level: level) }.map(open)
    imageInterval =
      critical.flatMap { centered.imageInterval(criticalValue: $0, level: level) }.map(open)
      ?? centered.imageInterval(level: level)
    holdsForTheseImagesOnly = ImageChance.undoes(
      interval, comparison.verdict, smallestEffect: analysis.smallestDifference, analysis.metric.direction)
  }
}

extension SweepAnalysis.Comparison {
  /// What the interval takes for the chance of the seeds; nil without one.
  fileprivate var seedError: CrossedDifference.SeedError? {
    guard difference.interval != nil, let error = difference.standardError, error > 0,
      let degrees = difference.degreesOfFreedom, degrees > 0
    else { return nil }
    return .init(standardError: error, degreesOfFreedom: degrees)
  }
}

extension CrossedBootstrap {
  /// The differences of runs in what was kept of them.
  fileprivate func differences(
    _ comparisons: [Comparison], of runs: [TestPredictions.Content], _ imageSet: TestPredictions.ImageSet,
    _ statistic: ImageStatistic, progress: @Sendable (Int) -> Void
  ) -> [CrossedDifference] {
    let scores = runs.compactMap { if case .scores(let scores) = $0 { scores } else { nil } }
    guard scores.isEmpty else { return differences(comparisons, ofScores: scores, progress: progress) }
    return differences(
      comparisons, of: runs.compactMap { if case .predictions(let run) = $0 { run } else { nil } },
      labels: imageSet.labels, classCount: imageSet.classNames.count,
      in: statistic == .macroF1 ? .macroF1 : .calibrationError(.equalWidth(binCount: 15)), progress: progress)
  }
}
