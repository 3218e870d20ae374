import LabRecords
import LabReport
import Testing

@Suite struct ComparisonTableTests {
  private func isClose(_ a: Double?, _ b: Double) -> Bool { a.map { abs($0 - b) < 1e-12 } ?? false }

  /// Two variants over three seeds whose order is not in doubt.
  private func clear(_ treatment: [Double] = [0.92, 0.93, 0.94]) -> Sweep {
    SampleSweep.sweep([
      SampleSweep.variant("base", isBaseline: true, accuracies: [0.90, 0.91, 0.921]),
      SampleSweep.variant("new", accuracies: treatment),
    ])
  }

  @Test func numbersAreThoseOfSciPy() throws {
    let paired = ReportOptions(coverage: .perComparison, isPaired: true)
    let table = try ComparisonTable(SampleSweep.mixed, options: paired)
    #expect(table.metrics.map(\.name) == ["test_accuracy", "test_macro_f1"])
    let result = table.rows[1].results[0]
    #expect(result.count == 3)
    #expect(isClose(result.mean, 0.9141))
    #expect(isClose(result.standardDeviation, 0.0019519221295943203))
    let difference = try #require(result.difference)
    #expect(isClose(difference.mean, 0.010833333333333361))
    #expect(isClose(difference.interval?.lower, 0.010074416726614093))
    #expect(isClose(difference.interval?.upper, 0.01159224994005263))
    #expect(isClose(difference.pValue, 0.00026498339587167436))
    #expect(difference.cohenDz.map { abs($0 - 35.460407163352755) < 1e-9 } ?? false)
    #expect(difference.pairCount == 3 && difference.greaterCount == 3 && difference.smallerCount == 0)
    let wide = try ComparisonTable(
      SampleSweep.mixed, options: .init(confidenceLevel: 0.9, coverage: .perComparison, isPaired: true))
    #expect(isClose(wide.rows[1].results[0].difference?.interval?.lower, 0.010318296288166048))
  }

  @Test func baselineHasNoDifference() throws {
    let table = try ComparisonTable(SampleSweep.mixed)
    #expect(table.baselineLabel == "static, strided")
    #expect(table.rows[0].isBaseline && table.rows[0].results[0].difference == nil)
  }

