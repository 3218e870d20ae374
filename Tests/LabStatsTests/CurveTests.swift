import LabCore
import LabStats
import Testing

@Suite struct CurveTests {
  @Test func bandsMatchLeastSquares() throws {
    let fixture = try #require(fixture("chance")["curves"])
    let epochs = fixture["epochs"]?.integers ?? []
    let cases = fixture["cases"]?.arrayValue ?? []
    #expect(Set(cases.map { $0.number("is_bonferroni") }) == [0, 1], "both critical values are tried")
    for expected in cases {
      let values = expected["values"]?.arrayValue?.map(\.rows) ?? []
      let comparison = try #require(CurveComparison(epochs: epochs, values: values))
      let factor = comparison.criticalValue()
      #expect(isClose(factor, expected.number("critical"), 1e-9))
      for (index, estimate) in (expected["estimates"]?.numbers ?? []).enumerated() {
        let error = expected["errors"]?.numbers[index] ?? .nan
        #expect(abs(comparison.estimates[index] - estimate) < 1e-12)
        #expect(isClose(comparison.standardErrors[index], error, 1e-9))
        let interval = try #require(comparison.band()[index])
        #expect(isClose(interval.halfWidth, factor * error, 1e-9))
      }
      let area = try #require(comparison.area?.interval())
      let ends = expected["area"]?.numbers ?? []
      #expect(isClose(area.lower, ends[0], 1e-9) && isClose(area.upper, ends[1], 1e-9))
    }
  }

  @Test func agreeingRunsHaveNoBand() throws {
    let comparison = try #require(
      CurveComparison(epochs: [1, 2], values: [[[0.1, 0.5], [0.1, 0.6]], [[0.2, 0.7], [0.2, 0.65]]]))
    #expect(comparison.band()[0] == nil && comparison.band()[1] != nil)
  }

  @Test func incompleteCoursesAreNotCompared() {
    #expect(CurveComparison(epochs: [1, 2], values: [[[1, 2]], [[1, 2]]]) == nil)
    #expect(CurveComparison(epochs: [1, 2], values: [[[1, 2], [1]], [[1, 2], [1, 2]]]) == nil)
    #expect(CurveComparison(epochs: [1, 2], values: [[[1, 2], [1, .nan]], [[1, 2], [1, 2]]]) == nil)
    #expect(CurveComparison(epochs: [1, 2], values: [[[1, 2], [1, 2]]]) == nil)
  }

  @Test(arguments: [3, 5, 10], [0.0, 0.9]) func bandsHoldAtAllEpochsAtOnce(seeds: Int, correlation: Double) {
    let simulation = Simulation("bands")
    let epochs = 20
    let coverage = Simulation.share(of: 250) { repetition in
      let courses = (0..<(2 * seeds)).map { run in
        var last = simulation.stream.normal(UInt64(repetition), UInt64(run) << 32 | 0xffff)
        return simulation.normals(epochs, repetition: repetition, run).map { noise in
          last = correlation * last + (1 - correlation * correlation).squareRoot() * noise
          return last
        }
      }
      return CurveComparison(
        epochs: Array(1...epochs), values: [Array(courses[..<seeds]), Array(courses[seeds...])])?.band()
        .allSatisfy { $0?.contains(0) == true } == true
    }
    #expect(coverage > 0.92, "\(coverage)")
  }

  @Test func epochsToReachKeepsRunsThatNeverDo() {
    let epochs = [1, 2, 4, 8]
    let reach = EpochsToReach(
      0.5, epochs: epochs,
      courses: [[0.1, 0.5, 0.4, 0.9], [0.1, 0.2, 0.3, 0.4], [0.6, 0.1, 0.1, 0.1], [0, 0, 0, 0.7]])
    #expect(reach.epochs == [2, nil, 1, 8] && reach.reachedCount == 3 && reach.median == 5)
    let never = EpochsToReach(
      0.5, epochs: epochs, courses: [[0, 0, 0, 0], [0, 0, 0, 0.6], [0, 0, 0, 0], [0, 0, 0.5, 0]])
    #expect(never.median == nil && never.lastEpoch == 8)
    let compared = reach.compared(with: never)
    // The second pair is 2 against never, 8 against never is earlier too; never against 8 is later.
    #expect(compared.earlier == 2 && compared.later == 2 && compared.pValue == 1)
    let losses = EpochsToReach(0.5, epochs: epochs, courses: [[2, 1, 0.5, 0.4]], higherIsBetter: false)
    #expect(losses.epochs == [4])
    // Runs that ended at epochs of their own.
    let ragged = EpochsToReach(0.5, courses: [[1: 0.2, 2: 0.6, 3: 0.7], [1: 0.4], [2: 0.5, 9: 0.1]])
    #expect(ragged.epochs == [2, nil, 2] && ragged.lastEpoch == 9 && ragged.median == 2)
  }
}
