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
    case oneNoisy
    case noisyBaseline

    /// An error with a mean of zero.
    func value(_ stream: RandomStream, _ treatment: Int, _ index: UInt64) -> Double {
      switch self {
      case .normal: stream.normal(UInt64(treatment), index)
      case .skewed:
        // Exponential, less its mean.
        -log((Double(stream.words(UInt64(treatment), index).x) + 0.5) * 0x1p-32) - 1
      case .heteroscedastic: (1 + Double(treatment) / 5) * stream.normal(UInt64(treatment), index)
      case .oneNoisy: (treatment == CoverageTests.treatmentCount - 1 ? 3 : 1) * stream.normal(UInt64(treatment), index)
      case .noisyBaseline: (treatment == 0 ? 3 : 1) * stream.normal(UInt64(treatment), index)
      }
    }
  }

  private static let treatmentCount = 6

  /// What is simulated: errors, the number of seeds, and how often intervals have to hold the truth.
  struct Setting: Sendable, CustomTestStringConvertible {
    var errors: Errors
    var seeds: Int
    /// The coverage of 95 % intervals, on average.
    var coverage: ClosedRange<Double>
    /// The coverage of the treatment that fares worst.
    var worst = 0.92
    /// The familywise error of simultaneous intervals.
    var familywise = 0.055

    var testDescription: String { "\(errors.rawValue), \(seeds) seeds" }
  }

  static let settings: [Setting] =
    [3, 5, 10].flatMap { seeds in
      [
        Setting(errors: .normal, seeds: seeds, coverage: 0.94...0.975),
        Setting(errors: .skewed, seeds: seeds, coverage: 0.95...0.99),
        // Standard deviations that rise from 1 to 2 make the intervals of the quiet variants too wide.
        Setting(errors: .heteroscedastic, seeds: seeds, coverage: 0.94...0.99),
      ]
    } + [
      // Three runs seldom show that they vary three times as much: what Documentation/Conclusions.md says of it.
      Setting(errors: .oneNoisy, seeds: 3, coverage: 0.94...0.99, worst: 0.88, familywise: 0.075),
      Setting(errors: .oneNoisy, seeds: 10, coverage: 0.94...0.99, worst: 0.92),
      Setting(errors: .noisyBaseline, seeds: 3, coverage: 0.88...0.95, worst: 0.87, familywise: 0.1),
      Setting(errors: .noisyBaseline, seeds: 10, coverage: 0.92...0.97, worst: 0.91),
    ]

  @Test(arguments: settings) func intervalsHoldTheTruth(_ setting: Setting) {
    let (count, seeds) = (Self.treatmentCount, setting.seeds)
    let stream = RandomStream(seed: UInt64(seeds), name: "coverage/\(setting.errors.rawValue)")
    let simultaneous = MultivariateT(
      count: count - 1, correlation: 0.5, degreesOfFreedom: Double((count - 1) * (seeds - 1)))
    let experimentCount = 500
    var held = [Int](repeating: 0, count: count - 1)
    var failedFamilies = 0
    for experiment in 0..<experimentCount {
      // The true differences are zero, beside what seeds do to all.
      let rows = (0..<count).map { treatment in
        (0..<seeds).map { seed in
          setting.errors.value(stream, treatment, UInt64(experiment * seeds + seed)) + 3 * Double(seed)
        }
      }
      let variances = TreatmentVariances(BlockedFit(BlockedSample(rows: rows)), reference: 0)
      var hasFailed = false
      for treatment in 1..<count {
        guard let contrast = variances.difference(of: treatment, to: 0), let t = contrast.tStatistic,
          let p = contrast.pValue
        else { continue }
        if p >= 0.05 {
          held[treatment - 1] += 1
        } else if simultaneous.with(degreesOfFreedom: contrast.degreesOfFreedom).survival(abs(t)) < 0.05 {
          hasFailed = true
        }
      }
      if hasFailed { failedFamilies += 1 }
    }
    let coverage = Double(held.reduce(0, +)) / Double(experimentCount * (count - 1))
    let worst = Double(held.min() ?? 0) / Double(experimentCount)
    let familywise = Double(failedFamilies) / Double(experimentCount)
    #expect(setting.coverage.contains(coverage), "\(coverage)")
    #expect(worst > setting.worst - 0.025, "\(worst)")
    // Two standard errors of the simulation.
    #expect(familywise < setting.familywise + 0.02, "\(familywise)")
  }
}
