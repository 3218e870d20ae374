import Foundation

/// How large a difference of two treatments is, beside the certainty that there is one.
public struct EffectSize: Sendable, Hashable {
  /// The difference of the adjusted means, in the metric's unit.
  public let difference: Double
  /// The change of the rate of errors as a share of the reference's: −0.1 is a tenth fewer.
  ///
  /// Nil for metrics without a
  /// best value, and for references without errors.
  public let relativeErrorChange: Double?
  /// Hedges' g: the difference in units of the residual standard deviation, which is that of a single run beside what
  /// its seed does to all variants.
  ///
  /// Its factor for small samples is exact, since the standard deviation has the residual's degrees of freedom. Units of
  /// what runs of different seeds differ by would be larger, and g smaller. Nil without residuals, and with a single
  /// degree of freedom.
  public let hedgesG: Double?
  /// The difference in units of its standard error, the degrees of freedom of that, and that in units of the residual
  /// standard deviation; nil without residuals.
  private let judged: Judged?
  /// The chance that the treatment beats the reference with the same seed.
  public let sameSeed: Superiority
  /// The chance that the treatment with a random seed beats the reference with another.
  public let anySeeds: Superiority

  private struct Judged: Sendable, Hashable {
    var tStatistic: Double
    var degreesOfFreedom: Double
    var standardError: Double
  }

  /// The chance that one value beats another.
  public struct Superiority: Sendable, Hashable {
    /// The share of the pairs that were measured in which it does, ties counting half; nil without a pair.
    public let observed: Double?
    /// The number of pairs.
    public let pairCount: Int
    /// The chance by normal distributions of the model's variances; nil without residuals.
    public let modeled: Double?
  }

  /// Measures the difference of two treatments; nil where it cannot be estimated.
  ///
  /// - Parameters:
  ///   - fit: the fit of the experiment.
  ///   - variances: the variances of the fit's treatments; nil where all have the one of its residual.
  ///   - treatment: the treatment.
  ///   - reference: what it is compared with.
  ///   - bestValue: the metric's value without errors, such as 1 for shares; nil where there is none.
  ///   - higherIsBetter: whether the larger value beats the smaller.
  /// - Source: Hedges, Journal of Educational Statistics 6, 1981; McGraw and Wong, Psychological Bulletin 111, 1992, for
  ///   the chance to beat.
  public init?(
    _ fit: BlockedFit, variances: TreatmentVariances? = nil, of treatment: Int, to reference: Int,
    bestValue: Double? = nil, higherIsBetter: Bool = true
  ) {
    guard
      let contrast = variances?.difference(of: treatment, to: reference)
        ?? fit.difference(of: treatment, to: reference),
      let referenceMean = fit.adjustedMeans[reference]
    else { return nil }
    difference = contrast.estimate
    relativeErrorChange = bestValue.flatMap { best in
      let errors = abs(best - referenceMean)
      return errors > 0 ? (abs(best - referenceMean - contrast.estimate) - errors) / errors : nil
    }
    let variance = variances?.commonVariance ?? fit.residualStandardDeviation.map { $0 * $0 } ?? 0
    let degrees = variances?.commonDegreesOfFreedom ?? Double(fit.residualDegreesOfFreedom)
    let deviation = fit.hasSpread && variance > 0 ? variance.squareRoot() : nil
    hedgesG = deviation.flatMap { degrees > 1 ? contrast.estimate / $0 * Self.smallSampleFactor(degrees) : nil }
    judged = deviation.flatMap { deviation in
      contrast.standardError.map { error in
        Judged(
          tStatistic: contrast.estimate / error, degreesOfFreedom: contrast.degreesOfFreedom,
          standardError: error / deviation)
      }
    }
    let sum = [treatment, reference].reduce(0) { $0 + (variances?.variance(of: $1) ?? variance) }
    let spread = fit.hasSpread && sum > 0 ? sum : nil

    let sign = higherIsBetter ? 1.0 : -1.0
    let first = fit.sample.values(of: treatment)
    let second = fit.sample.values(of: reference)
    func share(_ pairs: [(Double, Double)]) -> Double? {
      guard !pairs.isEmpty else { return nil }
      let wins = pairs.reduce(0.0) { $0 + (sign * $1.0 > sign * $1.1 ? 1 : $1.0 == $1.1 ? 0.5 : 0) }
      return wins / Double(pairs.count)
    }
    let normal = StandardNormal()
    let shared = first.compactMap { block, value in second[block].map { (value, $0) } }
    sameSeed = Superiority(
      observed: share(shared), pairCount: shared.count,
      modeled: spread.map { normal.cumulativeProbability(sign * contrast.estimate / $0.squareRoot()) })
    let all = Self.wins(first.values.map { sign * $0 }, over: second.values.map { sign * $0 })
    let sameWins = (sameSeed.observed ?? 0) * Double(shared.count)
    let otherCount = first.count * second.count - shared.count
    anySeeds = Superiority(
      observed: otherCount > 0 ? (all - sameWins) / Double(otherCount) : nil, pairCount: otherCount,
      modeled: spread.map {
        normal.cumulativeProbability(sign * contrast.estimate / ($0 + 2 * fit.blockVariance).squareRoot())
      })
  }

  /// The interval of the difference in units of the true residual standard deviation, by itself; nil where
  /// ``hedgesG`` is.
  ///
  /// It excludes 0 where the difference's own interval does. With the common variance it is exact for normal residuals;
  /// otherwise the degrees of freedom are Satterthwaite's.
  ///
  /// - Source: Steiger and Fouladi, Noncentrality Interval Estimation and the Evaluation of Statistical Models, 1997.
  public func hedgesGInterval(level: Double = 0.95) -> ConfidenceInterval? {
    guard hedgesG != nil, let judged else { return nil }
    func bound(_ probability: Double) -> Double {
      judged.standardError
        * NoncentralT.noncentrality(
          of: judged.tStatistic, degreesOfFreedom: judged.degreesOfFreedom, cumulativeProbability: probability)
    }
    return ConfidenceInterval(lower: bound((1 + level) / 2), upper: bound((1 - level) / 2), level: level)
  }

  /// The number of pairs in which the first is larger, ties counting half.
  private static func wins(_ first: [Double], over second: [Double]) -> Double {
    let (first, second) = (first.sorted(), second.sorted())
    var (below, notAbove, wins) = (0, 0, 0.0)
    for value in first {
      while below < second.count, second[below] < value { below += 1 }
      while notAbove < second.count, second[notAbove] <= value { notAbove += 1 }
      wins += Double(below + notAbove) / 2
    }
    return wins
  }

  /// The factor that makes a standardized difference unbiased.
  private static func smallSampleFactor(_ degrees: Double) -> Double {
    exp(BetaFunctions.logGamma(degrees / 2) - BetaFunctions.logGamma((degrees - 1) / 2)) / (degrees / 2).squareRoot()
  }
}

extension BlockedFit {
  /// The variance of the blocks' effects, beside what the residuals give to their estimates; 0 where that explains all.
  ///
  /// Of complete blocks it is the analysis of variance's estimate; of others an approximation by the mean number of cells
  /// a block.
  public var blockVariance: Double {
    let degrees = sample.blocks.count - components.count
    guard degrees > 0, let deviation = residualStandardDeviation else { return 0 }
    let size = Double(sample.observations.count) / Double(sample.blocks.count)
    let square = blockEffects.lazy.map { $0 * $0 }.compensatedSum() / Double(degrees)
    return max(0, square - deviation * deviation / size)
  }
}
