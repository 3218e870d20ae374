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

  /// The noncentrality for which a statistic of at most `t` has a probability, found to a relative error of 10⁻¹⁰ .
  ///
  /// - Parameters:
  ///   - t: the statistic.
  ///   - degreesOfFreedom: its degrees of freedom, at least 1.
  ///   - probability: the cumulative probability, between 0 and 1.
  public static func noncentrality(
    of t: Double, degreesOfFreedom: Double, cumulativeProbability probability: Double
  ) -> Double {
    precondition(probability > 0 && probability < 1, "a probability lies between 0 and 1")
    let normal = StandardNormal()
    let target = normal.quantile(probability)
    // Falls with the noncentrality, nearly as a straight line.
    func excess(_ noncentrality: Double) -> Double {
      let value = NoncentralT(degreesOfFreedom: degreesOfFreedom, noncentrality: noncentrality).cumulativeProbability(t)
      return normal.quantile(min(max(value, 1e-300), 1 - 1e-16)) - target
    }
    let deviation = (1 + t * t / (2 * degreesOfFreedom)).squareRoot()
    let guess = t - target * deviation
    var (low, high) = (guess - deviation / 4, guess + deviation / 4)
    var (lowValue, highValue) = (excess(low), excess(high))
    while lowValue < 0 {
      (high, highValue) = (low, lowValue)
      low -= deviation
      lowValue = excess(low)
    }
    while highValue > 0 {
      (low, lowValue) = (high, highValue)
      high += deviation
      highValue = excess(high)
    }
    // False position, halving the value of an end that stays (Illinois).
    for _ in 0..<100 where high - low > 1e-12 * deviation {
      var next = (low * highValue - high * lowValue) / (highValue - lowValue)
      if !(next > low && next < high) { next = (low + high) / 2 }
      let value = excess(next)
      if abs(value) < 1e-12 { return next }
      if value > 0 {
        (low, lowValue) = (next, value)
        highValue /= 2
      } else {
        (high, highValue) = (next, value)
        lowValue /= 2
      }
    }
    return (low + high) / 2
  }
}
