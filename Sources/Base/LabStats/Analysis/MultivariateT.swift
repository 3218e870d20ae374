import Foundation
import LabCore

/// The largest of several correlated t statistics that share their standard deviation.
///
/// Each normal variable behind them is λ·z + √(1 − λ·λ)·e of common factors z and an own e, so that the correlation of
/// two is λᵢ·λⱼ. One factor covers all comparisons with a baseline in complete blocks (λ = √½ for all) and is integrated
/// by nested Gaussian quadrature with an absolute error below 10⁻¹⁰. More factors, as missing cells bring them, are
/// integrated by a product of rules with an error of some 10⁻⁹ where few points are enough, as mostly with three to five
/// blocks, and otherwise over a randomly shifted lattice of fixed seed with an error of some 10⁻⁴. The time depends on the
/// number of different λ, not on that of statistics.
///
/// - Source: Dunnett, Journal of the American Statistical Association 50, 1955; Genz and Bretz, Computation of
///   Multivariate Normal and t Probabilities, 2009, for the lattice.
public struct MultivariateT: Sendable {
  /// The number of statistics.
  public let count: Int
  /// The degrees of freedom, at least 1; nil where the standard deviation is known.
  public let degreesOfFreedom: Double?
  /// Whether the largest is that of the magnitudes or that of the values.
  public let alternative: Alternative
  private let extreme: StudentizedExtreme

  /// Statistics with the same factors.
  private struct Group: Sendable {
    var loadings: [Double]
    var count: Double
    /// The standard deviation beside the factors.
    var own: Double
  }

  /// Creates the distribution of statistics with a common correlation.
  ///
  /// - Parameters:
  ///   - count: the number of statistics.
  ///   - correlation: that of any two of them, in [0, 1).
  ///   - degreesOfFreedom: those of the standard deviation, at least 1; nil where it is known.
  ///   - alternative: `less` has the same distribution as `greater`, of the values with their signs turned.
  public init(
    count: Int, correlation: Double, degreesOfFreedom: Double?, alternative: Alternative = .twoSided
  ) {
    precondition(0..<1 ~= correlation, "a common correlation is at least 0 and less than 1")
    self.init(
      groups: [Group(loadings: [correlation.squareRoot()], count: Double(count), own: (1 - correlation).squareRoot())],
      count: count, degreesOfFreedom, alternative)
  }

  /// Creates the distribution of statistics from their factors.
  ///
  /// ## Shapes
  /// - loadings: [statistics, factors]; the squares of a row sum to less than 1.
  public init(loadings: [[Double]], degreesOfFreedom: Double?, alternative: Alternative = .twoSided) {
    var counts = [[Double]: Double]()
    // What differs by rounding is the same.
    for row in loadings { counts[row.map { ($0 * 0x1p44).rounded() * 0x1p-44 }, default: 0] += 1 }
    let distinct = counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    let turned = PrincipalAxes.turn(distinct.map(\.key), weights: distinct.map(\.value))
    let groups = zip(turned, distinct.map(\.value)).map { row, count in
      let common = row.reduce(0) { $0 + $1 * $1 }
      precondition(common < 1, "the squares of a statistic's loadings sum to less than 1")
      return Group(loadings: row, count: count, own: (1 - common).squareRoot())
    }
    self.init(groups: groups, count: loadings.count, degreesOfFreedom, alternative)
  }

  private init(groups: [Group], count: Int, _ degreesOfFreedom: Double?, _ alternative: Alternative) {
    precondition(count > 0, "a multivariate t has at least one statistic")
    self.count = count
    self.degreesOfFreedom = degreesOfFreedom
    self.alternative = alternative
    let factorCount = groups.first?.loadings.count ?? 0
    let isExact = factorCount <= 1
    let quadrature =
      isExact
      ? nil
      : FactorQuadrature(
        importances: (0..<factorCount).map { factor in
          groups.reduce(0) { max($0, abs($1.loadings[factor]) / $1.own) }
        }, isEven: alternative == .twoSided, limit: groups.count > 40 ? 1000 : 8000)
    let (width, order) = isExact ? (0.5, 16) : quadrature != nil ? (0.5, 10) : (1.0, 10)
    let points = PanelTable.points(upper: isExact ? 12 : 8, width: width, order: order)
    let values =
      isExact
      ? Self.integrate(groups, at: points, alternative)
      : Self.sample(groups, quadrature ?? Self.lattice(groups, factorCount: factorCount), at: points, alternative)
    extreme = StudentizedExtreme(
      table: PanelTable(values: values, width: width, order: order), step: width, degreesOfFreedom: degreesOfFreedom)
  }

