import LabCore
import LabStats
import Testing

@Suite struct FactorialSampleTests {
  /// value = 10 + 2a + 3b + 1.5ab + the seed's share, exactly additive in the seed.
  private func grid(
    _ levels: (Int, Int) = (2, 3), seeds: Range<UInt64> = 0..<3, missing: Set<[UInt64]> = []
  ) -> FactorialSample {
    var observations = [FactorialSample.Observation]()
    for a in 0..<levels.0 {
      for b in 0..<levels.1 {
        for seed in seeds where !missing.contains([UInt64(a), UInt64(b), seed]) {
          let value = 10 + 2 * Double(a) + 3 * Double(b) + 1.5 * Double(a * b) + 0.25 * Double(seed)
          observations.append(.init(levels: [a, b], seed: seed, value: value))
        }
      }
    }
    return FactorialSample(observations)
  }

  @Test func marginalMeans() throws {
    let mean = try #require(grid().marginalMean(at: [0: 1]))
    // b averages 1: 10 + 2 + 3 + 1.5, and the seeds average 1.
    #expect(isClose(mean.mean, 16.75))
    #expect(mean.runCount == 9 && mean.cellCount == 3)
    #expect(grid().marginalMean(at: [0: 7]) == nil)
    let cell = try #require(grid().marginalMean(at: [0: 1, 1: 2]))
    #expect(isClose(cell.mean, 10 + 2 + 6 + 3 + 0.25))
    #expect(isClose(cell.standardDeviation, 0.25))
    let single = try #require(grid(seeds: 0..<1).marginalMean(at: [0: 1, 1: 2]))
    #expect(single.standardDeviation == nil)
  }

  @Test func missingRunsDoNotMoveAMarginalMeanTowardsTheOtherCells() throws {
    // Two of three runs of the best cell are missing; the cell keeps its weight.
    let mean = try #require(grid(missing: [[1, 2, 0], [1, 2, 2]]).marginalMean(at: [0: 1]))
    #expect(isClose(mean.mean, 16.75))
    #expect(mean.runCount == 7)
  }

  @Test func mainEffectIsTheMeanOfMatchedDifferences() throws {
    let effect = try #require(grid().mainEffect(of: 0, level: 1, baseline: 0))
    #expect(isClose(effect.difference.mean, 3.5))
    // The seeds' shares cancel, so the seeds agree exactly.
    #expect(effect.difference.summary.count == 3)
    #expect(effect.difference.summary.standardDeviation == 0)
    #expect(effect.matchCount == 9 && effect.positiveCount == 9 && effect.negativeCount == 0)
    let pairs = try #require(grid().mainEffect(of: 0, level: 1, baseline: 0, unit: .pair))
    #expect(isClose(pairs.difference.mean, 3.5))
    #expect(pairs.difference.summary.count == 9)
    // The cells' effects are 2, 3.5 and 5, each three times.
    #expect(isClose(pairs.difference.summary.standardDeviation, (2 * 3 * 1.5 * 1.5 / 8.0).squareRoot()))
  }

  @Test func unmatchedRunsDoNotBiasAnEffect() throws {
    // Without matching, losing the high runs of level 1 would turn the effect around.
    let missing: Set<[UInt64]> = [[1, 2, 0], [1, 2, 1], [1, 2, 2], [1, 1, 0], [1, 1, 1], [1, 1, 2]]
    let effect = try #require(grid(missing: missing).mainEffect(of: 0, level: 1, baseline: 0))
    #expect(isClose(effect.difference.mean, 2))
    #expect(effect.matchCount == 3)
    #expect(grid((1, 3)).mainEffect(of: 0, level: 1, baseline: 0) == nil)
  }

  @Test func effectsOfSwappedLevelsAreOpposite() throws {
    let forward = try #require(grid().mainEffect(of: 1, level: 2, baseline: 0, unit: .pair))
    let backward = try #require(grid().mainEffect(of: 1, level: 0, baseline: 2, unit: .pair))
    #expect(isClose(forward.difference.mean, -backward.difference.mean))
    #expect(forward.positiveCount == backward.negativeCount)
  }

  @Test func interactionIsTheDifferenceOfDifferences() throws {
    let interaction = try #require(
      grid().interaction(of: (factor: 0, level: 1, baseline: 0), with: (factor: 1, level: 2, baseline: 0)))
    #expect(isClose(interaction.difference.mean, 3))
    #expect(interaction.matchCount == 3)
    let swapped = try #require(
      grid().interaction(of: (factor: 1, level: 2, baseline: 0), with: (factor: 0, level: 1, baseline: 0)))
    #expect(isClose(swapped.difference.mean, interaction.difference.mean))
    // One missing corner removes its seed.
    let partial = try #require(
      grid(missing: [[0, 0, 1]]).interaction(
        of: (factor: 0, level: 1, baseline: 0), with: (factor: 1, level: 2, baseline: 0)))
    #expect(partial.matchCount == 2)
  }

  @Test func repeatedMeasurementsAreAveraged() throws {
    let sample = FactorialSample([
      .init(levels: [0], seed: 0, value: 1), .init(levels: [0], seed: 0, value: 3),
      .init(levels: [1], seed: 0, value: 5),
    ])
    #expect(try #require(sample.marginalMean(at: [0: 0])).mean == 2)
    let effect = try #require(sample.mainEffect(of: 0, level: 1, baseline: 0))
    #expect(effect.difference.mean == 3)
    #expect(effect.difference.interval() == nil)
  }
}
