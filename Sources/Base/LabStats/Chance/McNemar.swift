import Foundation

/// Whether two networks differ by more than the choice of the test images.
///
/// Only the images count that one of them has right and the other wrong; with no difference these go either way like a
/// coin.
///
/// - Source: McNemar, "Note on the sampling error of the difference between correlated proportions or percentages",
///   Psychometrika 12, 1947; Fagerland, Lydersen and Laake, "The McNemar test for binary matched-pairs data: mid-p and
///   asymptotic are better than exact conditional", BMC Medical Research Methodology 13, 2013.
public struct McNemar: Sendable, Hashable {
  /// The images that the treatment has right and the reference wrong.
  public let gained: Int
  /// The images that the treatment has wrong and the reference right.
  public let lost: Int
  /// The exact two-sided p-value; 1 without discordant images.
  ///
  /// It is conservative.
  public let exactPValue: Double
  /// The two-sided mid-p value, which is close to the nominal level.
  public let midPValue: Double

  /// Tests counts of discordant images.
  public init(gained: Int, lost: Int) {
    precondition(gained >= 0 && lost >= 0, "counts are not negative")
    self.gained = gained
    self.lost = lost
    (exactPValue, midPValue) = SignFlips(counts: [1: gained + lost]).pValues(of: gained - lost)
  }
}

/// McNemar's test of each seed, and of all seeds' networks at once.
///
/// The seeds share their test images, so their tests are not independent: sums over the tables (Cochran, Mantel and
/// Haenszel) and Stouffer's sum of z-values would count every image once a seed. Here an image is a cluster: with no
/// difference, its net gain over the seeds is as likely lost as gained. The p-values are exact, by the distribution of
/// the sum with all signs at random; with one seed they are those of the seed. They are about other draws of images with
/// these networks, not about other seeds.
///
/// - Source: Durkalski et al., "Analysis of clustered matched-pair data", Statistics in Medicine 22, 2003, whose
///   statistic is that of the normal approximation.
public struct McNemarBySeed: Sendable, Hashable {
  /// The test of each seed.
  public let tests: [McNemar]
  /// Images gained less images lost, over all seeds.
  public let netGain: Int
  /// The exact two-sided p-value over all seeds.
  public let exactPValue: Double
  /// The two-sided mid-p value over all seeds.
  public let midPValue: Double

  /// Tests two variants' predictions.
  public init(_ predictions: MatchedPredictions) { self.init(ImageGains(predictions)) }

  /// Tests which images two variants have right.
  public init(_ gains: ImageGains) {
    tests = zip(gains.gained, gains.lost).map { McNemar(gained: $0, lost: $1) }
    var counts = [Int: Int]()
    for (sum, count) in gains.counts where sum != 0 { counts[abs(sum), default: 0] += count }
    netGain = gains.counts.reduce(0) { $0 + $1.key * $1.value }
    (exactPValue, midPValue) = SignFlips(counts: counts).pValues(of: netGain)
  }
}

/// The sum of whole numbers whose signs are random.
struct SignFlips {
  /// How many numbers there are of each magnitude, which is positive.
  let counts: [Int: Int]

  /// The largest work for which the distribution is worked out: about 0.1 s.
  private static let largestWork = 100_000_000

  /// The exact and the mid-p value of a sum, for both sides.
  func pValues(of sum: Int) -> (exact: Double, mid: Double) {
    let counts = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }
    guard !counts.isEmpty else { return (1, 1) }
    let largest = counts.reduce(0) { $0 + $1.key * $1.value }
    if counts.count == 1 { return binomial(of: sum, magnitude: counts[0].key, count: counts[0].value) }
    let work = counts.reduce(0) { $0 + ($1.value + 1) * (largest + 1) }
    return work <= SignFlips.largestWork ? convolved(sum, counts, largest) : normal(sum, counts)
  }

  /// ln of the probability of `k` heads among `n` throws of a coin.
  private func logProbability(_ k: Int, of n: Int) -> Double {
    -log(Double(n + 1)) - BetaFunctions.logBeta(Double(k + 1), Double(n - k + 1)) - Double(n) * log(2)
  }

  private func binomial(of sum: Int, magnitude: Int, count: Int) -> (exact: Double, mid: Double) {
    let tail = (count - abs(sum) / magnitude) / 2
    var term = exp(logProbability(tail, of: count))
    return pValues(
      atLeast: (0...tail).reversed().reduce(0) { total, k in
        defer { term *= Double(k) / Double(count - k + 1) }
        return total + term
      }, exactly: exp(logProbability(tail, of: count)), isZero: sum == 0)
  }

  private func convolved(_ sum: Int, _ counts: [(key: Int, value: Int)], _ largest: Int) -> (exact: Double, mid: Double)
  {
    // The number of magnitudes with a plus, summed: the sum is twice that less the largest.
    var distribution = [1.0]
    for (magnitude, count) in counts {
      let heads = (0...count).map { exp(logProbability($0, of: count)) }
      var next = [Double](repeating: 0, count: distribution.count + magnitude * count)
      for (head, probability) in heads.enumerated() where probability > 0 {
        for index in distribution.indices { next[index + magnitude * head] += probability * distribution[index] }
      }
      distribution = next
    }
    let first = (largest + abs(sum)) / 2
    return pValues(
      atLeast: distribution[first...].reversed().compensatedSum(), exactly: distribution[first], isZero: sum == 0)
  }

  /// With Edwards's correction for the exact value: sums of one parity lie two apart.
  private func normal(_ sum: Int, _ counts: [(key: Int, value: Int)]) -> (exact: Double, mid: Double) {
    let deviation = counts.reduce(0.0) { $0 + Double($1.key * $1.key * $1.value) }.squareRoot()
    let normal = StandardNormal()
    return (
      min(1, 2 * normal.survival((Double(abs(sum)) - 1) / deviation)),
      min(1, 2 * normal.survival(Double(abs(sum)) / deviation))
    )
  }

  private func pValues(atLeast tail: Double, exactly point: Double, isZero: Bool) -> (exact: Double, mid: Double) {
    isZero ? (1, 1 - point / 2) : (min(1, 2 * tail), min(1, 2 * tail - point))
  }
}
