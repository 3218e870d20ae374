import LabCore
import LabStats
import Testing

@Suite struct BootstrapTests {
  @Test func intervalsMatchSciPyWithinSamplingError() throws {
    let expected = try #require(fixture("comparisons")["bootstrap"])
    let sample = expected["sample"]?.numbers ?? []
    let deviation = try #require(SampleSummary(sample)?.standardError)
    let bootstrap = Bootstrap(resampleCount: 60_000)
    let pairs = [
      (bootstrap.percentileInterval(of: sample), expected["percentile"]?.numbers ?? []),
      (bootstrap.acceleratedInterval(of: sample), expected["bca"]?.numbers ?? []),
    ]
    for (actual, reference) in pairs {
      let actual = try #require(actual)
      #expect(abs(actual.lower - reference[0]) < 0.06 * deviation)
      #expect(abs(actual.upper - reference[1]) < 0.06 * deviation)
    }
  }

  @Test func accelerationMatchesNumPyOnAGivenDistribution() throws {
    let given = try #require(fixture("comparisons")["bootstrap"]?["given"])
    let interval = Bootstrap.acceleratedInterval(
      given["distribution"]?.numbers ?? [], estimate: given.number("estimate"),
      jackknife: given["jackknife"]?.numbers ?? [], level: 0.9)
    let ends = given["ends"]?.numbers ?? []
    #expect(isClose(interval.lower, ends[0]) && isClose(interval.upper, ends[1]))
  }

  @Test func sameStreamSameInterval() {
    let sample = [0.3, 0.9, 0.4, 0.7]
    let first = Bootstrap(resampleCount: 500).acceleratedInterval(of: sample)
    #expect(first == Bootstrap(resampleCount: 500).acceleratedInterval(of: sample))
    let other = Bootstrap(resampleCount: 500, stream: RandomStream(seed: 1, name: "bootstrap"))
    let mean = { (values: [Double]) in Bootstrap.mean(values) }
    #expect(
      other.distribution(of: sample, statistic: mean)
        != Bootstrap(resampleCount: 500).distribution(of: sample, statistic: mean))
  }

  @Test func smallAndConstantSamples() {
    #expect(Bootstrap().percentileInterval(of: [1]) == nil)
    #expect(Bootstrap().acceleratedInterval(of: []) == nil)
    let constant = Bootstrap(resampleCount: 50).acceleratedInterval(of: [2, 2, 2])
    #expect(constant == ConfidenceInterval(lower: 2, upper: 2, level: 0.95))
  }

  @Test func intervalsFollowShiftsAndScale() throws {
    let sample = [0.31, 0.94, 0.42, 0.77, 0.5, 0.66]
    let bootstrap = Bootstrap(resampleCount: 2_000)
    let reference = try #require(bootstrap.acceleratedInterval(of: sample))
    let moved = try #require(bootstrap.acceleratedInterval(of: sample.map { 2 + 4 * $0 }))
    #expect(isClose(moved.lower, 2 + 4 * reference.lower, 1e-9))
    #expect(isClose(moved.upper, 2 + 4 * reference.upper, 1e-9))
  }

  @Test func otherStatisticsCanBeResampled() throws {
    let maximum = Bootstrap(resampleCount: 200).percentileInterval(of: [1, 2, 9]) { $0.max() ?? 0 }
    #expect(maximum?.upper == 9)
  }
}
