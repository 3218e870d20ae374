import Foundation

/// Which classes one variant recognizes better or worse than another, paired by seed and corrected for their number.
///
/// The spread over the seeds is that of each class, moderated by all classes (empirical Bayes). Simulated familywise errors of 5 %, for 10 classes of 1,000
/// test images: 2.9 % at 3 seeds, 2.9 % at 5 and 4.4 % at 10; where the seeds' own part of the variance differs between the
/// classes by a factor of 2.2 (one deviation) 4.1, 4.2 and 4.4 %, by one of 4 5.6, 5.0 and 4.1 %; the worst of 45 cases was
/// 6.4 % (10 classes of 100 images, 3 seeds, a factor of 4). Intervals are a third as long as those of each class's own
/// paired test at 3 seeds, whose error is below 5 %, too.
///
/// Where predictions are known, the chance of the test images comes in as in ``CrossedDifference``: a class has few. For
/// 10 classes of 100 images (500 repetitions of 6 cases at 3 and 5 seeds) a class's 95 % interval held in 95.0 to 95.7 %,
/// and the familywise error was 2.6 to 4.6 %. Confusion matrices alone make 8 to 74 % if other images are in question: what
/// they find holds for these images.
///
/// - Source: Holm, Scandinavian Journal of Statistics 6 (1979), for the p-values; the simultaneous intervals are
///   Bonferroni's.
public struct ClassComparison: Sendable, Hashable {
  /// What is compared of each class.
  public enum Measure: String, Sendable, Hashable, Codable, CaseIterable {
    /// The share of the class's images that were recognized.
    case recall
    /// The share of the images taken for the class that belong to it.
    case precision
    /// The harmonic mean of both.
    case f1
  }

  /// How one class changes.
  public struct Change: Sendable, Hashable {
    /// The treatment's mean over the seeds.
    public let treatmentMean: Double
    /// The reference's mean over the seeds.
    public let referenceMean: Double
    /// The standard error over the seeds; nil where no image of the class makes a difference.
    public let standardError: Double?
    /// The standard error over the test images of what the seeds have in common; 0 where predictions are not known.
    public let imageStandardError: Double
    /// The two-sided p-value, of the class alone; nil as the standard error.
    public let pValue: Double?
    /// The p-value by Holm's correction for the number of classes.
    public let adjustedPValue: Double?
    /// The interval of the class alone; nil as the standard error.
    public let interval: ConfidenceInterval?
    /// The interval that holds together with those of all classes.
    public let simultaneousInterval: ConfidenceInterval?

    /// Treatment minus reference.
    public var estimate: Double { treatmentMean - referenceMean }
  }

  /// What is compared.
  public let measure: Measure
  /// The confidence level.
  public let level: Double
  /// The number of seeds.
  public let seedCount: Int
  /// The degrees of freedom of the standard errors over the seeds.
  public let degreesOfFreedom: Double
  /// Whether the chance of the test images is in the p-values and intervals.
  public let includesImages: Bool
  /// The changes, a class each.
  public let changes: [Change]

  /// The classes that gain by their adjusted p-values.
  public var gained: [Int] { decided { $0.estimate > 0 } }

  /// The classes that lose by their adjusted p-values.
  public var lost: [Int] { decided { $0.estimate < 0 } }

  /// Compares by the test images' predictions.
  ///
  /// - Returns: nil below two seeds.
  public init?(_ predictions: MatchedPredictions, measure: Measure = .recall, level: Double = 0.95) {
    self.init(
      confusions: predictions.confusions, measure: measure, level: level,
      images: ClassCovariances(predictions, measure: measure))
  }

  /// Compares by confusion matrices, which know nothing of the chance of the test images.
  ///
  /// - Parameters:
  ///   - confusions: the matrices of both variants, a pair a seed.
  ///   - measure: what is compared.
  ///   - level: the confidence level, in (0, 1).
  /// - Returns: nil below two seeds, and for matrices of different classes.
  public init?(
    confusions: [(treatment: ConfusionMatrix, reference: ConfusionMatrix)], measure: Measure = .recall,
    level: Double = 0.95
  ) {
    self.init(confusions: confusions, measure: measure, level: level, images: nil)
  }

