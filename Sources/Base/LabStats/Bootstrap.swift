import Foundation
import LabCore

/// Intervals from resampling a sample with replacement.
///
/// The resamples are drawn from a counter-based stream, so the same sample gives the same interval. A sample of n
/// values has only a few distinct resamples when n is small: below about ten values prefer Student's t.
public struct Bootstrap: Sendable {
  /// The number of resamples.
  public var resampleCount: Int
  /// The stream that draws them.
  public var stream: RandomStream

  /// Creates a bootstrap.
  public init(resampleCount: Int = 10_000, stream: RandomStream = RandomStream(seed: 0, name: "bootstrap")) {
    precondition(resampleCount > 0, "a bootstrap needs at least one resample")
    self.resampleCount = resampleCount
    self.stream = stream
  }

  /// The sorted values of a statistic over the resamples.
  public func distribution(of sample: [Double], statistic: ([Double]) -> Double) -> [Double] {
    var resample = sample
    return (0..<resampleCount).map { draw in
      for i in resample.indices {
        resample[i] = sample[stream.integer(below: sample.count, UInt64(i), UInt64(draw))]
      }
      return statistic(resample)
    }.sorted()
  }

  /// The percentile interval of a statistic; nil below two values.
  public func percentileInterval(
    of sample: [Double], level: Double = 0.95, statistic: ([Double]) -> Double = Bootstrap.mean
  ) -> ConfidenceInterval? {
    guard sample.count > 1 else { return nil }
    return Bootstrap.percentileInterval(distribution(of: sample, statistic: statistic), level: level)
  }

  /// The bias-corrected and accelerated interval of a statistic; nil below two values.
  ///
  /// - Source: Efron, "Better bootstrap confidence intervals", JASA 82 (1987).
  public func acceleratedInterval(
    of sample: [Double], level: Double = 0.95, statistic: ([Double]) -> Double = Bootstrap.mean
  ) -> ConfidenceInterval? {
    guard sample.count > 1 else { return nil }
    let jackknife = sample.indices.map { left in
      var rest = sample
      rest.remove(at: left)
      return statistic(rest)
    }
    return Bootstrap.acceleratedInterval(
      distribution(of: sample, statistic: statistic), estimate: statistic(sample), jackknife: jackknife, level: level)
  }

  /// The arithmetic mean, the statistic unless another is given.
  public static func mean(_ sample: [Double]) -> Double { sample.compensatedSum() / Double(sample.count) }
}

extension Bootstrap {
  package static func percentileInterval(_ sorted: [Double], level: Double) -> ConfidenceInterval {
    precondition(level > 0 && level < 1, "a confidence level lies between 0 and 1")
    return ConfidenceInterval(
      lower: quantile((1 - level) / 2, of: sorted), upper: quantile((1 + level) / 2, of: sorted), level: level)
  }

  package static func acceleratedInterval(
    _ sorted: [Double], estimate: Double, jackknife: [Double], level: Double
  ) -> ConfidenceInterval {
    precondition(level > 0 && level < 1, "a confidence level lies between 0 and 1")
    let normal = StandardNormal()
    // Half of the ties count as below, so that a symmetric lattice has no bias.
    let below = sorted.lazy.filter { $0 < estimate }.count
    let notAbove = sorted.lazy.filter { $0 <= estimate }.count
    let bias = normal.quantile(Double(below + notAbove) / Double(2 * sorted.count))
    let center = mean(jackknife)
    let deviations = jackknife.map { center - $0 }
    let squares = deviations.lazy.map { $0 * $0 }.compensatedSum()
    // Without spread there is nothing to correct, and with all resamples on one side no correction is defined.
    guard bias.isFinite, squares > 0 else { return percentileInterval(sorted, level: level) }
    let acceleration = deviations.lazy.map { $0 * $0 * $0 }.compensatedSum() / (6 * pow(squares, 1.5))
    func end(_ probability: Double) -> Double {
      let shifted = bias + normal.quantile(probability)
      return quantile(normal.cumulativeProbability(bias + shifted / (1 - acceleration * shifted)), of: sorted)
    }
    return ConfidenceInterval(lower: end((1 - level) / 2), upper: end((1 + level) / 2), level: level)
  }

  /// The quantile of a sorted sample, interpolated linearly between neighbours.
  package static func quantile(_ probability: Double, of sorted: [Double]) -> Double {
    let position = min(max(probability, 0), 1) * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[index] + (position - Double(index)) * (sorted[index + 1] - sorted[index])
  }
}
