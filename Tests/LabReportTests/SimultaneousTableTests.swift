import LabRecords
import LabReport
import Testing

/// The table by the model of variants and seeds, against R (`lm`, `multcomp::glht`) for the reference result.
@Suite struct SimultaneousTableTests {
  private func halfWidths(_ options: ReportOptions) throws -> [Double] {
    try ComparisonTable(ReferenceSweep.sweep, options: options).rows.dropFirst().map {
      100 * ($0.results[0].difference?.interval?.halfWidth ?? .nan)
    }
  }

  @Test func intervalsHoldAtOnceOrEachByItself() throws {
    // residual standard deviation 0.55728 with 22 degrees of freedom; critical values 2.98941 (Dunnett) and 2.07387 (t)
    let error = 0.5572807808339278 * (2.0 / 3).squareRoot()
    let all = try halfWidths(.init(metrics: ["accuracy"]))
    #expect(all.count == 11)
    // The runs of spd + focal vary twice as much (p = 0.039): standard error 0.613225 with 4.600664 degrees of freedom.
    for (index, width) in all.enumerated() {
      #expect(abs(width - (index == 2 ? 4.239991219 * 0.6132250012 : 2.98941 * error)) < 1e-5, "\(index)")
    }
    let single = try halfWidths(.init(metrics: ["accuracy"], coverage: .perComparison))
    for (index, width) in single.enumerated() {
      #expect(abs(width - (index == 2 ? 1.618401919 : 2.0738730679 * error)) < 1e-8, "\(index)")
    }
  }

  @Test func pValuesAreThoseOfR() throws {
    let rows = try ComparisonTable(ReferenceSweep.sweep, options: .init(metrics: ["accuracy"])).rows
    let odconv = try #require(rows.first { $0.label == "odconv-4x" }?.results[0].difference)
    #expect(abs(odconv.mean - 0.006) < 1e-12)
    #expect(odconv.method == .dunnett && abs((odconv.simultaneousPValue ?? 0) - 0.759) < 1e-3)
    let focal = try #require(rows.first { $0.label == "focal" }?.results[0].difference)
    #expect((focal.simultaneousPValue ?? 1) < 1e-6 && focal.cohenDz != nil && focal.pairCount == 3)
  }

  @Test func theLegendSaysWhichIntervalsTheyAre() throws {
    func legend(_ options: ReportOptions) throws -> String? {
      try ComparisonTable(ReferenceSweep.sweep, options: options).table.columns
        .first { $0.fields.contains("test_accuracy_difference") }?.legend
    }
    #expect(
      try legend(.init())
        == "mean difference to the baseline (baseline), blocked by seed, ± half its 95 % interval; all 11 hold at once "
        + "(Dunnett, residual of all variants, 22 degrees of freedom; moderated where a variant's runs vary more)")
    #expect(
      try legend(.init(coverage: .perComparison))
        == "mean difference to the baseline (baseline), blocked by seed, ± half its 95 % interval, each by itself "
        + "(t, residual of all variants, 22 degrees of freedom; moderated where a variant's runs vary more)")
    let notes = try ComparisonTable(ReferenceSweep.sweep).table.notes
    #expect(!notes.contains { $0.contains("by chance") })
    #expect(
      notes.contains(
        "No value is marked as best: no lead over all others has 95 % intervals that exclude 0 at once."))
    #expect(
      try ComparisonTable(ReferenceSweep.sweep, options: .init(coverage: .perComparison)).table.notes.contains {
        $0.hasPrefix("Intervals are per comparison: of 11 of them, some exclude 0 by chance")
      })
  }

  @Test func anyVariantCanBeTheBaseline() throws {
    let table = try ComparisonTable(
      ReferenceSweep.sweep, options: .init(metrics: ["accuracy"], baseline: "odconv-4x + spd"))
    #expect(table.baselineLabel == "odconv-4x + spd")
    #expect(table.rows.map(\.isBaseline).firstIndex(of: true) == 10)
    #expect(abs((table.rows[0].results[0].difference?.mean ?? 0) + 0.0055) < 1e-12)
    #expect(throws: ReportError.self) {
      try ComparisonTable(ReferenceSweep.sweep, options: .init(baseline: "odconv-5x"))
    }
    do {
      _ = try ComparisonTable(ReferenceSweep.sweep, options: .init(baseline: "odconv-4"))
    } catch { #expect(error.description == "the sweep has no variant \"odconv-4\" (did you mean \"odconv-4x\"?)") }
  }

  /// Widths by `make_moderated.py`.
  @Test func noisyVariantsHaveVariancesOfTheirOwn() throws {
    var sweep = ReferenceSweep.sweep
    for (run, value) in zip(0..<3, [0.60, 0.95, 0.70]) { sweep.variants[8].runs[run].metrics["test_accuracy"] = value }
    let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"]))
    #expect(table.rows[1].results[0].difference?.method == .moderatedDunnett)
    let single = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"], coverage: .perComparison))
    for (row, width) in [(1, 0.90276194), (3, 1.53686749), (8, 43.36341617)] {
      let difference = try #require(single.rows[row].results[0].difference)
      #expect(difference.method == .moderated)
      #expect(abs(100 * (difference.interval?.halfWidth ?? 0) - width) < 1e-6)
    }
    let text = table.table.rendered(options: .init(width: 500))
    for part in [
      "Of accuracy, the runs of odconv-4x vary 33 times as much as those of the others, so that its variance is that of its "
        + "own runs, and the runs of spd + focal vary 2 times as much as those of the others, so that the others' runs count 2 % "
        + "in its variance.",
      "all 11 hold at once (Dunnett, residual of all but the noisiest variants, 20 degrees of freedom; moderated where a "
        + "variant's runs vary more)",
    ] { #expect(text.contains(part), "\(text)") }
  }

  /// A run that is missing takes nothing from the others.
  @Test func missingRunsAreMadeUpForByLeastSquares() throws {
    var sweep = ReferenceSweep.sweep
    sweep.variants[8].runs[1].state = .failed
    let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"]))
    let difference = try #require(table.rows[8].results[0].difference)
    #expect(difference.method == .moderatedDunnett && difference.pairCount == 2)
    #expect(
      table.table.numberedNotes.contains {
        $0.hasPrefix("odconv-4x: Δ accuracy % is estimated by least squares, as if no run were missing")
      }, "\(table.table.numberedNotes)")
  }

  @Test func theBestLeadsAllOthersAtOnce() throws {
    var sweep = ReferenceSweep.sweep
    for run in 0..<3 { sweep.variants[8].runs[run].metrics["test_accuracy"] = 0.86 + 0.002 * Double(run) }
    let table = try ComparisonTable(sweep, options: .init(metrics: ["accuracy"]))
    #expect(table.rows.filter { $0.results[0].isBest }.map(\.label) == ["odconv-4x"])
    #expect(
      table.table.notes.contains(
        "A marked value is the best: the 95 % intervals of its differences to all others lie wholly on the better side "
          + "of 0 at once."))
  }
}
