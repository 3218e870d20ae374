/// A comparison of two treatments beside others of the same family.
public struct TreatmentComparison: Sendable, Hashable {
  /// The index of the treatment.
  public let treatment: Int
  /// The index of what it is compared with.
  public let reference: Int
  /// The difference, treatment less reference, with its own standard error.
  public let contrast: Contrast
  /// The interval that holds together with those of the whole family; nil without a standard error.
  public let interval: ConfidenceInterval?
  /// The interval of this comparison by itself; nil without a standard error.
  public let singleInterval: ConfidenceInterval?
  /// The p-value of this comparison by itself; nil without a standard error.
  public let pValue: Double?
  /// The p-value that goes with the simultaneous interval: below α where that excludes 0; nil without a standard error.
  public let adjustedPValue: Double?
  /// The p-value after Holm's correction for the number of comparisons; nil without a standard error.
  public let holmPValue: Double?
}

extension TreatmentComparison {
  /// The comparisons of a family.
  ///
  /// - Parameters:
  ///   - contrasts: differences that can be estimated.
  ///   - criticalValue: the factor of a contrast's standard error in its simultaneous interval.
  ///   - adjusted: the family's p-value of a contrast with a standard error.
  static func family(
    _ contrasts: [(treatment: Int, reference: Int, contrast: Contrast)], level: Double, _ alternative: Alternative,
    criticalValue: (Contrast) -> Double?, adjusted: (Contrast) -> Double?
  ) -> [TreatmentComparison] {
    // Families share their degrees of freedom for the most part, and each quantile takes a while.
    var singleCriticalValues = [Double: Double]()
    let pValues = contrasts.map { $0.contrast.pValue(alternative) }
    return zip(zip(contrasts, pValues), HolmAdjustment.adjusted(pValues)).map { entry, holm in
      let contrast = entry.0.contrast
      var single: Double?
      if contrast.standardError != nil {
        let known = singleCriticalValues[contrast.degreesOfFreedom]
        single =
          known ?? -StudentT(degreesOfFreedom: contrast.degreesOfFreedom)
          .quantile(alternative == .twoSided ? (1 - level) / 2 : 1 - level)
        singleCriticalValues[contrast.degreesOfFreedom] = single
      }
      return TreatmentComparison(
        treatment: entry.0.treatment, reference: entry.0.reference, contrast: contrast,
        interval: criticalValue(contrast).flatMap {
          contrast.interval(criticalValue: $0, level: level, alternative)
        },
        singleInterval: single.flatMap { contrast.interval(criticalValue: $0, level: level, alternative) },
        pValue: entry.1, adjustedPValue: contrast.standardError == nil ? nil : adjusted(contrast), holmPValue: holm)
    }
  }
}
