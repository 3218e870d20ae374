import Foundation

/// An extreme of normal variables with variance 1 (the largest of some, their range), divided by an independent estimate
/// of their standard deviation.
///
/// It knows the probability that the normal extreme exceeds a point as a table, and integrates over the distribution of
/// the estimate, the root of a χ² divided by its degrees of freedom.
struct StudentizedExtreme: Sendable {
  /// The probability that the normal extreme exceeds a point, with the quantiles that were computed of it.
  final class Table: Sendable {
    /// What a quantile depends on beside the table: bits, since values that are equal may have different ones.
    struct Question: Hashable {
      let degreesOfFreedom: UInt64?
      let upperTail: UInt64
      let bound: UInt64
    }

    let values: PanelTable
    /// The step of the integral that the function asks for.
    let step: Double
    let quantiles = Memo<Question, Double>(limit: 256)

    init(_ values: PanelTable, step: Double = 0.5) { (self.values, self.step) = (values, step) }
  }

  private let table: Table
  /// The degrees of freedom of the standard deviation, at least 1; nil where it is known.
  let degreesOfFreedom: Double?

  init(table: Table, degreesOfFreedom: Double?) {
    precondition((degreesOfFreedom ?? 1) >= 1, "a studentized extreme needs a degree of freedom")
    (self.table, self.degreesOfFreedom) = (table, degreesOfFreedom)
  }

  /// The same extreme with other degrees of freedom.
  func with(degreesOfFreedom: Double?) -> StudentizedExtreme {
    StudentizedExtreme(table: table, degreesOfFreedom: degreesOfFreedom)
  }

  /// The probability of a value above `t`, for `t` ≥ 0.
  func survival(_ t: Double) -> Double {
    let values = table.values
    guard t > 0 else { return min(1, values.value(0)) }
    guard let degreesOfFreedom else { return t >= values.upper ? 0 : min(1, max(0, values.value(t))) }
    let sum = ScaleDistribution(degreesOfFreedom: degreesOfFreedom).mean(upTo: values.upper / t, step: table.step / t) {
      values.value(t * $0)
    }
    return min(1, max(0, sum))
  }

  /// The value that is exceeded with a probability, given one that is exceeded with at most that probability.
  func quantile(upperTail probability: Double, atMost bound: Double) -> Double {
    precondition(probability > 0 && probability < 1, "a probability lies between 0 and 1")
    let question = Table.Question(
      degreesOfFreedom: degreesOfFreedom?.bitPattern, upperTail: probability.bitPattern, bound: bound.bitPattern)
    return table.quantiles.value(question) { solveQuantile(upperTail: probability, atMost: bound) }
  }

  private func solveQuantile(upperTail probability: Double, atMost bound: Double) -> Double {
    let target = log(probability)
    var (low, high) = (0.0, bound)
    var (lowValue, highValue) = (log(survival(0)) - target, log(survival(bound)) - target)
    guard lowValue > 0 else { return 0 }
    while highValue > 0 {
      // The bound is one of exact arithmetic.
      (low, lowValue) = (high, highValue)
      high *= 1.5
      highValue = log(survival(high)) - target
    }
    // False position, halving the value of an end that stays (Illinois).
    for _ in 0..<200 {
      var next =
        highValue == -.infinity ? (low + high) / 2 : (low * highValue - high * lowValue) / (highValue - lowValue)
      if !(next > low && next < high) { next = (low + high) / 2 }
      let value = log(survival(next)) - target
      if value == 0 { return next }
      if value > 0 {
        if high - next < 1e-14 * high { return next }
        low = next
        lowValue = value
        highValue /= 2
      } else {
        if next - low < 1e-14 * high { return next }
        high = next
        highValue = value
        lowValue /= 2
      }
      if abs(value) < 1e-13 || high - low < 1e-13 * high { return next }
    }
    return (low + high) / 2
  }
}
