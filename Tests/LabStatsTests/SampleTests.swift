import LabCore
import LabStats
import Testing

@Suite struct SampleTests {
  @Test func summariesMatchNumPy() throws {
    for entry in try fixture("comparisons")["comparisons"]?.arrayValue ?? [] {
      let summary = SampleSummary(entry["first"]?.numbers ?? [])
      #expect(isClose(summary?.mean, entry.number("mean")))
      #expect(isClose(summary?.standardDeviation, entry.number("sd")))
      #expect(isClose(summary?.standardError, entry.number("se")))
    }
  }

  @Test func smallSamples() {
    #expect(SampleSummary([Double]()) == nil)
    let single = SampleSummary([0.9])
    #expect(single?.mean == 0.9)
    #expect(single?.standardDeviation == nil)
    #expect(single?.interval() == nil)
    let pair = SampleSummary([1.0, 3.0])
    #expect(isClose(pair?.standardDeviation, 2.0.squareRoot()))
    // With two values the interval is the mean ± 12.706 standard errors.
    #expect(isClose(pair?.interval()?.upper, 2 + 12.7062047361747, 1e-12))
  }

  @Test func equalValuesHaveNoSpread() {
    let summary = SampleSummary([Double](repeating: 0.1, count: 10))
    #expect(summary?.mean == 0.1)
    #expect(summary?.standardDeviation == 0)
    #expect(summary?.interval() == ConfidenceInterval(lower: 0.1, upper: 0.1, level: 0.95))
  }

  @Test func spreadSurvivesALargeOffset() {
    let offset = 1e9
    let summary = SampleSummary([offset + 4, offset + 7, offset + 13, offset + 16])
    #expect(summary?.mean == offset + 10)
    #expect(isClose(summary?.standardDeviation, 30.0.squareRoot(), 1e-14))
  }

  @Test func orderDoesNotMatter() {
    let stream = RandomStream(seed: 3, name: "sample")
    let values = (0..<200).map { stream.normal(UInt64($0)) * 1e3 }
    let reference = SampleSummary(values)
    for seed in 0..<5 {
      let order = stream.permutation(count: values.count, UInt64(seed))
      let shuffled = SampleSummary(order.map { values[$0] })
      #expect(isClose(shuffled?.mean, reference?.mean ?? .nan, 1e-15))
      #expect(isClose(shuffled?.standardDeviation, reference?.standardDeviation ?? .nan, 1e-14))
    }
  }

  @Test func shiftAndScale() {
    let stream = RandomStream(seed: 4, name: "sample")
    let values = (0..<30).map { stream.normal(UInt64($0)) }
    let reference = SampleSummary(values)
    let moved = SampleSummary(values.map { 5 - 3 * $0 })
    #expect(isClose(moved?.mean, 5 - 3 * (reference?.mean ?? .nan), 1e-14))
    #expect(isClose(moved?.standardDeviation, 3 * (reference?.standardDeviation ?? .nan), 1e-13))
  }

  @Test func compensatedSumKeepsWhatPlainAdditionLoses() {
    #expect([1, 1e100, 1, -1e100].compensatedSum() == 2)
    #expect([Double](repeating: 0.1, count: 10_000_000).compensatedSum() == 1_000_000)
    #expect([1, .infinity, 2].compensatedSum() == .infinity)
    var first = CompensatedSum()
    var second = CompensatedSum()
    for value in [1, 1e100] { first.add(value) }
    for value in [1, -1e100] { second.add(value) }
    first.merge(second)
    #expect(first.value == 2)
  }

  @Test func runningMomentsAgreeWithTheSummary() {
    let stream = RandomStream(seed: 5, name: "sample")
    let values = (0..<101).map { 1e6 + stream.normal(UInt64($0)) }
    var whole = RunningMoments()
    var parts = [RunningMoments](repeating: RunningMoments(), count: 3)
    #expect(whole.mean == nil)
    for (index, value) in values.enumerated() {
      whole.add(value)
      parts[index % 3].add(value)
    }
    var merged = RunningMoments()
    for part in parts { merged.merge(part) }
    let reference = SampleSummary(values)
    for moments in [whole, merged] {
      #expect(moments.count == 101)
      #expect(isClose(moments.mean, reference?.mean ?? .nan, 1e-14))
      #expect(isClose(moments.standardDeviation, reference?.standardDeviation ?? .nan, 1e-8))
    }
    var single = RunningMoments()
    single.add(2)
    #expect(single.mean == 2 && single.standardDeviation == nil)
  }
}
