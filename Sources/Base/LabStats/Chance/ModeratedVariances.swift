/// Variances from few repetitions of many classes, which borrow from each other.
///
/// Three seeds say next to nothing of a class's variance: a t quantile of two degrees of freedom. All classes together
/// say a lot of what is usual. Each variance is divided by what chance of its images makes of it, which is known well,
/// and moved towards the mean of all: the prior has as many degrees of freedom as the spread of the ratios allows, by the
/// moments of the F distribution. The spread is taken at the upper end of its own error, and the prior is the mean itself,
/// so that differences between the classes are not overlooked.
///
/// - Source: Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
///   experiments", Statistical Applications in Genetics and Molecular Biology 3, 2004, with logarithms in place of moments:
///   variances of few images are often zero.
struct ModeratedVariances {
  /// The moderated variance of each class; nil where its scale is zero, and there is nothing to judge.
  let variances: [Double?]
  /// The degrees of freedom of each.
  let degreesOfFreedom: Double

  /// - Parameters:
  ///   - variances: of each class, from the same number of repetitions.
  ///   - scales: what the variances are proportional to, if all classes are alike.
  ///   - degreesOfFreedom: of each variance, more than 0.
  init(_ variances: [Double], scales: [Double], degreesOfFreedom: Double) {
    let ratios = zip(variances, scales).map { $1 > 0 ? $0 / $1 : nil }
    let known = ratios.compactMap { $0 }
    guard let summary = SampleSummary(known), summary.mean > 0 else {
      self.variances = ratios.map { _ in nil }
      self.degreesOfFreedom = degreesOfFreedom
      return
    }
    let prior = ModeratedVariances.priorDegreesOfFreedom(summary, degreesOfFreedom)
    self.variances = zip(ratios, scales).map { ratio, scale in
      ratio.map { ratio in
        let moderated =
          prior.isFinite
          ? (prior * summary.mean + degreesOfFreedom * ratio) / (prior + degreesOfFreedom) : summary.mean
        return moderated * scale
      }
    }
    self.degreesOfFreedom = min(prior + degreesOfFreedom, degreesOfFreedom * Double(known.count))
  }

  /// Those of a prior for which ratios of variances spread as they do; infinite where chance alone makes as much.
  private static func priorDegreesOfFreedom(_ ratios: SampleSummary, _ degrees: Double) -> Double {
    let relative = (ratios.standardDeviation ?? 0) / ratios.mean
    let square = relative * relative * (1 + ((2 + 12 / degrees) / Double(ratios.count)).squareRoot())
    let excess = degrees * square - 2
    return excess > 0 ? (2 * degrees - 4 + 4 * degrees * square) / excess : .infinity
  }
}
