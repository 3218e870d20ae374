import Foundation

/// Whether methods differ in their ranks over several data sets.
///
/// Scores of different data sets have no common unit, so each data set only ranks the methods; rank 1 is the best. One
/// score stands for a method and data set, such as the mean over the seeds.
///
/// - Source: Friedman, "The use of ranks to avoid the assumption of normality", JASA 32, 1937; Iman and Davenport,
///   "Approximations of the critical region of the Friedman statistic", Communications in Statistics 9, 1980; Demšar,
///   "Statistical comparisons of classifiers over multiple data sets", JMLR 7, 2006.
public struct FriedmanTest: Sendable, Hashable {
  /// The number of data sets.
  public let dataSetCount: Int
  /// The mean rank of each method; methods with equal scores share their ranks.
  public let averageRanks: [Double]
  /// Friedman's statistic, corrected for ties, with one degree of freedom less than there are methods; nil where every
  /// data set has all methods tied.
  public let chiSquared: Double?

  /// Ranks methods.
  ///
  /// - Parameters:
  ///   - scores: an array a data set, of each method's finite score.
  ///   - higherIsBetter: whether a higher score is better.
  /// - Returns: nil below two data sets or two methods, and where a score is missing.
  public init?(scores: [[Double]], higherIsBetter: Bool = true) {
    guard scores.count > 1, let methods = scores.first?.count, methods > 1,
      scores.allSatisfy({ $0.count == methods && $0.allSatisfy(\.isFinite) })
    else { return nil }
    let ranked = scores.map { FriedmanTest.ranks($0, higherIsBetter: higherIsBetter) }
    let (count, k) = (Double(scores.count), Double(methods))
    dataSetCount = scores.count
    averageRanks = (0..<methods).map { method in Bootstrap.mean(ranked.map { $0.ranks[method] }) }
    let squares = averageRanks.reduce(0) { $0 + ($1 - (k + 1) / 2) * ($1 - (k + 1) / 2) }
    let ties = ranked.reduce(0) { $0 + $1.ties }
    let correction = 1 - ties / (count * k * (k * k - 1))
    chiSquared = correction > 0 ? 12 * count / (k * (k + 1)) * squares / correction : nil
  }

  /// The number of methods.
  public var methodCount: Int { averageRanks.count }

  /// The p-value of Friedman's statistic by the chi-squared distribution, which is conservative for few data sets; nil as
  /// the statistic.
  public var chiSquaredPValue: Double? {
    chiSquared.map { ChiSquare(degreesOfFreedom: Double(methodCount - 1)).survival($0) }
  }

  /// Iman and Davenport's statistic, which the chi-squared one underlies; infinite where all data sets agree.
  public var fStatistic: Double? {
    chiSquared.map { chiSquared in
      let rest = Double(dataSetCount * (methodCount - 1)) - chiSquared
      return rest > 1e-9 * chiSquared ? Double(dataSetCount - 1) * chiSquared / rest : .infinity
    }
  }

  /// The p-value of Iman and Davenport's statistic, which is closer to the nominal level; nil as the statistic.
  ///
  /// Where all data sets agree, it is the chance that they do.
  public var pValue: Double? {
    fStatistic.map { statistic in
      guard statistic.isFinite else {
        return exp(-Double(dataSetCount - 1) * BetaFunctions.logGamma(Double(methodCount + 1)))
      }
      return FDistribution(
        numerator: Double(methodCount - 1), denominator: Double((methodCount - 1) * (dataSetCount - 1))
      ).survival(statistic)
    }
  }

  /// The distance of two mean ranks beyond which methods differ, for all pairs at once.
  ///
  /// - Source: Nemenyi, "Distribution-free multiple comparisons", thesis, Princeton 1963.
  public func criticalDifference(level: Double = 0.95) -> Double {
    let k = Double(methodCount)
    return StudentizedRange(count: methodCount, degreesOfFreedom: nil).criticalValue(level: level)
      * (k * (k + 1) / (12 * Double(dataSetCount))).squareRoot()
  }

  /// The largest groups of at least two methods that do not differ, as a critical difference diagram joins by bars.
  ///
  /// - Returns: methods by ascending mean rank, groups likewise; groups may overlap.
  public func cliques(level: Double = 0.95) -> [[Int]] {
    let distance = criticalDifference(level: level)
    let order = averageRanks.indices.sorted { (averageRanks[$0], $0) < (averageRanks[$1], $1) }
    var (groups, reached) = ([[Int]](), 0)
    for start in order.indices {
      var end = start
      while end + 1 < order.count, averageRanks[order[end + 1]] - averageRanks[order[start]] <= distance { end += 1 }
      if end > start, end + 1 > reached {
        groups.append(Array(order[start...end]))
        reached = end + 1
      }
    }
    return groups
  }

  /// The rank of each method, and t³ − t summed over the groups of t ties.
  private static func ranks(_ scores: [Double], higherIsBetter: Bool) -> (ranks: [Double], ties: Double) {
    // Means over seeds round: what differs by no more than that is tied.
    let resolution = 16 * .ulpOfOne * (scores.lazy.map(abs).max() ?? 0)
    let order = scores.indices.sorted { higherIsBetter ? scores[$0] > scores[$1] : scores[$0] < scores[$1] }
    var (ranks, ties, start) = ([Double](repeating: 0, count: scores.count), 0.0, 0)
    while start < order.count {
      var end = start
      while end + 1 < order.count, abs(scores[order[end + 1]] - scores[order[end]]) <= resolution { end += 1 }
      let size = Double(end - start + 1)
      for position in start...end { ranks[order[position]] = Double(start + end + 2) / 2 }
      ties += size * size * size - size
      start = end + 1
    }
    return (ranks, ties)
  }
}
