import Foundation

/// The distribution of a sum of squared normal values.
public struct ChiSquare: Sendable, Hashable {
  /// The degrees of freedom, more than 0.
  public let degreesOfFreedom: Double

  /// Creates a distribution.
  public init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0 && degreesOfFreedom.isFinite, "degrees of freedom are positive and finite")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The probability of a value of at most `x`.
  public func cumulativeProbability(_ x: Double) -> Double { tails(x).lower }

  /// The probability of a value above `x`.
  public func survival(_ x: Double) -> Double { tails(x).upper }

  /// The value that a share `probability` of the distribution does not exceed.
  public func quantile(_ probability: Double) -> Double {
    precondition(probability >= 0 && probability <= 1, "a probability lies between 0 and 1")
    if probability == 0 { return 0 }
    if probability == 1 { return .infinity }
    // Wilson and Hilferty's approximation, then bisection of a bracket around it, on the smaller tail.
    let spread = 2 / (9 * degreesOfFreedom)
    let root = 1 - spread + StandardNormal().quantile(probability) * spread.squareRoot()
    let guess = max(1e-12, degreesOfFreedom * root * root * root)
    func isBelow(_ x: Double) -> Bool {
      let tails = tails(x)
      return probability < 0.5 ? tails.lower < probability : tails.upper > 1 - probability
    }
    var (low, high) = (guess / 2, guess * 2)
    while isBelow(high) { high *= 2 }
    while !isBelow(low), low > 1e-300 { low /= 2 }
    for _ in 0..<200 where high - low > 1e-15 * high {
      let middle = (low + high) / 2
      if isBelow(middle) { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// Both tails of the incomplete gamma function, the smaller one without cancellation.
  ///
  /// - Source: DLMF 8.7.1 for the series and 8.9.2 for the continued fraction, by the modified Lentz method.
  private func tails(_ value: Double) -> (lower: Double, upper: Double) {
    if value.isNaN { return (.nan, .nan) }
    if value <= 0 { return (0, 1) }
    if value == .infinity { return (1, 0) }
    let (a, x) = (degreesOfFreedom / 2, value / 2)
    // xᵃ e⁻ˣ / Γ(a), whose logarithms nearly cancel for a large a.
    let deviation = (x - a) / a
    let scale =
      a >= 10
      ? exp(a * (log1p(deviation) - deviation) - BetaFunctions.stirlingRemainder(a)) * (a / (2 * .pi)).squareRoot()
      : exp(a * log(x) - x - BetaFunctions.logGamma(a))
    if x < a + 1 {
      var (term, sum, n) = (1 / a, 1 / a, a)
      for _ in 0..<100_000 {
        n += 1
        term *= x / n
        sum += term
        if term < sum * 1e-17 { break }
      }
      let lower = min(1, scale * sum)
      return (lower, 1 - lower)
    }
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var fraction = d
    for step in 1...100_000 {
      let n = -Double(step) * (Double(step) - a)
      b += 2
      d = n * d + b
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = b + n / c
      if abs(c) < tiny { c = tiny }
      let factor = d * c
      fraction *= factor
      if abs(factor - 1) < 1e-16 { break }
    }
    let upper = min(1, scale * fraction)
    return (1 - upper, upper)
  }
}
