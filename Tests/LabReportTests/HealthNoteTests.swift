import LabRecords
import LabReport
import Testing

/// What tables and summaries say of the courses of runs.
@Suite struct HealthNoteTests {
  private func makeSweep(_ notes: [[[HealthNote]]]) -> Sweep {
    SampleSweep.sweep(
      notes.enumerated().map { index, runs in
        var variant = SampleSweep.variant(
          "v\(index)", ["conv": "v\(index)"], isBaseline: index == 0, accuracies: runs.map { _ in 0.5 })
        for (run, notes) in runs.enumerated() { variant.runs[run].health = notes }
        return variant
      }, factors: [.init(name: "conv", levels: notes.indices.map { "v\($0)" })])
  }

  private let improving = HealthNote(
    "still_improving", "the accuracy rose by 3.0 points in the last epoch", value: 0.03)

  @Test func aTableSaysWhatIsOddAboutRuns() throws {
    let collapse = HealthNote("late_collapse", "the accuracy fell from 61.6 % to 22.6 %", value: 0.39)
    let worse = HealthNote("late_collapse", "the accuracy fell from 60.0 % to 10.0 %", value: 0.5)
    let annealing = HealthNote("annealing", "it ends at 18.4")
    let sweep = makeSweep([
      [[], [], []], [[collapse, annealing], [worse, annealing], [annealing]], [[annealing], [annealing], [annealing]],
    ])
    let notes = try ComparisonTable(sweep).table.notes
    #expect(
      notes.contains("Late collapse: v1: 2 of 3 runs: the accuracy fell from 61.6 % to 22.6 % (seed 0)."), "\(notes)")
    #expect(notes.contains("Annealing: v1; v2: it ends at 18.4."), "\(notes)")
    #expect(try ComparisonTable(makeSweep([[[]], [[]]])).table.notes.allSatisfy { !$0.contains("collapse") })
    // A table of some variants, or by a factor, says it of those that it shows.
    let filter = try LevelFilter(parsing: "conv=v2")
    let shown = try ComparisonTable(sweep, options: .init(filters: [filter])).table.notes
    #expect(
      shown.contains("Annealing: v2: it ends at 18.4.") && !shown.contains { $0.contains("collapse") }, "\(shown)")
    #expect(
      try FactorTable(sweep, by: ["conv"]).table.notes.contains("Annealing: v1; v2: it ends at 18.4."))
  }

  @Test func gainsOfTheLastEpochAreSummedUp() throws {
    func note(_ sweep: Sweep) throws -> String? {
      try ComparisonTable(sweep).table.notes.first { $0.hasPrefix("Still improving") }
    }
    let rest =
      " gained more than 1 point in their last epoch: a longer training would change the numbers, and perhaps "
      + "their order."
    let all = makeSweep([[[improving], [improving]], [[improving], []]])
    #expect(try note(all) == "Still improving: all 2 variants" + rest)
    let some = makeSweep([[[improving], [improving]], [[], []], [[improving], [], []]])
    #expect(try note(some) == "Still improving: v0" + rest)
    #expect(try note(makeSweep([[[improving], [], []], [[], [], []]])) == nil)
  }

  @Test func theEndOfASweepCountsOddRuns() {
    let sweep = makeSweep([[[], [improving, HealthNote("at_chance", "it is")]], [[improving], []]])
    let lines = SweepSummary(sweep: sweep, trained: 4, elapsedSeconds: 3).lines(width: 300)
    // The sample's runs of equal seeds are the same runs.
    #expect(
      lines.contains {
        $0.contains(
          "completed runs have something odd about their course, see the notes under the table: at chance (1)")
      }, "\(lines)")
    let healthy = SweepSummary(sweep: makeSweep([[[]]]), trained: 1, elapsedSeconds: 3).lines(width: 300)
    #expect(healthy.allSatisfy { !$0.contains("odd") })
  }

  @Test func aRunIsShownWithItsHealthAndItsEpochs() throws {
    let run = SampleSweep.run(0)
    let report = RunReport(
      RunDetails(
        run: run, variant: "v",
        final: FinalRecord(metrics: [:], bestEpoch: 1, evaluatedEpoch: 2, health: [improving])))
    let text = report.text()
    #expect(text.contains("still improving") && text.contains(improving.message), "\(text)")
    #expect(text.contains("those after epoch 3") && text.contains("after epoch 2"))
    #expect(report.json["health"]?.arrayValue?.first?["kind"] == "still_improving")
    #expect(report.json["evaluated_epoch"] == 3 && report.json["best_epoch"] == 2)
  }
}