  private init(_ other: MultivariateT, degreesOfFreedom: Double?) {
    (count, alternative) = (other.count, other.alternative)
    self.degreesOfFreedom = degreesOfFreedom
    extreme = other.extreme.with(degreesOfFreedom: degreesOfFreedom)
  }

  /// The distribution of the same statistics with other degrees of freedom, in no time.
  public func with(degreesOfFreedom: Double?) -> MultivariateT {
    MultivariateT(self, degreesOfFreedom: degreesOfFreedom)
  }

  /// The probability that the largest exceeds `t`; `t` ≥ 0.
  public func survival(_ t: Double) -> Double { extreme.survival(max(0, t)) }

  /// The p-value of a statistic that goes with the simultaneous intervals.
  ///
  /// On one side, a statistic on the other has 1: there the largest of the others decides, which nobody asks for.
  func pValue(_ t: Double) -> Double {
    switch alternative {
    case .twoSided: survival(abs(t))
    case .greater: t > 0 ? survival(t) : 1
    case .less: t < 0 ? survival(-t) : 1
    }
  }

  /// The value that a share `level` of the distribution does not exceed, which makes intervals simultaneous.
  ///
  /// It is 0 where values of one side stay below 0 with a larger share.
  public func criticalValue(level: Double) -> Double {
    let tail = (1 - level) / (alternative == .twoSided ? 2 : 1)
    let bound = Self.bonferroni(min(0.5, tail / Double(count)), degreesOfFreedom)
    return extreme.quantile(upperTail: 1 - level, atMost: max(bound, 1e-3))
  }

  /// The value that a single statistic exceeds with a probability.
  static func bonferroni(_ tail: Double, _ degreesOfFreedom: Double?) -> Double {
    degreesOfFreedom.map { -StudentT(degreesOfFreedom: $0).quantile(tail) } ?? -StandardNormal().quantile(tail)
  }

  /// The probability that any statistic exceeds a point, given the mean that the factors give to each group.
  private static func exceedance(
    _ groups: [Group], at point: Double, isTwoSided: Bool, mean: (Int) -> Double
  ) -> Double {
    var logNone = 0.0
    for (index, group) in groups.enumerated() {
      let scale = 1 / (group.own * 2.0.squareRoot())
      let mean = mean(index)
      var tail = 0.5 * erfc((point - mean) * scale)
      if isTwoSided { tail += 0.5 * erfc((point + mean) * scale) }
      logNone += group.count * log1p(-min(1, tail))
    }
    return -expm1(logNone)
  }

  private static func integrate(_ groups: [Group], at points: [Double], _ alternative: Alternative) -> [Double] {
    let isTwoSided = alternative == .twoSided
    let largest = groups.lazy.map { abs($0.loadings.first ?? 0) }.max() ?? 0
    let own = groups.lazy.map(\.own).min() ?? 1
    // Where a factor leaves little to chance, the product of many probabilities falls within a narrow range of it.
    let width = largest == 0 ? 0.5 : min(0.5, max(0.01, own / largest / 2))
    let isEven = isTwoSided
    let normal = StandardNormal()
    let factor = Quadrature.panel.composite(from: isEven ? 0 : -13, to: 13, width: width).map { z, weight in
      (z: z, weight: weight * (isEven ? 2 : 1) * normal.density(z))
    }
    return points.map { point in
      factor.reduce(0) { sum, node in
        sum + node.weight
          * exceedance(groups, at: point, isTwoSided: isTwoSided) { (groups[$0].loadings.first ?? 0) * node.z }
      }
    }
  }

