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
    let group = CorrelatedNormals.Group(
      loadings: [correlation.squareRoot()], count: Double(count), own: (1 - correlation).squareRoot())
    self.init(groups: [group], count: count, degreesOfFreedom, alternative)
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
      return CorrelatedNormals.Group(loadings: row, count: count, own: (1 - common).squareRoot())
    }
    self.init(groups: groups, count: loadings.count, degreesOfFreedom, alternative)
  }

  private init(
    groups: [CorrelatedNormals.Group], count: Int, _ degreesOfFreedom: Double?, _ alternative: Alternative
  ) {
    precondition(count > 0, "a multivariate t has at least one statistic")
    self.count = count
    self.degreesOfFreedom = degreesOfFreedom
    self.alternative = alternative
    extreme = StudentizedExtreme(
      table: CorrelatedNormals(groups: groups, isTwoSided: alternative == .twoSided).table,
      degreesOfFreedom: degreesOfFreedom)
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