  private init?(
    confusions: [(treatment: ConfusionMatrix, reference: ConfusionMatrix)], measure: Measure, level: Double,
    images: ClassCovariances?
  ) {
    guard confusions.count > 1, let classCount = confusions.first?.treatment.classCount,
      confusions.allSatisfy({ $0.treatment.classCount == classCount && $0.reference.classCount == classCount })
    else { return nil }
    let seeds = Double(confusions.count)
    let treatment = confusions.map { ClassRatios($0.treatment, measure) }
    let reference = confusions.map { ClassRatios($0.reference, measure) }
    let summaries = (0..<classCount).map { index in
      SampleSummary(confusions.indices.map { treatment[$0].values[index] - reference[$0].values[index] })
    }
    let moderated = ModeratedVariances(
      summaries.map { summary in
        let deviation = summary?.standardDeviation ?? 0
        return deviation * deviation
      },
      scales: images?.ofOneSeed
        ?? (0..<classCount).map { index in
          (treatment + reference).reduce(0) { $0 + $1.binomialVariance(index) } / seeds
        },
      degreesOfFreedom: seeds - 1)
    let judgedCount = moderated.variances.lazy.compactMap { $0 }.count
    let errors = (0..<classCount).map { index in
      moderated.variances[index].map {
        CombinedError(
          ofSeeds: ($0 / seeds).squareRoot(), degreesOfFreedom: moderated.degreesOfFreedom,
          ofImages: max(0, images?.ofTwoSeeds[index] ?? 0).squareRoot())
      }
    }
    let pValues = (0..<classCount).map { index in errors[index]?.pValue(summaries[index]?.mean ?? 0) }
    let adjusted = HolmAdjustment.adjusted(pValues)
    func interval(_ index: Int, _ tail: Double) -> ConfidenceInterval? {
      guard let halfWidth = errors[index]?.halfWidth(tail: tail), let mean = summaries[index]?.mean else { return nil }
      return ConfidenceInterval(lower: mean - halfWidth, upper: mean + halfWidth, level: level)
    }
    self.measure = measure
    self.level = level
    seedCount = confusions.count
    degreesOfFreedom = moderated.degreesOfFreedom
    includesImages = images != nil
    changes = (0..<classCount).map { index in
      Change(
        treatmentMean: Bootstrap.mean(treatment.map { $0.values[index] }),
        referenceMean: Bootstrap.mean(reference.map { $0.values[index] }), standardError: errors[index]?.ofSeeds,
        imageStandardError: errors[index]?.ofImages ?? 0, pValue: pValues[index], adjustedPValue: adjusted[index],
        interval: interval(index, (1 - level) / 2),
        simultaneousInterval: interval(index, (1 - level) / 2 / Double(max(judgedCount, 1))))
    }
  }

  private func decided(_ holds: (Change) -> Bool) -> [Int] {
    changes.indices.filter { (changes[$0].adjustedPValue ?? 1) < 1 - level && holds(changes[$0]) }
  }
}

/// The error of a difference from seeds and images, whose distances add as squares.
private struct CombinedError {
  let ofSeeds: Double
  let degreesOfFreedom: Double
  let ofImages: Double

  /// Half the length of the interval with a probability beyond either end.
  func halfWidth(tail: Double) -> Double {
    let seeds = -StudentT(degreesOfFreedom: degreesOfFreedom).quantile(tail) * ofSeeds
    let images = -StandardNormal().quantile(tail) * ofImages
    return (seeds * seeds + images * images).squareRoot()
  }

  /// Twice the tail for which the interval just ends at zero.
  func pValue(_ estimate: Double) -> Double {
    let distance = abs(estimate)
    guard distance > 0 else { return 1 }
    if ofImages == 0 { return StudentT(degreesOfFreedom: degreesOfFreedom).twoSidedProbability(distance / ofSeeds) }
    // By the logarithm, so that small ones are as exact.
    var (lower, upper) = (-700.0, log(0.5))
    guard halfWidth(tail: exp(lower)) > distance else { return 0 }
    for _ in 0..<60 {
      let middle = (lower + upper) / 2
      if halfWidth(tail: exp(middle)) > distance { lower = middle } else { upper = middle }
    }
    return min(1, 2 * exp(upper))
  }
}
