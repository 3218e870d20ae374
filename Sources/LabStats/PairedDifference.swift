/// The difference between two treatments measured on the same units, such as seeds.
///
/// Whatever a unit does to both measurements (its data order, its share of the initialisation) cancels, so the
/// difference is known better than either value.
public struct PairedDifference: Sendable, Hashable {
  /// Treatment minus reference for each unit.
  public let differences: [Double]
  /// Size, centre and spread of the differences.
  public let summary: SampleSummary

  /// Summarises differences; nil where there are none.
  public init?(differences: [Double]) {
    guard let summary = SampleSummary(differences) else { return nil }
    self.differences = differences
    self.summary = summary
  }

  /// Pairs two sets of measurements by their unit; nil where they share none.
  public init?<Unit: Hashable & Comparable>(treatment: [Unit: Double], reference: [Unit: Double]) {
    let shared = treatment.keys.filter { reference[$0] != nil }.sorted()
    self.init(
      differences: shared.compactMap { unit in treatment[unit].flatMap { t in reference[unit].map { t - $0 } } })
  }

  /// The mean difference.
  public var mean: Double { summary.mean }

  /// The mean difference in units of its standard error; nil for a single pair, and where all differences are zero.
  public var tStatistic: Double? {
    guard let standardError = summary.standardError, standardError > 0 || mean != 0 else { return nil }
    return mean / standardError
  }

  /// The two-sided p-value of Student's paired test; nil for a single pair, 1 where all differences are zero.
  public var pValue: Double? {
    guard summary.count > 1 else { return nil }
    return tStatistic.map { StudentT(degreesOfFreedom: Double(summary.count - 1)).twoSidedProbability($0) } ?? 1
  }

  /// Cohen's d_z: the mean difference in units of the differences' standard deviation.
  ///
  /// Nil for a single pair and for differences without spread.
  public var cohenDz: Double? {
    guard let deviation = summary.standardDeviation, deviation > 0 else { return nil }
    return mean / deviation
  }

  /// The interval of the mean difference; nil for a single pair.
  public func interval(level: Double = 0.95, method: IntervalMethod = .studentT) -> ConfidenceInterval? {
    switch method {
    case .studentT: summary.interval(level: level)
    case .percentileBootstrap: Bootstrap().percentileInterval(of: differences, level: level)
    case .acceleratedBootstrap: Bootstrap().acceleratedInterval(of: differences, level: level)
    }
  }
}
