/// The comparisons of all pairs of treatments, whose intervals hold at once.
///
/// In complete blocks the confidence is exact; where standard errors differ, through missing cells, it is at least what
/// is asked for.
///
/// - Source: Kramer, Biometrics 12, 1956; Hayter, Annals of Statistics 12, 1984, for the proof that unequal standard
///   errors make it conservative.
public struct TukeyComparison: Sendable {
  /// The confidence that all intervals hold.
  public let level: Double
  /// The factor of a difference's standard error in its simultaneous interval, q/√2; nil without standard errors.
  public let criticalValue: Double?
  /// One a pair, each treatment with those before it.
  public let comparisons: [TreatmentComparison]
  /// The pairs that share no chain of blocks.
  public let inestimable: [(treatment: Int, reference: Int)]

  /// Compares treatments of a fit with each other, all of them unless some are named.
  public init(_ fit: BlockedFit, among treatments: [Int]? = nil, level: Double = 0.95) {
    self.level = level
    let treatments = treatments ?? Array(0..<fit.sample.treatmentCount)
    var contrasts = [(treatment: Int, reference: Int, contrast: Contrast)]()
    var inestimable = [(treatment: Int, reference: Int)]()
    for (position, treatment) in treatments.enumerated() {
      for reference in treatments[..<position] {
        if let contrast = fit.difference(of: treatment, to: reference) {
          contrasts.append((treatment, reference, contrast))
        } else {
          inestimable.append((treatment, reference))
        }
      }
    }
    self.inestimable = inestimable
    let count = Set(contrasts.flatMap { [$0.treatment, $0.reference] }).count
    let distribution =
      fit.hasSpread && count > 1
      ? StudentizedRange(count: count, degreesOfFreedom: Double(fit.residualDegreesOfFreedom)) : nil
    let criticalValue = distribution.map { $0.criticalValue(level: level) / 2.0.squareRoot() }
    self.criticalValue = criticalValue
    comparisons = TreatmentComparison.family(
      contrasts, level: level, .twoSided, criticalValue: { _ in criticalValue },
      adjusted: { contrast in
        contrast.tStatistic.flatMap { t in distribution?.survival(abs(t) * 2.0.squareRoot()) }
      })
  }
}
