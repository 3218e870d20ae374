import LabRecords
import LabReport
import Testing

@Suite struct FactorTableTests {
  /// accuracy = 0.8 + 0.02·conv + 0.03·down + 0.01·conv·down, with the seeds' shares the same in all cells.
  private func grid(seeds: Int = 3) -> Sweep {
    let convs = ["static", "odconv"]
    let downs = ["strided", "spd", "maxpool"]
    let variants = convs.enumerated().flatMap { c, conv in
      downs.enumerated().map { d, down in
        SampleSweep.variant(
          "\(conv), \(down)", ["conv": conv, "down": down], isBaseline: c == 0 && d == 0,
          accuracies: (0..<seeds).map {
            0.8 + 0.02 * Double(c) + 0.03 * Double(d) + 0.01 * Double(c * d) + 0.001 * Double($0)
          })
      }
    }
    return SampleSweep.sweep(
      variants, factors: [.init(name: "conv", levels: convs), .init(name: "down", levels: downs)],
      seeds: 0..<UInt64(seeds))
  }

  @Test func mainEffects() throws {
    let table = try FactorTable(grid(), by: ["conv"])
    #expect(table.baselineLevels == ["static"])
    #expect(table.rows.map(\.levels) == [["static"], ["odconv"]])
    #expect(table.rows.map(\.cellCount) == [3, 3])
    let effect = try #require(table.rows[1].results[0].difference)
    #expect(abs(effect.mean - 0.03) < 1e-12)
    #expect(effect.pairCount == 9 && effect.greaterCount == 9)
    // Seeds agree but for rounding, which is no spread; pairs differ from cell to cell.
    #expect(effect.interval == nil && effect.pValue == nil && effect.cohenDz == nil)
    #expect(effect.caveat == .equalDifferences(count: 3))
    #expect(table.table.numberedNotes == ["odconv: the differences of all 3 seeds are equal; no spread to judge by"])
    let pairs = try FactorTable(grid(), by: ["conv"], options: .init(replicationUnit: .pair))
    #expect(try #require(pairs.rows[1].results[0].difference?.interval).halfWidth > 1e-3)
  }

  @Test func singleSeedsHaveAnIntervalOnlyOverPairs() throws {
    let bySeed = try FactorTable(grid(seeds: 1), by: ["conv"])
    #expect(try #require(bySeed.rows[1].results[0].difference).interval == nil)
    let byPair = try FactorTable(grid(seeds: 1), by: ["conv"], options: .init(replicationUnit: .pair))
    #expect(try #require(byPair.rows[1].results[0].difference).interval != nil)
  }

  @Test func interactions() throws {
    let table = try FactorTable(grid(), by: ["conv", "down"])
    #expect(table.rows.count == 6)
    #expect(table.rows.map(\.isBaseline) == [true, true, true, true, false, false])
    #expect(abs(try #require(table.rows[4].results[0].difference).mean - 0.01) < 1e-12)
    #expect(abs(try #require(table.rows[5].results[0].difference).mean - 0.02) < 1e-12)
  }

  @Test func filtersRestrictTheCells() throws {
    let options = ReportOptions(filters: [.init(factor: "down", level: "maxpool")])
    let table = try FactorTable(grid(), by: ["conv"], options: options)
    #expect(table.rows.map(\.cellCount) == [1, 1])
    #expect(abs(try #require(table.rows[1].results[0].difference).mean - 0.04) < 1e-12)
    let one = try FactorTable(grid(), by: ["conv"], options: .init(filters: [.init(factor: "conv", level: "odconv")]))
    #expect(one.rows.map(\.levels) == [["odconv"]])
    #expect(one.rows[0].results[0].difference == nil)
  }

  @Test func withoutABaselineTheFirstLevelIsTheReference() throws {
    var sweep = grid()
    sweep.variants[0].isBaseline = false
    #expect(try FactorTable(sweep, by: ["down"]).baselineLevels == ["strided"])
    // The baseline's level is the reference wherever it stands.
    sweep.variants[4].isBaseline = true
    let table = try FactorTable(sweep, by: ["down"])
    #expect(table.baselineLevels == ["spd"])
    #expect(table.rows.map(\.isBaseline) == [false, true, false])
    #expect(abs(try #require(table.rows[0].results[0].difference).mean + 0.035) < 1e-12)
  }

