import LabCore
import LabStats
import Testing

@Suite struct ComparisonTests {
  /// Extra hours of sleep under two drugs, the example of Student's paper of 1908.
  private let sleep = (
    first: [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
    second: [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
  )

  @Test func pairedTestMatchesSciPy() throws {
    let entries = try fixture("comparisons")["comparisons"]?.arrayValue ?? []
    #expect(entries.count == 15)
    for entry in entries {
      let differences = zip(entry["first"]?.numbers ?? [], entry["second"]?.numbers ?? []).map { $0 - $1 }
      let paired = try #require(PairedDifference(differences: differences))
      let expected = try #require(entry["paired"])
      #expect(isClose(paired.mean, expected.number("mean"), 1e-11))
      #expect(isClose(paired.tStatistic, expected.number("t"), 1e-11))
      #expect(isClose(paired.pValue, expected.number("p"), 1e-11))
      #expect(isClose(paired.cohenDz, expected.number("dz"), 1e-11))
      #expect(isClose(paired.interval()?.lower, expected.number("lower"), 1e-10))
      #expect(isClose(paired.interval()?.upper, expected.number("upper"), 1e-10))
    }
  }

  @Test func welchTestMatchesSciPy() throws {
    for entry in try fixture("comparisons")["comparisons"]?.arrayValue ?? [] {
      let welch = try #require(
        WelchDifference(treatment: entry["first"]?.numbers ?? [], reference: entry["other"]?.numbers ?? []))
      let expected = try #require(entry["welch"])
      #expect(isClose(welch.tStatistic, expected.number("t"), 1e-11))
      #expect(isClose(welch.degreesOfFreedom, expected.number("df"), 1e-11))
      #expect(isClose(welch.pValue, expected.number("p"), 1e-10))
      #expect(isClose(welch.hedgesG, expected.number("g"), 1e-11))
      #expect(isClose(welch.interval(level: 0.9)?.lower, expected.number("lower"), 1e-10))
      #expect(isClose(welch.interval(level: 0.9)?.upper, expected.number("upper"), 1e-10))
    }
  }

  @Test func studentsSleepData() throws {
    let paired = try #require(PairedDifference(differences: zip(sleep.first, sleep.second).map { $0 - $1 }))
    #expect(abs((paired.tStatistic ?? 0) + 4.0621) < 5e-5)
    #expect(abs((paired.pValue ?? 0) - 0.002833) < 5e-7)
    let interval = try #require(paired.interval())
    #expect(abs(interval.lower + 2.4598858) < 5e-8)
    #expect(abs(interval.upper + 0.7001142) < 5e-8)
    let welch = try #require(WelchDifference(treatment: sleep.first, reference: sleep.second))
    #expect(abs((welch.degreesOfFreedom ?? 0) - 17.776) < 5e-4)
    #expect(abs((welch.pValue ?? 0) - 0.07939) < 5e-6)
  }

  @Test func onlySharedUnitsArePaired() throws {
    let paired = try #require(
      PairedDifference(treatment: [0: 0.9, 1: 0.8, 3: 0.1], reference: [1: 0.5, 0: 0.5, 2: 0.9]))
    #expect(paired.differences == [0.4, 0.8 - 0.5])
    #expect(PairedDifference(treatment: [0: 1], reference: [1: 1]) == nil)
  }

  @Test func singlePairsHaveNoInterval() throws {
    let paired = try #require(PairedDifference(differences: [0.2]))
    #expect(paired.mean == 0.2)
    for method in IntervalMethod.allCases { #expect(paired.interval(method: method) == nil) }
    #expect(paired.pValue == nil && paired.tStatistic == nil && paired.cohenDz == nil)
    let welch = try #require(WelchDifference(treatment: [1, 2], reference: [3]))
    #expect(welch.mean == -1.5)
    #expect(welch.interval() == nil && welch.pValue == nil && welch.hedgesG == nil)
    #expect(WelchDifference(treatment: [], reference: [3]) == nil)
  }

  @Test func differencesWithoutSpreadAreNotJudged() throws {
    for values in [[0.0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5]] {
      let equal = try #require(PairedDifference(differences: values))
      #expect(equal.mean == values[0])
      #expect(equal.pValue == nil && equal.tStatistic == nil && equal.cohenDz == nil && equal.caveat != nil)
      for method in IntervalMethod.allCases { #expect(equal.interval(method: method) == nil) }
    }
    let welch = try #require(WelchDifference(treatment: [2, 2], reference: [1, 1]))
    #expect(welch.mean == 1 && welch.pValue == nil && welch.hedgesG == nil && welch.interval() == nil)
  }

  @Test func swappingTheSidesFlipsTheSign() throws {
    let forward = try #require(PairedDifference(differences: [0.1, 0.4, -0.2, 0.3]))
    let backward = try #require(PairedDifference(differences: [-0.1, -0.4, 0.2, -0.3]))
    #expect(forward.mean == -backward.mean)
    #expect(forward.pValue == backward.pValue)
    #expect(forward.interval()?.lower == (backward.interval()?.upper).map { -$0 })
  }

  @Test func holmMatchesNumPy() throws {
    for entry in try fixture("comparisons")["holm"]?.arrayValue ?? [] {
      let adjusted = HolmAdjustment.adjusted(entry["p"]?.numbers ?? [])
      for (actual, expected) in zip(adjusted, entry["adjusted"]?.numbers ?? []) { #expect(isClose(actual, expected)) }
    }
  }

  @Test func holmSkipsMissingValues() {
    let adjusted = HolmAdjustment.adjusted([0.04, nil, 0.01])
    #expect(adjusted == [0.04, nil, 0.02])
    #expect(HolmAdjustment.adjusted([]).isEmpty)
  }
}
