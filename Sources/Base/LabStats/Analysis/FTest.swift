/// A ratio of two mean squares and the chance of one as large.
public struct FTest: Sendable, Hashable {
  /// The ratio.
  public let statistic: Double
  /// The degrees of freedom of its numerator.
  public let numerator: Double
  /// The degrees of freedom of its denominator.
  public let denominator: Double

  /// Creates a test; nil without degrees of freedom and without spread.
  ///
  /// - Parameters:
  ///   - sumOfSquares: that of what is tested, and its degrees of freedom.
  ///   - residual: that of chance, and its degrees of freedom.
  init?(_ sumOfSquares: Double, _ numerator: Double, residual: Double, _ denominator: Double) {
    guard numerator > 0, denominator > 0, residual > 0 else { return nil }
    statistic = (max(0, sumOfSquares) / numerator) / (residual / denominator)
    (self.numerator, self.denominator) = (numerator, denominator)
  }

  /// The probability of a ratio as large by chance.
  public var pValue: Double { FDistribution(numerator: numerator, denominator: denominator).survival(statistic) }

  /// Brown and Forsythe's test of equal spread: the analysis of variance of the distances from each sample's median.
  ///
  /// It hardly ever rejects samples of three or five values, whatever their spreads.
  ///
  /// - Returns: nil for less than two samples, or where no distance differs from its sample's mean distance.
  /// - Source: Brown and Forsythe, Journal of the American Statistical Association 69, 1974.
  public static func brownForsythe(_ samples: [[Double]]) -> FTest? {
    let samples = samples.filter { !$0.isEmpty }
    guard samples.count > 1 else { return nil }
    let distances = samples.map { sample in
      let median = Bootstrap.quantile(0.5, of: sample.sorted())
      return sample.map { abs($0 - median) }
    }
    let count = distances.reduce(0) { $0 + $1.count }
    let mean = distances.joined().compensatedSum() / Double(count)
    let means = distances.map(Bootstrap.mean)
    let between = zip(distances, means).map { Double($0.count) * ($1 - mean) * ($1 - mean) }.compensatedSum()
    let within = zip(distances, means).flatMap { sample, mean in sample.map { ($0 - mean) * ($0 - mean) } }
    return FTest(
      between, Double(samples.count - 1), residual: within.compensatedSum(), Double(count - samples.count))
  }
}
