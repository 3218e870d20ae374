import Foundation

/// The range of the means of equally many observations each, in units of their standard error: Tukey's q.
///
/// Probabilities come from nested Gaussian quadrature with an absolute error below 10⁻¹⁰, and keep their relative
/// accuracy in the upper tail.
///
/// - Source: Tukey, The Problem of Multiple Comparisons, 1953; the integral as in Copenhaver and Holland, Journal of
///   Statistical Computation and Simulation 30, 1988.
public struct StudentizedRange: Sendable {
  /// The number of means.
  public let count: Int
  /// The degrees of freedom of the standard error, at least 1; nil where it is known.
  public let degreesOfFreedom: Double?
  private let extreme: StudentizedExtreme

  /// Creates a distribution.
  public init(count: Int, degreesOfFreedom: Double?) {
    precondition(count > 1, "a range needs two means")
    self.count = count
    self.degreesOfFreedom = degreesOfFreedom
    extreme = StudentizedExtreme(
      table: Self.tables.value(count) { Self.table(count: count) }, degreesOfFreedom: degreesOfFreedom)
  }

  private init(_ other: StudentizedRange, degreesOfFreedom: Double?) {
    count = other.count
    self.degreesOfFreedom = degreesOfFreedom
    extreme = other.extreme.with(degreesOfFreedom: degreesOfFreedom)
  }

  /// The distribution of the range of as many means with other degrees of freedom, in no time.
  public func with(degreesOfFreedom: Double?) -> StudentizedRange {
    StudentizedRange(self, degreesOfFreedom: degreesOfFreedom)
  }

  /// The probability of a range above `q`.
  public func survival(_ q: Double) -> Double { q <= 0 ? 1 : extreme.survival(q) }

  /// The probability of a range of at most `q`.
  public func cumulativeProbability(_ q: Double) -> Double { 1 - survival(q) }

  /// The range that a share `level` of the distribution does not exceed.
  public func criticalValue(level: Double) -> Double {
    let pairs = Double(count * (count - 1) / 2)
    let bound = 2.0.squareRoot() * MultivariateT.bonferroni((1 - level) / 2 / pairs, degreesOfFreedom)
    return extreme.quantile(upperTail: 1 - level, atMost: bound)
  }

  /// Tables by the number of means, which is all that they depend on.
  private static let tables = Memo<Int, StudentizedExtreme.Table>(limit: 32)

  /// The probability that the range of normal means exceeds a point.
  private static func table(count: Int) -> StudentizedExtreme.Table {
    let (width, order, upper) = (0.5, 16, 18.0)
    let others = Double(count - 1)
    let logCount = log(Double(count))
    let normal = StandardNormal()
    // The largest of the means, the density of its place, and the probability that another lies below it.
    let places = Quadrature.panel.composite(from: -12.5, to: 12.5, width: 0.5).compactMap { z, weight in
      let below = normal.cumulativeProbability(z)
      let density = weight * exp(logCount + normal.logDensity(z) + others * log(below))
      return density > 1e-40 ? (z: z, density: density, below: below) : nil
    }
    let values = PanelTable.points(upper: upper, width: width, order: order).map { range in
      places.reduce(0) { sum, place in
        let share = min(1, normal.cumulativeProbability(place.z - range) / place.below)
        return sum - place.density * expm1(others * log1p(-share))
      }
    }
    return .init(PanelTable(values: values, width: width, order: order))
  }
}
