/// The difference between two treatments measured on the same units, such as seeds.
///
/// Whatever a unit does to both measurements (its data order, its share of the initialisation) cancels, so the
/// difference is known better than either value.
public struct PairedDifference: Sendable, Hashable {
  /// Treatment minus reference for each unit.
  public let differences: [Double]
  /// Size, centre and spread of the differences.
  public let summary: SampleSummary
  /// The treatment's mean over the shared units; nil where only the differences are known.
  public let treatmentMean: Double?
  /// The reference's mean over the shared units; nil where only the differences are known.
  public let referenceMean: Double?
  /// What is no more than the rounding of the measurements.
  private let resolution: Double

  /// Summarises differences; nil where there are none.
  public init?(differences: [Double]) {
    guard let summary = SampleSummary(differences) else { return nil }
    self.differences = differences
    self.summary = summary
    treatmentMean = nil
    referenceMean = nil
    resolution = 0
  }

  /// Summarises pairs of measurements; nil where there are none.
  ///
  /// - Parameters:
  ///   - pairs: the two measurements of each unit.
  ///   - magnitude: the largest of the numbers that the measurements were computed from, whose rounding they carry.
  public init?(pairs: [(treatment: Double, reference: Double)], magnitude: Double = 0) {
    let differences = pairs.map { $0.treatment - $0.reference }
    guard let summary = SampleSummary(differences) else { return nil }
    self.differences = differences
    self.summary = summary
    treatmentMean = SampleSummary(pairs.map(\.treatment))?.mean
    referenceMean = SampleSummary(pairs.map(\.reference))?.mean
    // 28/30 − 27/30 and 25/30 − 24/30 are the same share of 30, but not the same number; means over cells and
    // differences of differences round some more.
    resolution =
      16 * .ulpOfOne * pairs.reduce(magnitude) { max($0, abs($1.treatment), abs($1.reference)) }
  }

  /// Pairs two sets of measurements by their unit; nil where they share none.
  public init?<Unit: Hashable & Comparable>(treatment: [Unit: Double], reference: [Unit: Double]) {
    let shared = treatment.keys.filter { reference[$0] != nil }.sorted()
    self.init(
      pairs: shared.compactMap { unit in
        treatment[unit].flatMap { value in reference[unit].map { (treatment: value, reference: $0) } }
      })
  }

  /// The mean difference.
  public var mean: Double { summary.mean }

  /// Whether the differences vary by more than the rounding of the measurements.
  public var hasSpread: Bool { summary.maximum - summary.minimum > resolution }

  /// What keeps the difference from being judged; nil where nothing does.
  public var caveat: DifferenceCaveat? {
    if summary.count < DifferenceCaveat.smallestCount { return .tooFewRepetitions(summary.count) }
    if hasSpread { return nil }
    return max(abs(summary.minimum), abs(summary.maximum)) <= resolution
      ? .onlyTies(count: summary.count) : .equalDifferences(count: summary.count)
  }

  /// The mean difference in units of its standard error; nil for a single pair and for differences without spread.
  public var tStatistic: Double? {
    guard hasSpread, let standardError = summary.standardError else { return nil }
    return mean / standardError
  }

  /// The two-sided p-value of Student's paired test; nil for a single pair and for differences without spread.
  public var pValue: Double? {
    tStatistic.map { StudentT(degreesOfFreedom: Double(summary.count - 1)).twoSidedProbability($0) }
  }

  /// Cohen's d_z: the mean difference in units of the differences' standard deviation.
  ///
  /// Nil for a single pair and for differences without spread.
  public var cohenDz: Double? {
    guard hasSpread, let deviation = summary.standardDeviation else { return nil }
    return mean / deviation
  }

  /// The interval of the mean difference; nil for a single pair and for differences without spread.
  public func interval(level: Double = 0.95, method: IntervalMethod = .studentT) -> ConfidenceInterval? {
    guard hasSpread else { return nil }
    return switch method {
    case .studentT: summary.interval(level: level)
    case .percentileBootstrap: Bootstrap().percentileInterval(of: differences, level: level)
    case .acceleratedBootstrap: Bootstrap().acceleratedInterval(of: differences, level: level)
    }
  }
}
