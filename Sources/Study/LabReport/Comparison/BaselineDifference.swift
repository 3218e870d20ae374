import LabRecords
import LabStats

/// How a row differs from the baseline in one metric.
public struct BaselineDifference: Sendable, Hashable {
  /// How a difference was judged.
  public enum Method: String, Sendable, Hashable {
    /// Interval and p-value of the model of variants and seeds, with the residual of all variants.
    case blocked = "blocked_t"
    /// The same with Dunnett's interval, which holds together with those of all other comparisons with the baseline.
    case dunnett = "blocked_dunnett"
    /// The same with Tukey's interval, which holds together with those of all other pairs.
    case tukey = "blocked_tukey"
    /// The same with an interval that holds together with those of its family, by the largest |t| of all.
    case largest = "blocked_max_t"
    /// As `blocked`, with variances of their own for variants whose runs vary more.
    case moderated = "moderated_t"
    /// As `dunnett`, with variances of their own for variants whose runs vary more.
    case moderatedDunnett = "moderated_dunnett"
    /// As `tukey`, with variances of their own for variants whose runs vary more.
    case moderatedTukey = "moderated_tukey"
    /// As `largest`, with variances of their own for variants whose runs vary more.
    case moderatedLargest = "moderated_max_t"
    /// Interval and p-value of Student's paired t-test.
    case pairedT = "paired_t"
    /// The paired t-test's p-value, with an interval that is wide enough for all comparisons to hold at once.
    case pairedBonferroni = "paired_t_bonferroni"
    /// The percentile bootstrap's interval of paired differences, with the paired t-test's p-value.
    case pairedPercentile = "paired_percentile_bootstrap"
    /// The accelerated bootstrap's interval of paired differences, with the paired t-test's p-value.
    case pairedAccelerated = "paired_bca_bootstrap"
    /// Interval and p-value of Welch's test of unrelated samples.
    case welch

    /// Whether the model of variants and seeds has judged.
    var isOfModel: Bool {
      switch self {
      case .blocked, .dunnett, .tukey, .largest: true
      case .moderated, .moderatedDunnett, .moderatedTukey, .moderatedLargest: true
      case .pairedT, .pairedBonferroni, .pairedPercentile, .pairedAccelerated, .welch: false
      }
    }

    /// Whether variants whose runs vary more have variances of their own.
    var isModerated: Bool { [.moderated, .moderatedDunnett, .moderatedTukey, .moderatedLargest].contains(self) }

    /// The same with variances of their own.
    fileprivate var withOwnVariances: Method {
      switch self {
      case .blocked: .moderated
      case .dunnett: .moderatedDunnett
      case .tukey: .moderatedTukey
      case .largest: .moderatedLargest
      default: self
      }
    }
  }

  /// The mean difference, row minus baseline.
  public var mean: Double
  /// Its interval; nil with a caveat.
  public var interval: ConfidenceInterval?
  /// The two-sided p-value; nil with a caveat.
  public var pValue: Double?
  /// The p-value that goes with a simultaneous interval; nil with a caveat and for intervals by themselves.
  public var simultaneousPValue: Double?
  /// The p-value adjusted by Holm's method for the number of comparisons; nil unless that was asked for.
  public var adjustedPValue: Double?
  /// How interval and p-value were computed; nil with a caveat.
  public var method: Method?
  /// The standard error by which the model of variants and seeds, or the paired t-test, judges; nil where other methods do,
  /// and with a caveat.
  public var standardError: Double?
  /// The degrees of freedom of the standard error; nil without one.
  public var degreesOfFreedom: Double?
  /// Cohen's d_z; nil of unpaired differences and with a caveat.
  public var cohenDz: Double?
  /// Hedges' g; nil of paired differences and with a caveat.
  public var hedgesG: Double?
  /// What keeps the difference from being judged; nil where nothing does.
  public var caveat: DifferenceCaveat?
  /// The number of matched pairs of runs; 0 where runs could not be paired.
  public var pairCount: Int
  /// The number of pairs in which the row has the greater value.
  public var greaterCount: Int
  /// The number of pairs in which the row has the smaller value.
  public var smallerCount: Int
  /// The row's mean over the pairs; nil of unpaired differences and of interactions.
  public var pairedMean: Double?
  /// The baseline's mean over the pairs; nil of unpaired differences and of interactions.
  public var pairedBaselineMean: Double?
  /// What a repetition is, as a note names it: `pair` or `seed`.
  var repetitionName = "pair"
  /// Whether no seed is shared, but other variants tell what the seeds do.
  var isEstimatedThroughOthers = false

  /// Whether the runs were paired.
  public var isPaired: Bool { pairCount > 0 }

  /// The number of pairs in which both have the same value.
  public var tiedCount: Int { pairCount - greaterCount - smallerCount }

  /// A comparison of the model of variants and seeds.
  ///
  /// - Parameters:
  ///   - comparison: the difference within its family.
  ///   - paired: the pairs that it rests on; nil where it is estimated through other variants only.
  ///   - family: how the family's intervals hold at once.
  ///   - isModerated: whether its standard error is not that of all runs alike.
  ///   - options: what was asked for.
  init(
    _ comparison: TreatmentComparison, _ paired: PairedDifference?, family: Method, isModerated: Bool,
    options: ReportOptions
  ) {
    mean = comparison.contrast.estimate
    pairCount = paired?.summary.count ?? 0
    greaterCount = paired?.differences.lazy.filter { $0 > 0 }.count ?? 0
    smallerCount = paired?.differences.lazy.filter { $0 < 0 }.count ?? 0
    pairedMean = paired?.treatmentMean
    pairedBaselineMean = paired?.referenceMean
    switch paired?.caveat {
    // Equal differences say little by themselves; the residual of the other variants says how much they can be trusted.
    case nil, .equalDifferences: break
    case .tooFewRepetitions(let count) where count > 1: break
    case let other: caveat = other
    }
    guard caveat == nil else {
      if let paired { mean = paired.mean }
      return
    }
    isEstimatedThroughOthers = paired == nil
    interval = options.coverage == .simultaneous ? comparison.interval : comparison.singleInterval
    pValue = comparison.pValue
    simultaneousPValue = options.coverage == .simultaneous ? comparison.adjustedPValue : nil
    cohenDz = paired?.caveat == nil ? paired?.cohenDz : nil
    let method = options.coverage == .simultaneous ? family : .blocked
    self.method = isModerated ? method.withOwnVariances : method
    standardError = comparison.contrast.standardError
    degreesOfFreedom = comparison.contrast.degreesOfFreedom
  }