  @Test func onlyCompletedRunsCount() throws {
    let row = try ComparisonTable(SampleSweep.mixed).rows[2]
    #expect(row.tally.text == "1/3")
    #expect(row.results[0].count == 1 && row.results[0].standardDeviation == nil)
    let difference = try #require(row.results[0].difference)
    #expect(isClose(difference.mean, 0.0076))
    #expect(difference.interval == nil && difference.pValue == nil)
    #expect(
      row.tally.problems == [
        "1 diverged (seed 1: loss NaN at epoch 2)", "1 running (seed 2: after 4 of 10 epochs)",
      ])
    // A diverged run that left a metric behind is not averaged either.
    var sweep = clear()
    sweep.variants[1].runs[1].state = .diverged
    #expect(try ComparisonTable(sweep).rows[1].results[0].count == 2)
  }

  @Test func differencesUseSharedSeedsOnly() throws {
    var sweep = clear()
    sweep.variants[0].runs[2].state = .failed
    let difference = try #require(ComparisonTable(sweep).rows[1].results[0].difference)
    #expect(difference.pairCount == 2)
    #expect(isClose(difference.mean, 0.02))
  }

  @Test func withoutASharedSeedTheDifferenceIsUnpaired() throws {
    let sweep = SampleSweep.sweep(
      [
        SampleSweep.variant("base", isBaseline: true, accuracies: [0.90, 0.91, 0.92]),
        .init(
          label: "new", levels: [:], isBaseline: false,
          runs: [(3, 0.95), (4, 0.97), (5, 0.975)].map { SampleSweep.run($0, accuracy: $1) }),
      ], seeds: 0..<6)
    let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"]))
    let difference = try #require(table.rows[1].results[0].difference)
    // stats.ttest_ind([0.95, 0.97, 0.975], [0.90, 0.91, 0.92], equal_var=False)
    #expect(!difference.isPaired && isClose(difference.mean, 0.055))
    #expect(isClose(difference.pValue, 0.005651206553805478))
    #expect(isClose(difference.interval?.lower, 0.02761933634996754))
    #expect(isClose(difference.interval?.upper, 0.08238066365003234))
    #expect(difference.method == .welch && difference.cohenDz == nil)
    #expect(difference.hedgesG.map { abs($0 - 3.742410318509547) < 1e-9 } ?? false)
    #expect(
      table.table.notes.contains("No seed shared with the baseline, so the difference is unpaired (Welch): new."))
    #expect(table.rows[1].tally.problems == ["3 missing (seeds 0–2)"])
  }

  @Test func undefinedMetricsAreNotAveraged() throws {
    var sweep = clear()
    sweep.variants[1].runs[0].metrics["test_accuracy"] = .nan
    sweep.variants[1].runs[1].metrics["test_macro_f1"] = nil
    let row = try ComparisonTable(sweep).rows[1]
    #expect(row.results.map(\.count) == [2, 2])
    #expect(
      row.tally.problems == ["test_accuracy unknown for seed 0", "test_macro_f1 unknown for seed 1"])
  }

  // MARK: The best value

  private func best(_ sweep: Sweep, _ options: ReportOptions = .init(metrics: ["accuracy"])) throws -> [String] {
    try ComparisonTable(sweep, options: options).rows.filter { $0.results[0].isBest }.map(\.label)
  }

  @Test func bestIsMarkedWhereItsLeadIsBeyondChance() throws {
    #expect(try best(clear()) == ["new"])
    // The same means with pairs that disagree.
    #expect(try best(clear([0.94, 0.90, 0.95])) == [])
  }

  @Test func lowerIsBetterForALoss() throws {
    let sweep = SampleSweep.sweep([
      .init(
        label: "base", levels: [:], isBaseline: true,
        runs: (0..<3).map { SampleSweep.run($0, loss: 0.5 + Double($0) * 0.01) }),
      .init(
        label: "new", levels: [:], isBaseline: false,
        runs: (0..<3).map { SampleSweep.run($0, loss: 0.4 + Double($0) * 0.011) }),
    ])
    let table = try ComparisonTable(sweep, options: .init(metrics: ["loss"]))
    #expect(table.rows.map { $0.results[0].isBest } == [false, true])
    #expect(table.table.rows[1].cells[3].role == .better)
  }

  @Test func tiesAreNotMarked() throws {
    #expect(try best(clear([0.90, 0.91, 0.921])) == [])
  }

  @Test func neutralMetricsHaveNoBest() throws {
    var sweep = clear()
    for variant in 0..<2 {
      for run in 0..<3 { sweep.variants[variant].runs[run].metrics["mystery"] = Double(variant) + Double(run) * 1e-3 }
    }
    let table = try ComparisonTable(sweep, options: .init(metrics: ["mystery"]))
    #expect(!table.rows.contains { $0.results[0].isBest })
    #expect(table.table.rows[1].cells[3].role == nil)
  }

  @Test func aVariantThatFailedOnASeedIsNotTheBest() throws {
    var sweep = clear()
    sweep.variants[0].runs.append(SampleSweep.run(3, accuracy: 0.9))
    sweep.variants[1].runs.append(SampleSweep.run(3, .diverged, reason: "loss NaN at epoch 1"))
    #expect(try best(sweep) == [])
    sweep.variants[1].runs[3] = SampleSweep.run(3, .pending, epochs: 0)
    #expect(try best(sweep) == ["new"])
  }

  @Test func singleSeedsAndSingleVariantsHaveNoBest() throws {
    let single = SampleSweep.sweep([SampleSweep.variant("only", isBaseline: true, accuracies: [0.9, 0.8, 0.7])])
    #expect(try best(single) == [])
    let oneSeed = SampleSweep.sweep(
      [
        SampleSweep.variant("base", isBaseline: true, accuracies: [0.1]), SampleSweep.variant("new", accuracies: [0.9]),
      ], seeds: 0..<1)
    #expect(try best(oneSeed) == [])
  }

  @Test func holmAsksMoreOfTheBest() throws {
    // The lead over the runner-up has p = 0.039; adjusted for two rivals it is not below 0.05.
    let sweep = SampleSweep.sweep([
      SampleSweep.variant("base", isBaseline: true, accuracies: [0.10, 0.80, 0.95]),
      SampleSweep.variant("second", accuracies: [0.900, 0.900, 0.900]),
      SampleSweep.variant("first", accuracies: [0.908, 0.914, 0.917]),
    ])
    let paired = ReportOptions(metrics: ["accuracy"], coverage: .perComparison, isPaired: true)
    #expect(try best(sweep, paired) == ["first"])
    #expect(try best(sweep, .init(metrics: ["accuracy"], multiplicity: .holm, isPaired: true)) == [])
  }

  @Test func holmAdjustsOverTheRowsOfAMetric() throws {
    let sweep = SampleSweep.sweep([
      SampleSweep.variant("base", isBaseline: true, accuracies: [0.90, 0.91, 0.92]),
      SampleSweep.variant("a", accuracies: [0.92, 0.93, 0.945]),
      SampleSweep.variant("b", accuracies: [0.91, 0.93, 0.92]),
    ])
    let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"], multiplicity: .holm))
    let differences = table.rows.map { $0.results[0].difference }
    #expect(differences[0] == nil)
    let first = try #require(differences[1])
    let second = try #require(differences[2])
    #expect(first.pValue.map { $0 * 2 } == first.adjustedPValue)
    #expect(second.pValue == second.adjustedPValue)
    let plain = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"]))
    #expect(plain.rows[1].results[0].difference?.adjustedPValue == nil)
  }

  // MARK: Seeds and states

  @Test(arguments: 0...3)
  func anyNumberOfSeedsMakesATable(seeds: Int) throws {
    let accuracies = Array([0.9, 0.91, 0.92].prefix(seeds))
    let sweep = SampleSweep.sweep(
      [
        SampleSweep.variant("base", isBaseline: true, accuracies: accuracies),
        SampleSweep.variant("new", accuracies: accuracies.enumerated().map { $1 + 0.01 * Double($0 + 1) }),
      ], seeds: 0..<UInt64(seeds))
    for method in ["t", "percentile", "bca"] {
      let options = ReportOptions(intervalMethod: try #require(.init(rawValue: method)), multiplicity: .holm)
      let table = try ComparisonTable(sweep, options: options)
      #expect((table.rows[1].results[0].difference?.interval != nil) == (seeds > 2))
      for format in TableFormats.registry.entries {
        let text = table.table.rendered(as: format)
        #expect(!text.lowercased().contains("nan") && !text.contains("inf"))
      }
    }
  }

  @Test func everythingFailed() throws {
    let sweep = SampleSweep.sweep(
      ["base", "new"].map { label in
        .init(
          label: label, levels: [:], isBaseline: label == "base",
          runs: (0..<3).map { SampleSweep.run($0, .failed, reason: "out of memory") })
      })
    let table = try ComparisonTable(sweep).table
    #expect(table.numberedNotes == ["2 rows: 0/3 · 3 failed (seeds 0–2: out of memory)"])
    #expect(table.rows.allSatisfy { $0.cells[1].text == "0/3" && $0.cells[2].text == "–" })
    #expect(table.subtitle == "0 of 6 runs completed, 6 failed")
    #expect(table.notes.isEmpty)
  }

  @Test func nothingPlanned() throws {
    let table = try ComparisonTable(SampleSweep.sweep([], seeds: 0..<0)).table
    #expect(table.rendered(options: .init(width: 60)) == "ablation (sweep 3)\n0 of 0 runs completed\n(no rows)\n")
    for format in TableFormats.registry.entries { #expect(!table.rendered(as: format).isEmpty) }
  }

  @Test func withoutABaselineThereAreNoDifferences() throws {
    let sweep = SampleSweep.sweep(
      [
        SampleSweep.variant("a", accuracies: [0.9, 0.91]), SampleSweep.variant("b", accuracies: [0.92, 0.94]),
      ], seeds: 0..<2)
    let table = try ComparisonTable(sweep).table
    #expect(!table.columns.contains { $0.fields.contains("test_accuracy_difference") })
    #expect(table.notes.contains("The sweep has no baseline, so no differences are shown."))
  }

  @Test func reasonsStayInOneLine() throws {
    var sweep = clear()
    sweep.variants[1].runs[0] = SampleSweep.run(
      0, .failed, reason: "first line\n\u{1b}[31msecond   line " + String(repeating: "x", count: 300))
    let note = try #require(ComparisonTable(sweep).table.numberedNotes.first)
    #expect(note.hasPrefix(#"new: 2/3 · 1 failed (seed 0: first line \u{1B}[31msecond line xxx"#))
    #expect(note.hasSuffix("x…)") && note.count < 220)
  }

  @Test func tenThousandRuns() throws {
    let variants = (0..<2500).map { index -> Variant in
      let accuracies = (0..<4).map { seed -> Double in
        let scattered = (index * 7919 + seed * 104_729) % 1000
        return 0.5 + Double(scattered) / 4000
      }
      let levels = ["a": "\(index / 50)", "b": "\(index % 50)"]
      return SampleSweep.variant("variant \(index)", levels, isBaseline: index == 0, accuracies: accuracies)
    }
    let sweep = SampleSweep.sweep(
      variants,
      factors: [
        .init(name: "a", levels: (0..<50).map(String.init)), .init(name: "b", levels: (0..<50).map(String.init)),
      ], seeds: 0..<4)
    let table = try SweepTables.table(sweep, options: .init(sort: .init(column: "test_accuracy"), multiplicity: .holm))
    #expect(table.rows.count == 2500)
    #expect(table.rendered(options: .init(width: 120)).split(separator: "\n").count > 2500)
    #expect(try SweepTables.table(sweep, by: ["a"]).rows.count == 50)
  }

  /// What was trained on several kinds of processor is said, in every layout.
  @Test func kindsOfProcessorAreNoted() throws {
    var sweep = SampleSweep.mixed
    sweep.processors = ["Zen 4": 5]
    #expect(try !SweepTables.table(sweep).notes.contains { $0.contains("kinds of processor") })
    sweep.processors = ["Zen 4": 5, "Sapphire Rapids": 1]
    let note =
      "Runs were trained on 2 kinds of processor, so that the same run would not give the same bits on each, and times are not "
      + "comparable: Zen 4 (5 runs), Sapphire Rapids (1 run)."
    #expect(try SweepTables.table(sweep).notes.contains(note))
    #expect(try SweepTables.table(sweep, by: ["conv"]).notes.contains(note))
  }
}
