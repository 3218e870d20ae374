import Foundation
import LabCore

/// How probable it is that one method is better than another on data sets like these, practically as good, or worse.
///
/// The data sets are a sample from an unknown distribution with a Dirichlet process for a prior; the question is where the
/// mean of the differences on two data sets lies. As in the original, the prior is half an observation of no difference.
///
/// - Source: Benavoli, Corani, Mangili, Zaffalon and Ruggeri, "A Bayesian Wilcoxon signed-rank test based on the Dirichlet
///   process", ICML 2014; Benavoli, Corani, Demšar and Zaffalon, "Time for a change: a tutorial for comparing multiple
///   classifiers through Bayesian analysis", JMLR 18, 2017.
public struct BayesianSignedRank: Sendable, Hashable {
  /// One number each for the treatment being worse, practically as good, and better; together they are 1.
  public struct Outcome: Sendable, Hashable {
    /// The treatment is worse by more than the smallest effect.
    public let worse: Double
    /// The difference is within the smallest effect.
    public let equivalent: Double
    /// The treatment is better by more than the smallest effect.
    public let better: Double
  }

  /// The probability that each is the most likely outcome on two more data sets, by sampling.
  public let probabilities: Outcome
  /// The posterior mean of the chance of each on two more data sets, exactly.
  public let expected: Outcome

  /// The prior's weight, in observations.
  private static let priorWeight = 0.5

  /// Compares two methods.
  ///
  /// - Parameters:
  ///   - differences: one a data set, positive where the treatment is better, finite; each may be a mean over seeds.
  ///   - smallestEffect: what does not matter on either side of zero (the region of practical equivalence), at least 0;
  ///     with 0 nothing is equivalent.
  ///   - sampleCount: the number of samples from the posterior; 50,000 know a probability within 0.005.
  ///   - stream: the stream that draws them.
  /// - Returns: nil without data sets.
  public init?(
    differences: [Double], smallestEffect: Double = 0, sampleCount: Int = 50_000,
    stream: RandomStream = RandomStream(seed: 0, name: "bayesian signed rank")
  ) {
    precondition(smallestEffect >= 0 && sampleCount > 0, "an effect is not negative, and there are samples")
    guard !differences.isEmpty else { return nil }
    // The pseudo-observation of the prior is marked by its place before sorting.
    let sorted = ([(value: 0.0, weight: BayesianSignedRank.priorWeight)] + differences.map { ($0, 1) })
      .sorted { $0.value < $1.value }
    let weights = sorted.map(\.weight)
    let above = PairSums(sorted.map(\.value), threshold: 2 * smallestEffect)
    let below = PairSums(sorted.reversed().map { -$0.value }, threshold: 2 * smallestEffect)
    @Sendable func outcome(_ worse: Double, _ better: Double) -> Outcome {
      Outcome(worse: worse, equivalent: max(0, 1 - worse - better), better: better)
    }
    expected = outcome(below.mean(weights.reversed()), above.mean(weights))
    let chunks = Array(stride(from: 0, to: sampleCount, by: 1_000))
    let counts =
      Parallel.results(of: chunks) { first in
        var counts = SIMD3<Double>()
        for sample in first..<min(first + 1_000, sampleCount) {
          let draw = BayesianSignedRank.draw(weights, stream, sample)
          let shares = outcome(below.share(draw.reversed()), above.share(draw))
          counts += BayesianSignedRank.winners(SIMD3(shares.worse, shares.equivalent, shares.better))
        }
        return counts
      }.reduce(SIMD3<Double>()) { sum, counts in sum + ((try? counts.get()) ?? SIMD3()) } / Double(sampleCount)
    probabilities = Outcome(worse: counts.x, equivalent: counts.y, better: counts.z)
  }

  /// One for the largest share; what is as large shares it.
  private static func winners(_ shares: SIMD3<Double>) -> SIMD3<Double> {
    let largest = SIMD3<Double>().replacing(with: 1, where: shares .>= shares.max() - 1e-12)
    return largest / largest.sum()
  }

  /// Weights from the Dirichlet distribution, by gamma variables of one half and one.
  private static func draw(_ weights: [Double], _ stream: RandomStream, _ sample: Int) -> [Double] {
    let draws = weights.enumerated().map { index, weight in
      if weight == 1 {
        let words = stream.words(UInt64(index), UInt64(sample))
        return -log((Double((UInt64(words.x) << 32 | UInt64(words.y)) >> 11) + 1) * 0x1p-53)
      }
      let normal = stream.normal(UInt64(index), UInt64(sample))
      return normal * normal / 2
    }
    let total = draws.reduce(0, +)
    return draws.map { $0 / total }
  }
}

/// Which pairs of sorted values, each with itself too, sum to more than a threshold; those equal to it count half.
private struct PairSums {
  /// For each value the first that makes a sum above the threshold, and the first that reaches it.
  let places: [(above: Int, reached: Int)]

  init(_ sorted: [Double], threshold: Double) {
    places = sorted.map { value in
      (
        sorted.firstIndex { value + $0 > threshold } ?? sorted.count,
        sorted.firstIndex { value + $0 >= threshold } ?? sorted.count
      )
    }
  }

  /// The weight of these pairs.
  func share(_ weights: some Collection<Double>) -> Double {
    var tails = [0.0]
    for weight in weights.reversed() { tails.append(tails[tails.count - 1] + weight) }
    let count = places.count
    return zip(weights, places).reduce(0) { sum, item in
      sum + item.0 * (tails[count - item.1.above] + tails[count - item.1.reached]) / 2
    }
  }

  /// The mean weight of these pairs for weights of a Dirichlet distribution.
  func mean(_ parameters: some Collection<Double>) -> Double {
    let total = parameters.reduce(0, +)
    let own = zip(parameters, places.indices).reduce(0) { sum, item in
      let place = places[item.1]
      let share = (item.1 >= place.above ? 0.5 : 0) + (item.1 >= place.reached ? 0.5 : 0)
      return sum + item.0 * share
    }
    return (share(parameters) + own) / (total * (total + 1))
  }
}
