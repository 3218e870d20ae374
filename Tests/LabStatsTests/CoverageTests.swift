import Foundation
import LabCore
import LabStats
import Testing

/// Simulated experiments whose true differences are known: how often intervals hold them.
@Suite struct CoverageTests {
  enum Errors: String, CaseIterable {
    case normal
    case skewed
    case heteroscedastic

    /// An error with a mean of zero.
    func value(_ stream: RandomStream, _ treatment: Int, _ index: UInt64) -> Double {
      switch self {
      case .normal: stream.normal(UInt64(treatment), index)
      case .skewed:
        // Exponential, less its mean.
        -log((Double(stream.words(UInt64(treatment), index).x) + 0.5) * 0x1p-32) - 1
      case .heteroscedastic: (1 + Double(treatment) / 5) * stream.normal(UInt64(treatment), index)
      }
    }
  }

  private static let treatmentCount = 6

  @Test(arguments: Errors.allCases, [3, 5, 10]) func intervalsHoldTheTruth(_ errors: Errors, _ seeds: Int) {
    let count = Self.treatmentCount
    let stream = RandomStream(seed: UInt64(seeds), name: "coverage/\(errors.rawValue)")
    let degrees = Double((count - 1) * (seeds - 1))
    let single = StudentT(degreesOfFreedom: degrees).criticalValue(level: 0.95)
    let paired = StudentT(degreesOfFreedom: Double(seeds - 1)).criticalValue(level: 0.95)
    let bonferroni = StudentT(degreesOfFreedom: Double(seeds - 1)).criticalValue(level: 1 - 0.05 / Double(count - 1))
    let simultaneous = MultivariateT(count: count - 1, correlation: 0.5, degreesOfFreedom: degrees)
      .criticalValue(level: 0.95)
    let experimentCount = 500
    var (held, failedFamilies) = (0, 0)
    for experiment in 0..<experimentCount {
      // The true differences are zero, beside what seeds do to all.
      let rows = (0..<count).map { treatment in
        (0..<seeds).map { seed in
          errors.value(stream, treatment, UInt64(experiment * seeds + seed)) + 3 * Double(seed)
        }
      }
      let fit = BlockedFit(BlockedSample(rows: rows))
      let isPooled = PoolingDecision(fit, baseline: 0).isPooled
      var largest = 0.0
      for treatment in 1..<count {
        let contrast =
          isPooled
          ? fit.difference(of: treatment, to: 0)
          : fit.sample.pairedDifference(of: treatment, to: 0).map(Contrast.init)
        let t = abs(contrast?.tStatistic ?? .infinity)
        if t <= (isPooled ? single : paired) { held += 1 }
        largest = max(largest, t)
      }
      if largest > (isPooled ? simultaneous : bonferroni) { failedFamilies += 1 }
    }
    let coverage = Double(held) / Double(experimentCount * (count - 1))
    let familywise = Double(failedFamilies) / Double(experimentCount)
    // Standard deviations that rise from 1 to 2 make the intervals of the quiet variants too wide.
    #expect((0.935...(errors == .heteroscedastic ? 0.98 : 0.97)).contains(coverage), "\(coverage)")
    // 0.055 and two standard errors of the simulation.
    #expect(familywise < 0.055 + 0.02, "\(familywise)")
  }
}
