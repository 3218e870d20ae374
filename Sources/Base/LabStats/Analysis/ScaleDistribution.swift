import Foundation

/// The distribution of an estimated standard deviation in units of the true one: the root of a χ² divided by its degrees
/// of freedom.
struct ScaleDistribution: Sendable {
  /// The degrees of freedom, at least 1.
  let degreesOfFreedom: Double
  private static let rule = Quadrature(count: 12)
  private static let rootRule = Quadrature(count: 24)

  /// The mean of a function over the distribution.
  ///
  /// - Parameters:
  ///   - upper: a point above which the function is zero.
  ///   - step: the length of a range in which the function is smooth.
  func mean(upTo upper: Double = .infinity, step: Double, _ function: (Double) -> Double) -> Double {
    let deviation = 1 / (2 * degreesOfFreedom).squareRoot()
    let constant = logConstant
    var lower = max(0, 1 - 12 * deviation)
    let end = min(1 + 12 * deviation, upper)
    let width = min(1.6 * deviation, step)
    var nodes: [(node: Double, weight: Double)] = []
    if lower == 0, degreesOfFreedom < 8, degreesOfFreedom != degreesOfFreedom.rounded() {
      // Near 0 the density is a broken power; in the sixth root of s it is smooth enough.
      let first = min(width, end)
      nodes = Self.rootRule.composite(from: 0, to: 1, width: 1).map { root, weight in
        (first * pow(root, 6), 6 * first * pow(root, 5) * weight)
      }
      lower = first
    }
    nodes += Self.rule.composite(from: lower, to: end, width: width)
    return nodes.reduce(0) { sum, entry in
      let s = entry.node
      let logDensity = constant + (degreesOfFreedom - 1) * log(s) - degreesOfFreedom * (s * s - 1) / 2
      return sum + entry.weight * exp(logDensity) * function(s)
    }
  }

  /// The logarithm of the density's constant, whose large parts cancel for many degrees of freedom.
  private var logConstant: Double {
    let half = degreesOfFreedom / 2
    if half >= 10 {
      return log(2) + 0.5 * log(half) - 0.5 * log(2 * .pi) - BetaFunctions.stirlingRemainder(half)
    }
    return log(2) + half * log(half) - half - BetaFunctions.logGamma(half)
  }
}
