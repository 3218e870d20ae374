/// The comparisons of all pairs of treatments, whose intervals hold at once.
///
/// In complete blocks the confidence is exact; where standard errors differ, through missing cells, it is at least what
/// is asked for. Where treatments have variances of their own, each comparison has the critical value of its own degrees of
/// freedom.
///
/// - Source: Kramer, Biometrics 12, 1956; Hayter, Annals of Statistics 12, 1984, for the proof that unequal standard
///   errors make it conservative; Games and Howell, Journal of Educational Statistics 1, 1976, for degrees of freedom of
///   their own.
public struct TukeyComparison: Sendable {
  /// The confidence that all intervals hold.
  public let level: Double
  /// The factor of a difference's standard error in its simultaneous interval, q/√2, where the difference has the
  /// common variance; nil without standard errors.
  public let criticalValue: Double?
  /// One a pair, each treatment with those before it.
  public let comparisons: [TreatmentComparison]
  /// The pairs that share no chain of blocks.
  public let inestimable: [(treatment: Int, reference: Int)]

  /// Compares treatments of a fit with each other, all of them unless some are named.
  ///
  /// - Parameters:
  ///   - fit: the fit.
  ///   - variances: the variances of the fit's treatments; nil where all have the one of its residual.
  ///   - treatments: the indices of the treatments; nil for all.
  ///   - level: the confidence that all intervals hold.
  public init(
    _ fit: BlockedFit, variances: TreatmentVariances? = nil, among treatments: [Int]? = nil, level: Double = 0.95
  ) {
    self.level = level
    let treatments = treatments ?? Array(0..<fit.sample.treatmentCount)
    var contrasts = [(treatment: Int, reference: Int, contrast: Contrast)]()
    var inestimable = [(treatment: Int, reference: Int)]()
    for (position, treatment) in treatments.enumerated() {
      for reference in treatments[..<position] {
        if let contrast = variances?.difference(of: treatment, to: reference)
          ?? fit.difference(of: treatment, to: reference)
        {
          contrasts.append((treatment, reference, contrast))
        } else {
          inestimable.append((treatment, reference))
        }
      }
    }
    self.inestimable = inestimable
    let count = Set(contrasts.flatMap { [$0.treatment, $0.reference] }).count
    let degrees = variances?.commonDegreesOfFreedom ?? Double(fit.residualDegreesOfFreedom)
    let distribution =
      fit.hasSpread && count > 1 ? StudentizedRange(count: count, degreesOfFreedom: degrees) : nil
    let criticalValues = distribution.map { distribution in
      CriticalValueTable(Set(contrasts.compactMap(\.contrast.judgedDegreesOfFreedom) + [degrees])) {
        distribution.with(degreesOfFreedom: $0).criticalValue(level: level) / 2.0.squareRoot()
      }
    }
    criticalValue = criticalValues?.value(degrees)
    comparisons = TreatmentComparison.family(
      contrasts, level: level, .twoSided, criticalValue: { criticalValues?.value($0.degreesOfFreedom) },
      adjusted: { contrast in
        contrast.tStatistic.flatMap { t in
          distribution?.with(degreesOfFreedom: contrast.degreesOfFreedom).survival(abs(t) * 2.0.squareRoot())
        }
      })
  }
}
