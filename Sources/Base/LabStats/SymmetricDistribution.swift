import Foundation

/// A continuous distribution that is symmetric about zero and has an increasing `t · hazard(t)`: normal and Student.
protocol SymmetricDistribution {
  /// The logarithm of the density at a point.
  func logDensity(_ t: Double) -> Double
  /// The logarithm of the probability of a value above `t`, for `t` ≥ 0.
  func logSurvival(_ t: Double) -> Double
  /// The probability of a value between 0 and `t`, for `t` ≥ 0, without cancellation near 0.
  func centralProbability(_ t: Double) -> Double
  /// A point from which to look for the quantile of a small upper tail.
  func tailGuess(_ probability: Double) -> Double
}

extension SymmetricDistribution {
  /// The value that is exceeded with probability 1 − p.
  ///
  /// The centre is solved for the probability next to zero and the tails for the logarithm of theirs, so that the
  /// result has full relative accuracy everywhere.
  func solveQuantile(_ p: Double) -> Double {
    precondition(p >= 0 && p <= 1, "a probability lies between 0 and 1")
    if p == 0.5 { return 0 }
    let isNegative = p < 0.5
    let tail = isNegative ? p : 1 - p
    if tail == 0 { return isNegative ? -.infinity : .infinity }
    let magnitude = tail > 0.25 ? solveCenter(abs(p - 0.5)) : solveTail(tail)
    return isNegative ? -magnitude : magnitude
  }

  /// The t > 0 with a probability between 0 and t.
  ///
  /// The probability is concave in t, so Newton's steps from 0 approach the root from below.
  private func solveCenter(_ probability: Double) -> Double {
    var t = probability / exp(logDensity(0))
    for _ in 0..<100 {
      let step = (probability - centralProbability(t)) / exp(logDensity(t))
      t += step
      if abs(step) <= 1e-15 * t { break }
    }
    return t
  }

  /// The t > 0 that is exceeded with a probability.
  ///
  /// ln S is concave and decreasing in u = ln t, so a Newton step from the left lands right of the root and every
  /// further one stays there; a bracket guards against what rounding makes of that.
  private func solveTail(_ probability: Double) -> Double {
    let target = log(probability)
    var lower = -Double.infinity
    var upper = Double.infinity
    var u = log(tailGuess(probability))
    for _ in 0..<200 {
      let t = exp(u)
      let logSurvival = logSurvival(t)
      if logSurvival > target { lower = u } else { upper = u }
      let slope = -exp(u + logDensity(t) - logSurvival)
      var next = u + (target - logSurvival) / slope
      if !(next > lower && next < upper) {
        // Out of the bracket, or not a number where a tail underflows.
        if lower.isFinite, upper.isFinite {
          next = (lower + upper) / 2
        } else {
          next = lower.isFinite ? lower + 1 : upper - 1
        }
      }
      let step = next - u
      u = next
      if abs(step) <= 1e-15 * max(1, abs(u)) { break }
    }
    return exp(u)
  }
}
