import LabRecords
import LabReport
import LabStats
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
    // What is shown changes no effect.
    #expect(abs(try #require(one.rows[0].results[0].difference).mean - 0.03) < 1e-12)
    #expect(one.table.notes.first == "Differences are to static, which the filter leaves out.")
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
      grid(), by: ["down"],
      options: .init(metrics: ["accuracy"], replicationUnit: .pair, coverage: .perComparison))
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
  // MARK: The model of variants and seeds; numbers by LabStatsTests/Fixtures/make_factor_variances.py

  private let accuracy = ReportOptions(metrics: ["accuracy"])

  /// The half width of each row's interval in points, and the difference.
  private func effects(_ factors: [String], _ options: ReportOptions) throws -> [(Double, Double)] {
    try FactorTable(ReferenceSweep.sweep, by: factors, options: options).rows.compactMap { row in
      row.results[0].difference.map { (100 * $0.mean, 100 * ($0.interval?.halfWidth ?? .nan)) }
    }
  }

  @Test func effectsTakeTheirWidthFromAllRuns() throws {
    // Of a level of conv, four combinations of three seeds; the runs of spd + focal vary more: 18.37 degrees of freedom.
    let error = 0.24964582906
    let t = StudentT(degreesOfFreedom: 18.3735455297228).criticalValue(level: 0.95)
    for (options, critical) in [(accuracy, 2.394502171), (single, t)] {
      let conv = try effects(["conv"], options)
      #expect(conv.count == 2 && abs(conv[0].0 - 0.0791666667) < 1e-9 && abs(conv[1].0 - 0.5) < 1e-9)
      #expect(conv.allSatisfy { abs($0.1 - critical * error) < 1e-7 }, "\(conv)")
      let interactions = try effects(["conv", "downsample"], options)
      #expect(abs(interactions[0].0 + 0.1916666667) < 1e-9 && abs(interactions[1].0 - 0.1166666667) < 1e-9)
      #expect(interactions.allSatisfy { abs($0.1 - critical * 2 * error) < 1e-3 }, "\(interactions)")
    }
    // A single effect needs no care for others.
    let both = try [accuracy, single].map { try effects(["loss"], $0) }
    #expect(abs(both[0][0].0 + 5.1416666667) < 1e-9 && abs(both[0][0].1 - both[1][0].1) < 1e-9)
  }

  private var single: ReportOptions { .init(metrics: ["accuracy"], coverage: .perComparison) }

  @Test func pValuesAndMethodsAreThoseOfTheFamily() throws {
    let table = try FactorTable(ReferenceSweep.sweep, by: ["conv"], options: accuracy)
    let difference = try #require(table.rows[2].results[0].difference)
    #expect(difference.method == .moderatedDunnett && abs((difference.simultaneousPValue ?? 0) - 0.1066096) < 1e-6)
    #expect(difference.pairCount == 12 && difference.greaterCount + difference.smallerCount <= 12)
    let interaction = try FactorTable(ReferenceSweep.sweep, by: ["conv", "downsample"], options: accuracy)
    let last = try #require(interaction.rows[5].results[0].difference)
    #expect(last.method == .moderatedLargest && abs((last.simultaneousPValue ?? 0) - 0.96092) < 1e-3)
    #expect(last.method?.rawValue == "moderated_max_t")
    #expect(
      interaction.table.columns.last?.legend
        == "by how much the effect of conv differs from that at strided over the same levels of all other factors, "
        + "blocked by seed, ± half its 95 % interval; all 2 hold at once (largest |t|, residual of all variants, 22 "
        + "degrees of freedom; moderated where a variant's runs vary more)")
    #expect(!table.table.notes.contains { $0.contains("by chance") || $0.contains("averaged over the cells") })
    #expect(
      try FactorTable(ReferenceSweep.sweep, by: ["conv"], options: single).table.notes.contains {
        $0.hasPrefix("Intervals are per comparison: of 2 of them")
      })
  }

  @Test func missingRunsAndCombinationsAreMadeUpForOrNamed() throws {
    var sweep = ReferenceSweep.sweep
    sweep.variants[3].runs[1].state = .failed
    sweep.variants[8].runs[0].state = .failed
    sweep.variants.remove(at: 10)
    let conv = try FactorTable(sweep, by: ["conv"], options: accuracy)
    let effects = conv.rows.compactMap { $0.results[0].difference }
    #expect(abs(100 * effects[0].mean - 0.0887) < 5e-5 && abs(100 * effects[1].mean - 0.3222) < 5e-5)
    #expect(effects.allSatisfy { $0.interval != nil && $0.method?.rawValue.hasSuffix("_dunnett") == true })
    #expect(abs(100 * (conv.rows[2].results[0].mean ?? 0) - 80.20396825396826) < 1e-9)
    #expect(conv.table.notes.contains("Means are estimated by least squares, as if no run were missing."))
    #expect(
      conv.table.numberedNotes.contains(
        "odconv-4x: Δ accuracy % over 3 of 3 cells, those with a partner at static; the means in the table are over all "
          + "cells"), "\(conv.table.numberedNotes)")
    let cells = try FactorTable(sweep, by: ["conv", "downsample"], options: accuracy).table
    #expect(
      cells.numberedNotes.contains(
        "odconv-4x, spd: interaction accuracy % over 1 of 1 cells, those with all three partners; the means in the table "
          + "are over all cells") == false)
    // One combination less: no interaction of its level can be had.
    let filtered = try FactorTable(
      sweep, by: ["conv", "downsample"],
      options: .init(metrics: ["accuracy"], filters: [.init(factor: "loss", level: "cross-entropy")])
    ).table
    #expect(filtered.notes.contains("Not in the sweep: odconv-4x × spd."), "\(filtered.notes)")
  }

  @Test func whatCannotBeEstimatedIsSaid() throws {
    var sweep = ReferenceSweep.sweep
    // Of odconv-4x only what has no partner is left.
    sweep.variants.removeSubrange(8...10)
    sweep.variants.remove(at: 3)
    let table = try FactorTable(sweep, by: ["conv"], options: accuracy)
    #expect(table.rows[2].results[0].difference == nil && table.rows[2].results[0].mean != nil)
    #expect(
      table.table.numberedNotes == [
        "odconv-1x: Δ accuracy % over 3 of 4 cells, those with a partner at static; the means in the table are over all "
          + "cells", "odconv-4x: no runs with a partner at static to estimate the difference by",
      ], "\(table.table.numberedNotes)")
  }

  @Test func noisyVariantsAreNamedAndPairsDecideWhereAskedFor() throws {
    var sweep = ReferenceSweep.sweep
    for (run, value) in zip(0..<3, [0.60, 0.95, 0.70]) { sweep.variants[8].runs[run].metrics["test_accuracy"] = value }
    let table = try FactorTable(sweep, by: ["conv"], options: accuracy)
    #expect(table.rows[2].results[0].difference?.method == .moderatedDunnett)
    #expect(table.table.notes.contains { $0.hasPrefix("Of accuracy, the runs of odconv-4x vary 33 times as much") })
    let widths = table.rows.compactMap { $0.results[0].difference?.interval?.halfWidth }
    #expect(widths[1] > 5 * widths[0], "\(widths)")
    let pairs = try FactorTable(sweep, by: ["conv"], options: .init(metrics: ["accuracy"], isPaired: true))
    #expect(pairs.rows[1].results[0].difference?.method == .pairedBonferroni)
    #expect(
      pairs.table.notes.contains(
        "Differences are averaged over the cells of a seed first; intervals are over the seeds."))
    #expect(
      pairs.table.columns.contains {
        $0.legend?.contains("wide enough for all 2 to hold at once (paired t over seeds") ?? false
      })
    let alone = try FactorTable(
      sweep, by: ["conv"], options: .init(metrics: ["accuracy"], coverage: .perComparison, isPaired: true))
    #expect(alone.rows[1].results[0].difference?.method == .pairedT)
  }

  @Test func variantsOfEqualLevelsAreNotTakenApart() throws {
    var sweep = ReferenceSweep.sweep
    var twin = sweep.variants[0]
    (twin.label, twin.isBaseline) = ("twin", false)
    for run in 0..<3 { twin.runs[run].metrics["test_accuracy"] = 0.83 + [0.001, 0.009, 0.006][run] }
    sweep.variants.append(twin)
    let table = try FactorTable(sweep, by: ["conv"], options: accuracy)
    #expect(table.rows[1].results[0].difference?.method == .pairedBonferroni)
    #expect(
      table.table.notes.contains(
        "Each difference is judged by its own pairs of runs: several variants have the same levels, so that levels do not "
          + "tell them apart."))
  }
}