  @Test func oneFactorAtATimePairsWithTheBaseline() throws {
    var sweep = grid()
    // Only the baseline and the cells that differ from it in one factor.
    sweep.variants = [0, 1, 2, 3].map { sweep.variants[$0] }
    let table = try FactorTable(sweep, by: ["down"])
    #expect(table.rows.map { $0.results[0].difference?.pairCount } == [nil, 3, 3])
    #expect(table.rows.map(\.cellCount) == [2, 1, 1])
  }

  @Test func variantsWithoutTheFactorAreLeftOut() throws {
    var sweep = grid()
    sweep.variants[5].levels["conv"] = nil
    let table = try FactorTable(sweep, by: ["conv"])
    #expect(table.rows.map(\.cellCount) == [3, 2])
    #expect(try FactorTable(sweep, by: ["down"]).rows[2].cellCount == 2)
  }

  @Test func holmAndSorting() throws {
    let options = ReportOptions(
      metrics: ["accuracy"], sort: .init(column: "accuracy"), multiplicity: .holm, replicationUnit: .pair)
    let table = try FactorTable(grid(), by: ["down"], options: options)
    #expect(table.rows.map(\.levels) == [["maxpool"], ["spd"], ["strided"]])
    #expect(table.rows.map { $0.results[0].difference?.adjustedPValue != nil } == [true, true, false])
    let byLevel = try FactorTable(grid(), by: ["down"], options: .init(sort: .init(parsing: "level:descending")))
    #expect(byLevel.rows.map(\.levels) == [["maxpool"], ["spd"], ["strided"]])
    let byDifference = try FactorTable(
      grid(), by: ["down"], options: .init(sort: .init(parsing: "accuracy_difference:asc")))
    #expect(byDifference.rows.map(\.levels) == [["spd"], ["maxpool"], ["strided"]])
  }

  @Test func failuresAreListedUpToALimit() throws {
    var sweep = grid()
    for index in 3..<6 {
      sweep.variants[index].runs[0] = SampleSweep.run(0, .diverged, reason: "loss NaN at epoch 1")
      sweep.variants[index].runs[1] = SampleSweep.run(1, .failed, reason: "out of memory")
    }
    let table = try FactorTable(sweep, by: ["conv"])
    #expect(
      table.rows[1].tally.problems == [
        "3 diverged", "3 failed", "odconv, strided: 1 diverged (seed 0: loss NaN at epoch 1)",
        "odconv, strided: 1 failed (seed 1: out of memory)", "odconv, spd: 1 diverged (seed 0: loss NaN at epoch 1)",
        "odconv, spd: 1 failed (seed 1: out of memory)", "odconv, maxpool: 1 diverged (seed 0: loss NaN at epoch 1)",
        "and 1 more",
      ])
  }

  @Test func text() throws {
    let table = try SweepTables.table(
      grid(), by: ["down"], options: .init(metrics: ["accuracy"], replicationUnit: .pair))
    #expect(
      table.rendered(options: .init(width: 80)) == """
        ablation (sweep 3): means by down
        ┌─────────┬───────┬─────┬──────────────┬──────────────┬────────┐
        │ down    │ cells │   n │   accuracy % │ Δ accuracy % │ better │
        │         │       │     │              │              │     in │
        ├─────────┼───────┼─────┼──────────────┼──────────────┼────────┤
        │ strided │     2 │ 6/6 │ 81.10 ± 1.10 │     baseline │        │
        │ spd     │     2 │ 6/6 │ 84.60 ± 1.65 │ +3.50 ± 0.57 │    6/6 │
        │ maxpool │     2 │ 6/6 │ 88.10 ± 2.19 │ +7.00 ± 1.15 │    6/6 │
        └─────────┴───────┴─────┴──────────────┴──────────────┴────────┘
        Intervals are over all pairs of runs, as if the cells were a random sample of
        settings.
        Intervals are per comparison: of 2 of them, some exclude 0 by chance (Holm's
        adjustment corrects for their number).

        cells         combinations of the other factors' levels
        n             completed of planned runs
        accuracy %    mean of the cells' means ± standard deviation over all runs;
                      higher is better
        Δ accuracy %  mean difference to strided, paired by seed and all other factors,
                      ± half its 95 % interval (paired t over pairs)
        better in     pairs of runs in which this row is better, of all pairs

        """)
  }
}