  init(_ paired: PairedDifference, options: ReportOptions, familySize: Int = 1) {
    mean = paired.mean
    caveat = paired.caveat
    pairCount = paired.summary.count
    greaterCount = paired.differences.lazy.filter { $0 > 0 }.count
    smallerCount = paired.differences.lazy.filter { $0 < 0 }.count
    pairedMean = paired.treatmentMean
    pairedBaselineMean = paired.referenceMean
    guard caveat == nil else { return }
    // Bonferroni's inequality holds whatever the spread of each pair.
    let isFamily = options.coverage == .simultaneous && options.intervalMethod == .studentT && familySize > 1
    let level = isFamily ? 1 - (1 - options.confidenceLevel) / Double(familySize) : options.confidenceLevel
    interval = paired.interval(level: level, method: options.intervalMethod)
    interval?.level = options.confidenceLevel
    standardError = paired.summary.standardError
    degreesOfFreedom = Double(paired.summary.count - 1)
    pValue = paired.pValue
    simultaneousPValue = isFamily ? pValue.map { min(1, $0 * Double(familySize)) } : nil
    cohenDz = paired.cohenDz
    method =
      switch options.intervalMethod {
      case .studentT: isFamily ? .pairedBonferroni : .pairedT
      case .percentileBootstrap: .pairedPercentile
      case .acceleratedBootstrap: .pairedAccelerated
      }
  }

  init(_ unpaired: WelchDifference, options: ReportOptions) {
    mean = unpaired.mean
    caveat = unpaired.caveat
    pairCount = 0
    greaterCount = 0
    smallerCount = 0
    guard caveat == nil else { return }
    interval = unpaired.interval(level: options.confidenceLevel)
    pValue = unpaired.pValue
    hedgesG = unpaired.hedgesG
    method = .welch
  }

  init(_ effect: FactorEffect, options: ReportOptions, familySize: Int = 1) {
    self.init(effect.difference, options: options, familySize: familySize)
    count(effect)
  }

  /// An effect of the model of variants and seeds.
  ///
  /// - Parameters:
  ///   - comparison: the effect within its family.
  ///   - effect: the matched runs that it rests on; nil where there are none.
  ///   - family: how the family's intervals hold at once.
  ///   - isModerated: whether its standard error is not that of all runs alike.
  ///   - options: what was asked for.
  init(
    _ comparison: TreatmentComparison, _ effect: FactorEffect?, family: Method, isModerated: Bool,
    options: ReportOptions
  ) {
    self.init(comparison, effect?.difference, family: family, isModerated: isModerated, options: options)
    if let effect { count(effect) }
  }

  private mutating func count(_ effect: FactorEffect) {
    pairCount = effect.matchCount
    greaterCount = effect.positiveCount
    smallerCount = effect.negativeCount
    if effect.unit == .seed { repetitionName = "seed" }
  }

  /// The number of pairs in which the row is better.
  func betterCount(_ direction: Metric.Direction) -> Int? {
    switch direction {
    case .higherIsBetter: greaterCount
    case .lowerIsBetter: smallerCount
    case .neutral: nil
    }
  }

  /// Whether the interval lies on one side of zero, and if so which.
  func role(_ direction: Metric.Direction) -> Style.Role? {
    guard direction != .neutral, let interval, interval.lower > 0 || interval.upper < 0 else { return nil }
    return (interval.lower > 0) == (direction == .higherIsBetter) ? .better : .worse
  }

  /// What keeps the difference from being judged, as a note says it; nil where nothing does.
  func caveatText(_ metric: MetricDescription) -> String? {
    switch caveat {
    case nil: nil
    case .tooFewRepetitions(1): "1 \(repetitionName) is too few to judge by"
    case .tooFewRepetitions(let count): "\(count) \(repetitionName)s are too few to judge by"
    case .equalDifferences(let count):
      repetitionName == "pair"
        ? "all \(count) differences are equal; no spread to judge by"
        : "the differences of all \(count) \(repetitionName)s are equal; no spread to judge by"
    case .onlyTies(let count):
      if metric.unit == .percent, pairedMean == 0 || pairedMean == 1 {
        "all \(count) \(repetitionName)s tie at \(pairedMean == 0 ? "0" : "100") %, the bound of the metric, "
          + "which cannot tell them apart"
      } else {
        "all \(count) \(repetitionName)s tie exactly; no spread to judge by"
      }
    case .tooFewValues(let treatment, let reference):
      "\(treatment) and \(reference) runs without a shared seed are too few to judge by"
    case .samplesWithoutSpread(true, true): "neither its runs nor the baseline's have any spread to judge by"
    case .samplesWithoutSpread(true, _): "its runs are all equal; no spread to judge by"
    case .samplesWithoutSpread: "the baseline's runs are all equal; no spread to judge by"
    }
  }
}
