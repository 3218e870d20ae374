/// Contrasts of treatments' means whose intervals hold at once, such as the effects of all levels of a factor.
///
/// The largest |t| of the family decides, with the correlations that the contrasts have; of the differences of all
/// treatments to one of them this is Dunnett's method. Where the correlations are of a kind that is not integrated here
/// (contrasts that are combinations of others, or more than ``mostCorrelated`` with several factors behind them),
/// Bonferroni's inequality takes their place, which makes the intervals a little wider.
///
/// Where treatments have variances of their own, each contrast has the critical value of its own degrees of freedom, and
/// the correlations of equal variances, as in ``DunnettComparison``.
///
/// - Source: Hothorn, Bretz and Westfall, Biometrical Journal 50, 2008.
public struct ContrastFamily: Sendable {
  /// The confidence that all intervals hold.
  public let level: Double
  /// The side on which the contrasts are looked for.
  public let alternative: Alternative
  /// The distribution of the largest contrast in units of its standard error; nil without standard errors, and where
  /// Bonferroni's inequality takes its place.
  public let distribution: MultivariateT?
  /// The factor of a contrast's standard error in its simultaneous interval, where the contrast has the common variance;
  /// nil without standard errors.
  public let criticalValue: Double?
  /// One a contrast, in their order, whose `treatment` is the contrast's position; nil where it cannot be estimated.
  public let comparisons: [TreatmentComparison?]

  /// The most contrasts whose correlations are integrated where these have several factors behind them.
  public static let mostCorrelated = 64

  /// Compares, all with the variance of the fit's residual.
  ///
  /// - Parameters:
  ///   - fit: the fit of treatments and blocks.
  ///   - contrasts: the weights of the treatments, which sum to zero; nil for a contrast that there is none of.
  ///   - level: the confidence that all intervals hold.
  ///   - alternative: the side on which the contrasts are looked for.
  public init(
    _ fit: BlockedFit, contrasts: [[Int: Double]?], level: Double = 0.95, alternative: Alternative = .twoSided
  ) {
    self.init(
      fit, degreesOfFreedom: Double(fit.residualDegreesOfFreedom), contrasts, level, alternative,
      contrast: { fit.contrast($0) })
  }

  /// Compares, with variances of their own for treatments whose runs vary more.
  ///
  /// - Parameters:
  ///   - variances: the variances of the treatments of a fit.
  ///   - contrasts: the weights of the treatments, which sum to zero; nil for a contrast that there is none of.
  ///   - level: the confidence that all intervals hold.
  ///   - alternative: the side on which the contrasts are looked for.
  public init(
    _ variances: TreatmentVariances, contrasts: [[Int: Double]?], level: Double = 0.95,
    alternative: Alternative = .twoSided
  ) {
    self.init(
      variances.fit, degreesOfFreedom: variances.commonDegreesOfFreedom, contrasts, level, alternative,
      contrast: { variances.contrast($0) })
  }

  private init(
    _ fit: BlockedFit, degreesOfFreedom degrees: Double, _ contrasts: [[Int: Double]?], _ level: Double,
    _ alternative: Alternative, contrast: ([Int: Double]) -> Contrast?
  ) {
    self.level = level
    self.alternative = alternative
    let found = contrasts.enumerated().compactMap { position, weights in
      weights.flatMap { weights in contrast(weights).map { (position: position, weights: weights, contrast: $0) } }
    }
    let isJudged = fit.hasSpread && !found.isEmpty
    let distribution =
      isJudged
      ? fit.loadings(found.map(\.weights)).map {
        MultivariateT(loadings: $0, degreesOfFreedom: degrees, alternative: alternative)
      } : nil
    self.distribution = distribution
    let tail = (1 - level) / (alternative == .twoSided ? 2 : 1)
    let criticalValues =
      isJudged
      ? CriticalValueTable(Set(found.compactMap(\.contrast.judgedDegreesOfFreedom) + [degrees])) { degrees in
        distribution?.with(degreesOfFreedom: degrees).criticalValue(level: level)
          ?? MultivariateT.bonferroni(tail / Double(found.count), degrees)
      } : nil
    criticalValue = criticalValues?.value(degrees)
    let family = TreatmentComparison.family(
      found.map { (treatment: $0.position, reference: $0.position, contrast: $0.contrast) }, level: level, alternative,
      criticalValue: { criticalValues?.value($0.degreesOfFreedom) },
      adjusted: { contrast in
        guard let t = contrast.tStatistic, let p = contrast.pValue(alternative) else { return nil }
        return distribution?.with(degreesOfFreedom: contrast.degreesOfFreedom).pValue(t)
          ?? min(1, p * Double(found.count))
      })
    var comparisons = [TreatmentComparison?](repeating: nil, count: contrasts.count)
    for comparison in family { comparisons[comparison.treatment] = comparison }
    self.comparisons = comparisons
  }
}

extension BlockedFit {
  /// The factors behind contrasts, for ``MultivariateT``.
  ///
  /// What the cells of treatments that no other contrast has add to a contrast's variance is its own, and belongs to no
  /// factor; see ``MultivariateT``.
  ///
  /// - Returns: a row a contrast; nil where a contrast has nothing of its own, or where there are too many.
  func loadings(_ contrasts: [[Int: Double]]) -> [[Double]]? {
    var uses = [Int: Int]()
    for contrast in contrasts {
      for (treatment, weight) in contrast where weight != 0 { uses[treatment, default: 0] += 1 }
    }
    let own = contrasts.map { contrast in
      // In one order, since a sum's last bits depend on it.
      contrast.sorted { $0.key < $1.key }.reduce(0.0) { sum, entry in
        guard uses[entry.key] == 1, let place = place(of: entry.key) else { return sum }
        return sum + entry.value * entry.value / Double(place.component.cellCount(ofTreatment: place.index))
      }
    }
    let variances = contrasts.map { covarianceFactor($0, $0) ?? 0 }
    guard zip(own, variances).allSatisfy({ $0 > 1e-6 * $1 && $1 > 0 }) else { return nil }
    // A single statistic has no correlations.
    guard contrasts.count > 1 else { return [[0]] }
    return MultivariateT.loadings(
      variances: variances, own: own, mostFactors: contrasts.count <= ContrastFamily.mostCorrelated ? .max : 1
    ) { covarianceFactor(contrasts[$0], contrasts[$1]) ?? 0 }
  }
}
