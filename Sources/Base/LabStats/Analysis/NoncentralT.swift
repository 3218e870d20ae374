import Foundation

/// The distribution of a t statistic whose true effect is not zero.
///
/// Probabilities are the mean of normal ones over the distribution of the standard deviation, by Gaussian quadrature with
/// an absolute error below 10⁻¹² .
public struct NoncentralT: Sendable, Hashable {
  /// The degrees of freedom, at least 1.
  public let degreesOfFreedom: Double
  /// The true effect in units of its true standard error.
  public let noncentrality: Double

  /// Creates a distribution.
  public init(degreesOfFreedom: Double, noncentrality: Double) {
    precondition(degreesOfFreedom >= 1 && noncentrality.isFinite, "a noncentral t needs a degree of freedom")
    self.degreesOfFreedom = degreesOfFreedom
    self.noncentrality = noncentrality
  }

  /// The probability of a statistic of at most `t`.
  public func cumulativeProbability(_ t: Double) -> Double {
    let normal = StandardNormal()
    let step = abs(t) > 1 ? 0.5 / abs(t) : 0.5
    return ScaleDistribution(degreesOfFreedom: degreesOfFreedom).mean(step: step) {
      normal.cumulativeProbability(t * $0 - noncentrality)
    }
  }

  /// The probability of a statistic above `t`.
  public func survival(_ t: Double) -> Double {
    NoncentralT(degreesOfFreedom: degreesOfFreedom, noncentrality: -noncentrality).cumulativeProbability(-t)
  }
}
