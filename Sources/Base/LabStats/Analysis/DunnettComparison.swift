/// The comparisons of all treatments with a baseline, whose intervals hold at once.
///
/// Where treatments have variances of their own, each comparison has the critical value of its own degrees of freedom.
///
/// - Source: Dunnett, Journal of the American Statistical Association 50, 1955; for unequal standard errors the same
///   with the correlations of the differences, as in Hothorn, Bretz and Westfall, Biometrical Journal 50, 2008; for
///   degrees of freedom of their own Hasler and Hothorn, Biometrical Journal 50, 2008.
public struct DunnettComparison: Sendable {
  /// The index of the baseline.
  public let baseline: Int
  /// The confidence that all intervals hold.
  public let level: Double
  /// The side on which differences are looked for.
  public let alternative: Alternative
  /// The distribution of the largest difference in units of its standard error; nil without standard errors.
  public let distribution: MultivariateT?
  /// The factor of a difference's standard error in its simultaneous interval, where the difference has the common
  /// variance; nil without standard errors.
  public let criticalValue: Double?
  /// One a treatment that can be compared with the baseline, in their order.
  public let comparisons: [TreatmentComparison]
  /// The treatments that share no chain of blocks with the baseline, or have no observation.
  public let inestimable: [Int]

  /// Compares the treatments of a fit with one of them.
  ///
  /// - Parameters:
  ///   - fit: the fit.
  ///   - variances: the variances of the fit's treatments; nil where all have the one of its residual.
  ///   - baseline: the index of the treatment that the others are compared with.
  ///   - level: the confidence that all intervals hold.
  ///   - alternative: the side on which differences are looked for.
  public init(
    _ fit: BlockedFit, variances: TreatmentVariances? = nil, baseline: Int, level: Double = 0.95,
    alternative: Alternative = .twoSided
  ) {
    self.baseline = baseline
    self.level = level
    self.alternative = alternative
    let others = (0..<fit.sample.treatmentCount).filter { $0 != baseline }
    let contrasts = others.compactMap { treatment in
      (variances?.difference(of: treatment, to: baseline) ?? fit.difference(of: treatment, to: baseline)).map {
        (treatment: treatment, reference: baseline, contrast: $0)
      }
    }
    let compared = Set(contrasts.map(\.treatment))
    inestimable = others.filter { !compared.contains($0) }
    let degrees = variances?.commonDegreesOfFreedom ?? Double(fit.residualDegreesOfFreedom)
    let distribution =
      fit.hasSpread
      ? fit.baselineLoadings(baseline).map {
        MultivariateT(loadings: $0, degreesOfFreedom: degrees, alternative: alternative)
      } : nil
    self.distribution = distribution
    let criticalValues = distribution.map { distribution in
      CriticalValueTable(Set(contrasts.compactMap(\.contrast.judgedDegreesOfFreedom) + [degrees])) {
        distribution.with(degreesOfFreedom: $0).criticalValue(level: level)
      }
    }
    criticalValue = criticalValues?.value(degrees)
    comparisons = TreatmentComparison.family(
      contrasts, level: level, alternative, criticalValue: { criticalValues?.value($0.degreesOfFreedom) },
      adjusted: { contrast in
        guard let t = contrast.tStatistic else { return nil }
        return distribution?.with(degreesOfFreedom: contrast.degreesOfFreedom).pValue(t)
      })
  }
}

extension BlockedFit {
  /// The factors behind the differences of all treatments of the baseline's group to it, for ``MultivariateT``.
  ///
  /// The part of a treatment's mean that is its own cells' chance belongs to no factor. What is left of the covariance of
  /// the differences, of the rank of the blocks at most, is factored by Cholesky's method with the largest pivot first.
  ///
  /// - Returns: a row a treatment; nil where there is nothing to compare.
  func baselineLoadings(_ baseline: Int) -> [[Double]]? {
    guard let (component, reference) = place(of: baseline) else { return nil }
    let others = component.treatments.indices.filter { $0 != reference }
    guard !others.isEmpty else { return nil }
    if component.isComplete { return others.map { _ in [1 / 2.0.squareRoot()] } }
    func weights(_ treatment: Int) -> [(index: Int, weight: Double)] { [(treatment, 1), (reference, -1)] }
    let variances = others.map { component.covariance(weights($0), weights($0)) }
    let own = others.map { 1 / Double(component.cellCount(ofTreatment: $0)) }
    return MultivariateT.loadings(variances: variances, own: own) {
      component.covariance(weights(others[$0]), weights(others[$1]))
    }
  }
}
