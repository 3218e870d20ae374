import Foundation

/// The signed-rank test of whether paired differences are centred on zero, which assumes symmetry but no normality.
///
/// Zero differences are left out and equal magnitudes share the mean of their ranks. Up to 50 differences the
/// p-value is exact, also with shared ranks; beyond that it is the normal approximation with corrections for
/// continuity and ties. With n seeds no p-value can be below 2¹⁻ⁿ: five seeds can at best give 0.0625.
///
/// - Source: Wilcoxon, Biometrics Bulletin 1 (1945).
public struct WilcoxonSignedRank: Sendable, Hashable {
  /// The largest number of differences whose p-value is computed exactly.
  public static let largestExactCount = 50

  /// The number of differences that are not zero.
  public let count: Int
  /// The sum of the ranks of the positive differences.
  public let positiveRankSum: Double
  /// The two-sided p-value; 1 where all differences are zero.
  public let pValue: Double

  /// Tests differences.
  public init(differences: [Double]) {
    let nonZero = differences.filter { $0 != 0 }.sorted { abs($0) < abs($1) }
    count = nonZero.count
    var doubledRanks = [Int]()
    var tieCorrection = 0.0
    var start = 0
    while start < nonZero.count {
      let end = nonZero[start...].firstIndex { abs($0) != abs(nonZero[start]) } ?? nonZero.count
      let size = end - start
      // Ranks start + 1 through end share their mean; doubled, it is whole.
      doubledRanks += Array(repeating: start + 1 + end, count: size)
      tieCorrection += Double(size * size * size - size)
      start = end
    }
    let doubledSum = zip(nonZero, doubledRanks).reduce(0) { $0 + ($1.0 > 0 ? $1.1 : 0) }
    positiveRankSum = Double(doubledSum) / 2
    if nonZero.isEmpty {
      pValue = 1
    } else if nonZero.count <= WilcoxonSignedRank.largestExactCount {
      pValue = WilcoxonSignedRank.exactProbability(doubledRanks, observed: doubledSum)
    } else {
      let n = Double(nonZero.count)
      let variance = n * (n + 1) * (2 * n + 1) / 24 - tieCorrection / 48
      let distance = abs(Double(doubledSum) / 2 - n * (n + 1) / 4)
      pValue = min(1, 2 * StandardNormal().survival(max(0, distance - 0.5) / variance.squareRoot()))
    }
  }

  /// Twice the smaller tail of the rank sum under all 2ⁿ equally likely signs.
  private static func exactProbability(_ doubledRanks: [Int], observed: Int) -> Double {
    let total = doubledRanks.reduce(0, +)
    // Counts of sign patterns by their sum; 2⁵⁰ patterns are still whole numbers.
    var patterns = [Double](repeating: 0, count: total + 1)
    patterns[0] = 1
    var reachable = 0
    for rank in doubledRanks {
      for sum in stride(from: reachable, through: 0, by: -1) { patterns[sum + rank] += patterns[sum] }
      reachable += rank
    }
    let lower = patterns[...observed].reduce(0, +)
    let upper = patterns[observed...].reduce(0, +)
    return min(1, 2 * min(lower, upper) / exp2(Double(doubledRanks.count)))
  }
}
