/// How many seeds an experiment needs, from the spread that its runs have shown so far.
///
/// It is taken that every variant will have a run with every seed, and that the residual standard deviation stays what
/// it is. That is itself an estimate: ``deviationInterval(level:)`` has its bounds, and a plan from the upper bound is
/// enough with that confidence.
///
/// - Source: Kupper and Hafner, The American Statistician 43, 1989, for plans from estimated variances; Hsu, Multiple
///   Comparisons, 1996, chapter 3, for the power of simultaneous comparisons.
public struct SeedPlanning: Sendable {
  /// What is compared at once.
  public enum Family: Sendable, Hashable {
    /// Each comparison by itself.
    case single
    /// All variants with the baseline, by Dunnett's intervals.
    case baseline
    /// All pairs, by Tukey's intervals.
    case allPairs
  }

  /// The residual standard deviation.
  public let deviation: Double
  /// Its degrees of freedom.
  public let degreesOfFreedom: Double
  /// The number of variants, at least 2.
  public let variantCount: Int
  /// The confidence of the intervals.
  public let level: Double
  /// What is compared at once.
  public let family: Family
  /// The most seeds that are looked at.
  public static let limit = 10_000
  private let distribution: MultivariateT
  private let range: StudentizedRange?

  /// Creates a plan from a residual standard deviation and its degrees of freedom.
  public init(
    deviation: Double, degreesOfFreedom: Double, variantCount: Int, level: Double = 0.95, family: Family = .baseline
  ) {
    precondition(variantCount > 1, "a comparison needs two variants")
    self.deviation = deviation
    self.degreesOfFreedom = degreesOfFreedom
    self.variantCount = variantCount
    self.level = level
    self.family = family
    distribution = MultivariateT(
      count: family == .baseline ? variantCount - 1 : 1, correlation: 0.5, degreesOfFreedom: 1)
    range = family == .allPairs ? StudentizedRange(count: variantCount, degreesOfFreedom: 1) : nil
  }

  /// Creates a plan from an experiment so far; nil where its residuals have no spread.
  public init?(_ fit: BlockedFit, level: Double = 0.95, family: Family = .baseline) {
    let variantCount = fit.estimableGroups.reduce(0) { $0 + $1.count }
    guard fit.hasSpread, let deviation = fit.residualStandardDeviation, variantCount > 1 else { return nil }
    self.init(
      deviation: deviation, degreesOfFreedom: Double(fit.residualDegreesOfFreedom), variantCount: variantCount,
      level: level, family: family)
  }

  /// The same plan with another standard deviation, such as a bound of ``deviationInterval(level:)``.
  public func with(deviation: Double) -> SeedPlanning {
    SeedPlanning(
      deviation: deviation, degreesOfFreedom: degreesOfFreedom, variantCount: variantCount, level: level,
      family: family)
  }

  /// The interval that holds the true standard deviation.
  public func deviationInterval(level: Double = 0.8) -> ConfidenceInterval {
    let distribution = ChiSquare(degreesOfFreedom: degreesOfFreedom)
    func bound(_ probability: Double) -> Double {
      deviation * (degreesOfFreedom / distribution.quantile(probability)).squareRoot()
    }
    return ConfidenceInterval(lower: bound((1 + level) / 2), upper: bound((1 - level) / 2), level: level)
  }

  /// The factor of a difference's standard error in its interval.
  ///
  /// - Parameter seedCount: at least 2.
  public func criticalValue(seedCount: Int) -> Double {
    let degrees = residualDegrees(seedCount)
    if let range { return range.with(degreesOfFreedom: degrees).criticalValue(level: level) / 2.0.squareRoot() }
    if family == .single { return StudentT(degreesOfFreedom: degrees).criticalValue(level: level) }
    return distribution.with(degreesOfFreedom: degrees).criticalValue(level: level)
  }

  /// Half the length that intervals of differences are to be expected to have.
  public func halfWidth(seedCount: Int) -> Double {
    criticalValue(seedCount: seedCount) * standardError(seedCount)
  }

  /// The fewest seeds whose intervals are to be expected no wider than ± `halfWidth`; nil beyond ``limit``.
  public func seedCount(halfWidth: Double) -> Int? { fewest { self.halfWidth(seedCount: $0) <= halfWidth } }

  /// The chance that the interval of a difference excludes zero on the right side.
  ///
  /// - Parameters:
  ///   - effect: the true difference, in the metric's unit.
  ///   - seedCount: the number of seeds.
  public func power(effect: Double, seedCount: Int) -> Double {
    NoncentralT(
      degreesOfFreedom: residualDegrees(seedCount), noncentrality: abs(effect) / standardError(seedCount)
    ).survival(criticalValue(seedCount: seedCount))
  }

  /// The fewest seeds with which a difference is found with a chance of `power`; nil beyond ``limit``.
  public func seedCount(effect: Double, power: Double = 0.8) -> Int? {
    fewest { self.power(effect: effect, seedCount: $0) >= power }
  }

  private func residualDegrees(_ seedCount: Int) -> Double { Double((variantCount - 1) * (seedCount - 1)) }

  private func standardError(_ seedCount: Int) -> Double { deviation * (2 / Double(seedCount)).squareRoot() }

  /// The fewest seeds with which something holds that holds with more as well.
  private func fewest(_ holds: (Int) -> Bool) -> Int? {
    var (low, high) = (1, 2)
    while !holds(high) {
      guard high < Self.limit else { return nil }
      low = high
      high = min(Self.limit, high * 2)
    }
    while high - low > 1 {
      let middle = (low + high) / 2
      if holds(middle) { high = middle } else { low = middle }
    }
    return high
  }
}