  /// A lattice of factors, whose first coordinate, that of the most important factor, is evenly spaced.
  private static func lattice(_ groups: [Group], factorCount: Int) -> FactorQuadrature {
    // Korobov's lattice, with the generator that has the least P₂ for ten coordinates of falling weight. Many different
    // statistics take half of the time for an error that is smoothed by their number.
    let (latticeCount, generator) = (2039, 316)
    let shiftCount = groups.count > 40 ? 1 : 2
    let stream = RandomStream(seed: 0, name: "multivariate-t")
    let normal = StandardNormal()
    let points = (0..<shiftCount).flatMap { shift in
      let offsets = (0..<factorCount).map { Double(stream.uniform(UInt64(shift), UInt64($0))) }
      return (0..<latticeCount).map { index in
        var multiple = index
        return (0..<factorCount).map { dimension in
          // Folding makes the integrand periodic, which lattices integrate better.
          let u = (Double(multiple) / Double(latticeCount) + offsets[dimension]).truncatingRemainder(dividingBy: 1)
          multiple = multiple * generator % latticeCount
          return normal.quantile(min(max(abs(2 * u - 1), 1e-15), 1 - 1e-15))
        }
      }
    }
    return FactorQuadrature(evenlyWeighted: points)
  }

  /// The probability that any statistic exceeds each of some points: the mean over the factors.
  private static func sample(
    _ groups: [Group], _ factors: FactorQuadrature, at points: [Double], _ alternative: Alternative
  ) -> [Double] {
    var means = [Double]()
    for point in factors.points {
      for group in groups { means.append(zip(group.loadings, point).reduce(0) { $0 + $1.0 * $1.1 }) }
    }
    let isTwoSided = alternative == .twoSided
    let scales = groups.map { 1 / ($0.own * 2.0.squareRoot()) }
    let counts = groups.map(\.count)
    return Parallel.results(of: points, chunkSize: 8) { [means] point in
      var sum = 0.0
      means.withUnsafeBufferPointer { means in
        for (number, weight) in factors.weights.enumerated() {
          let start = number * scales.count
          var none = 1.0
          for index in scales.indices {
            let (mean, scale) = (abs(means[start + index]), scales[index])
            var tail = 0.5 * erfc((point - (isTwoSided ? mean : means[start + index])) * scale)
            // The far tail is none for a factor's mean that is far off.
            let far = (point + mean) * scale
            if isTwoSided, far < 5 { tail += 0.5 * erfc(far) }
            none *= counts[index] == 1 ? 1 - min(1, tail) : pow(1 - min(1, tail), counts[index])
          }
          sum += weight * (1 - none)
        }
      }
      return sum
    }.map { (try? $0.get()) ?? .nan }
  }
}

extension MultivariateT {
  /// The factors behind correlated statistics.
  ///
  /// What is left of the covariances beside each statistic's own part is factored by Cholesky's method with the largest
  /// pivot first.
  ///
  /// - Parameters:
  ///   - variances: the variance of each statistic.
  ///   - own: what of it belongs to no factor.
  ///   - mostFactors: the most factors.
  ///   - covariance: the covariance of two statistics.
  /// - Returns: a row a statistic, in units of its standard deviation; nil where it takes more factors.
  static func loadings(
    variances: [Double], own: [Double], mostFactors: Int = .max, covariance: (_ row: Int, _ pivot: Int) -> Double
  ) -> [[Double]]? {
    var rest = zip(variances, own).map { max(0, $0 - $1) }
    let tolerance = 1e-11 * (variances.max() ?? 0)
    var columns = [[Double]]()
    while columns.count < rest.count, let pivot = rest.indices.max(by: { (rest[$0], $1) < (rest[$1], $0) }),
      rest[pivot] > tolerance
    {
      guard columns.count < mostFactors else { return nil }
      let root = rest[pivot].squareRoot()
      let column = rest.indices.map { row in
        row == pivot ? root : (covariance(row, pivot) - columns.reduce(0) { $0 + $1[row] * $1[pivot] }) / root
      }
      for row in rest.indices { rest[row] = max(0, rest[row] - column[row] * column[row]) }
      rest[pivot] = 0
      columns.append(column)
    }
    return rest.indices.map { row in
      let deviation = variances[row].squareRoot()
      return columns.isEmpty ? [0] : columns.map { $0[row] / deviation }
    }
  }
}
