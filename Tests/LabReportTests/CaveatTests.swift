import LabCore
import LabRecords
import LabReport
import Testing

/// What a table must not claim: of differences that cannot be judged, and of means over other runs than a difference.
@Suite struct CaveatTests {
  private let accuracy = ReportOptions(metrics: ["accuracy"])

  /// Two variants whose runs recognise whole numbers of thirty images.
  private func sweep(
    _ base: [Int], _ new: [Int], seeds: Range<UInt64>? = nil, images: Int = 30, firstSeedOfNew: UInt64 = 0
  ) -> Sweep {
    func variant(_ label: String, _ counts: [Int], from seed: UInt64) -> Variant {
      .init(
        label: label, levels: ["conv": label], isBaseline: label == "base",
        runs: counts.enumerated().map {
          SampleSweep.run(seed + UInt64($0.offset), accuracy: Double($0.element) / Double(images), images: images)
        })
    }
    return SampleSweep.sweep(
      [variant("base", base, from: 0), variant("new", new, from: firstSeedOfNew)],
      factors: [.init(name: "conv", levels: ["base", "new"])],
      seeds: seeds ?? 0..<max(UInt64(base.count), firstSeedOfNew + UInt64(new.count)))
  }

  private struct Shown {
    var table: ReportTable
    var values: [String: JSONValue]
    /// The text of the difference.
    var text: String
    /// Everything in every format.
    var everything: [String: String]
  }

  /// The second row in all formats, from the comparison or from the means by `conv`.
  private func shown(_ sweep: Sweep, by factors: [String] = [], holm: Bool = true) throws -> Shown {
    var options = accuracy
    options.multiplicity = holm ? .holm : .perComparison
    let table = try SweepTables.table(sweep, by: factors, options: options)
    var values: [String: JSONValue] = [:]
    for (column, cell) in zip(table.columns, table.rows[1].cells) {
      for (field, value) in zip(column.fields, cell.values) { values[field] = value }
    }
    let index = try #require(table.columns.firstIndex { $0.fields.contains("test_accuracy_difference") })
    let everything = Dictionary(
      uniqueKeysWithValues: TableFormats.registry.entries.map { format in
        (format.name, table.rendered(as: format, options: .init(width: 240, showsLegend: false)))
      })
    return Shown(table: table, values: values, text: table.rows[1].cells[index].text, everything: everything)
  }

  /// That no format claims anything of the second row's difference, and that each of them says why.
  private func expectNoClaim(_ shown: Shown, _ reason: String, difference: String) {
    #expect(shown.text == difference)
    for field in ["lower", "upper", "p", "method", "cohen_dz", "hedges_g", "p_adjusted"] {
      #expect(shown.values["test_accuracy_difference_\(field)"] == .null, "\(field)")
    }
    #expect(shown.values["test_accuracy_difference_caveat"] == .string(reason))
    #expect(shown.values["test_accuracy_is_best"] ?? false == false)
    #expect(shown.table.rows.allSatisfy { $0.cells.allSatisfy { $0.role != .best && $0.role != .better } })
    for (format, text) in shown.everything {
      let plain = text.replacing("\\%", with: "%").replacing("&#39;", with: "'")
      #expect(plain.contains(reason), "\(format):\n\(text)")
      #expect(!text.contains("0.001") && !text.contains("± 0.00") && !text.contains("$\\pm$ 0.00"), "\(text)")
      #expect(!text.contains("**") && !text.contains("<strong>") && !text.contains("textbf"), "\(text)")
    }
  }

  // MARK: Differences that cannot be judged

  @Test(arguments: [[], ["conv"]])
  func equalDifferencesAreNoProof(factors: [String]) throws {
    // One image of thirty more for each seed: Student's test would be certain.
    let noun = factors.isEmpty ? "all 3 differences are equal" : "the differences of all 3 seeds are equal"
    expectNoClaim(
      try shown(sweep([27, 24, 8], [28, 25, 9]), by: factors), noun + "; no spread to judge by", difference: "+3.33 ± –"
    )
  }

  @Test(arguments: [[], ["conv"]])
  func tiesAreNoProof(factors: [String]) throws {
    let noun = factors.isEmpty ? "pairs" : "seeds"
    expectNoClaim(
      try shown(sweep([27, 24, 25], [27, 24, 25]), by: factors), "all 3 \(noun) tie exactly; no spread to judge by",
      difference: "0.00 ± –")
  }

  @Test(arguments: [[], ["conv"]])
  func aMetricAtItsBoundTellsNothingApart(factors: [String]) throws {
    let noun = factors.isEmpty ? "pairs" : "seeds"
    let table = try shown(sweep([30, 30, 30], [30, 30, 30]), by: factors)
    expectNoClaim(
      table, "all 3 \(noun) tie at 100 %, the bound of the metric, which cannot tell them apart",
      difference: "0.00 ± –")
    // No spread at all is not the same as one that rounds to nothing.
    #expect(table.everything["text"]?.contains("100.00 ± 0 ") ?? false)
    expectNoClaim(
      try shown(sweep([0, 0, 0], [0, 0, 0]), by: factors),
      "all 3 \(noun) tie at 0 %, the bound of the metric, which cannot tell them apart", difference: "0.00 ± –")
  }

  @Test(arguments: [[], ["conv"]])
  func twoPairsAreTooFew(factors: [String]) throws {
    let noun = factors.isEmpty ? "pair" : "seed"
    expectNoClaim(
      try shown(sweep([20, 21], [27, 29]), by: factors), "2 \(noun)s are too few to judge by", difference: "+25.00 ± –")
    expectNoClaim(
      try shown(sweep([20], [27]), by: factors), "1 \(noun) is too few to judge by", difference: "+23.33 ± –")
  }

  @Test func unrelatedRunsNeedSpreadOnBothSides() throws {
    expectNoClaim(
      try shown(sweep([20, 20, 20], [27, 28, 29], firstSeedOfNew: 3)),
      "the baseline's runs are all equal; no spread to judge by", difference: "+26.67 ± –")
    expectNoClaim(
      try shown(sweep([20, 21, 22], [29, 29, 29], firstSeedOfNew: 3)), "its runs are all equal; no spread to judge by",
      difference: "+26.67 ± –")
    expectNoClaim(
      try shown(sweep([20, 20, 20], [30, 30, 30], firstSeedOfNew: 3)),
      "neither its runs nor the baseline's have any spread to judge by", difference: "+33.33 ± –")
    expectNoClaim(
      try shown(sweep([20, 21, 22], [28, 29], firstSeedOfNew: 3)),
      "2 and 3 runs without a shared seed are too few to judge by", difference: "+25.00 ± –")
  }

  @Test func whatHasSpreadIsJudged() throws {
    let judged = try shown(sweep([20, 21, 22], [24, 26, 29]))
    #expect(judged.values["test_accuracy_difference_caveat"] == .null)
    #expect(judged.values["test_accuracy_difference_method"] == "paired_t")
    // stats.ttest_rel([24, 26, 29], [20, 21, 22])
    let p = judged.values["test_accuracy_difference_p"]?.doubleValue ?? .nan
    #expect(abs(p - 0.02627101) < 1e-7)
    // dz = mean([4, 5, 7]) / std([4, 5, 7])
    let dz = judged.values["test_accuracy_difference_cohen_dz"]?.doubleValue ?? .nan
    #expect(abs(dz - 3.4914862437758) < 1e-9)
    #expect(judged.values["test_accuracy_difference_hedges_g"] == .null)
    #expect(judged.values["test_accuracy_is_best"] == true)
    #expect(judged.text == "+17.78 ± 12.65")
  }

  @Test func aSpreadThatRoundsToNothingIsNotNothing() throws {
    let table = try shown(sweep([800_000, 810_000, 820_000], [850_000, 860_001, 870_000], images: 1_000_000))
    #expect(table.text == "+5.00 ± <0.01")
  }

  @Test func aJudgedRowBesideOneThatCannotBe() throws {
    var mixed = sweep([20, 21, 22], [24, 26, 29])
    mixed.variants.append(
      .init(
        label: "third", levels: ["conv": "third"], isBaseline: false,
        runs: [21, 22, 23].enumerated().map {
          SampleSweep.run(UInt64($0.offset), accuracy: Double($0.element) / 30, images: 30)
        }))
    mixed.factors[0].levels.append("third")
    let table = try ComparisonTable(
      mixed, options: .init(metrics: ["accuracy"], multiplicity: .holm, isPaired: true))
    // A comparison that cannot be made does not make the others harder.
    let first = try #require(table.rows[1].results[0].difference)
    #expect(first.pValue != nil && first.pValue == first.adjustedPValue)
    #expect(table.rows[2].results[0].difference?.adjustedPValue == nil)
    #expect(table.table.numberedNotes == ["third: all 3 differences are equal; no spread to judge by"])
    #expect(!table.table.notes.contains { $0.contains("comparisons a metric") })
  }

  @Test func tiedPairsAreCountedAndExplained() throws {
    let table = try shown(sweep([20, 21, 22], [20, 24, 22]))
    #expect(table.values["test_accuracy_difference_tied_pairs"] == 2)
    #expect(
      table.table.notes.contains(
        "2 of 3 pairs have exactly the same accuracy: one of the 30 test images is 3.33 points."))
    #expect(try !shown(sweep([20, 21, 22], [21, 24, 23])).table.notes.contains { $0.contains("exactly") })
    // With many images a tie is a chance like any other.
    let fine = try shown(sweep([2000, 2100, 2200], [2000, 2400, 2200], images: 3000))
    #expect(!fine.table.notes.contains { $0.contains("exactly") })
  }

  // MARK: Methods

  @Test func legendsNameTheMethodsThatWereUsed() throws {
    var both = sweep([20, 21, 22], [24, 26, 29])
    both.variants.append(
      .init(
        label: "apart", levels: [:], isBaseline: false,
        runs: [(3, 28.0), (4, 27), (5, 25)].map { SampleSweep.run($0, accuracy: $1 / 30) }))
    func legends(_ sweep: Sweep) throws -> [String] {
      let columns = try ComparisonTable(
        sweep,
        options: .init(
          metrics: ["accuracy"], multiplicity: .holm, coverage: .perComparison, isPaired: true)
      ).table.columns
      return columns[(columns.firstIndex { $0.fields.contains("test_accuracy_difference") } ?? 0)...].prefix(2)
        .compactMap(\.legend)
    }
    #expect(
      try legends(both) == [
        "mean difference to the baseline (base), paired by seed where a seed is shared, ± half its 95 % interval "
          + "(paired t over seeds; Welch where no seed is shared)",
        "p-value of the difference (paired t over seeds; Welch where no seed is shared), adjusted for the number of "
          + "comparisons",
      ])
    both.variants.remove(at: 1)
    #expect(
      try legends(both) == [
        "mean difference to the baseline (base), unpaired, ± half its 95 % interval (Welch)",
        "p-value of the difference (Welch), adjusted for the number of comparisons",
      ])
    #expect(
      try legends(sweep([20], [21])) == [
        "mean difference to the baseline (base), paired by seed; none could be given an interval, as the notes say",
        "p-value of the difference, adjusted for the number of comparisons",
      ])
  }

  @Test func effectSizesHaveAFieldEach() throws {
    let unpaired = try shown(sweep([20, 21, 22], [24, 26, 29], firstSeedOfNew: 3))
    #expect(unpaired.values["test_accuracy_difference_method"] == "welch")
    #expect(unpaired.values["test_accuracy_difference_cohen_dz"] == .null)
    #expect(unpaired.values["test_accuracy_difference_hedges_g"]?.doubleValue ?? 0 > 1)
    #expect(unpaired.values["test_accuracy_difference_pairs"] == 0)
    #expect(unpaired.everything["csv"]?.contains("effect_size") == false)
  }

  // MARK: Missing runs

  /// Five planned seeds, of which the new variant lacks the two best of the baseline.
  private func incomplete() -> Sweep {
    var sweep = sweep([20, 21, 22, 29, 30], [21, 23, 22], seeds: 0..<5)
    sweep.variants[1].runs += [
      SampleSweep.run(3, .failed, reason: "out of memory"), SampleSweep.run(4, .pending, epochs: 0),
    ]
    return sweep
  }

  @Test(arguments: [[], ["conv"]])
  func meansOverThePairsAreSaid(factors: [String]) throws {
    let table = try shown(incomplete(), by: factors)
    // All of the baseline's runs have 81.33 %, those of the three pairs 70.
    #expect(table.text.hasPrefix("+3.33 ± "))
    #expect(table.values["test_accuracy_difference_pairs"] == 3)
    #expect(table.values["test_accuracy_mean"]?.doubleValue.map { abs($0 - 22.0 / 30) < 1e-12 } ?? false)
    #expect(table.values["test_accuracy_paired_mean"]?.doubleValue.map { abs($0 - 22.0 / 30) < 1e-12 } ?? false)
    #expect(table.values["test_accuracy_paired_baseline_mean"]?.doubleValue.map { abs($0 - 0.7) < 1e-12 } ?? false)
    let note =
      "new: Δ accuracy % over 3 pairs: 73.33 against the baseline's 70.00; the means in the table are over all "
      + "completed runs"
    #expect(table.table.numberedNotes.contains(note))
    for format in ["text", "markdown", "html", "latex", "json"] {
      let text = (table.everything[format] ?? "").replacing("\\%", with: "%").replacing("&#39;", with: "'")
        .replacing("$\\Delta$", with: "Δ")
      #expect(text.contains(note), "\(text)")
      #expect(text.contains("out of memory"), "\(text)")
    }
    #expect(table.everything["csv"]?.contains("out of memory") ?? false)
  }

  @Test func completeTablesNeedNoNoteOnPairs() throws {
    #expect(try shown(sweep([20, 21, 22], [24, 26, 29])).table.numberedNotes.isEmpty)
    #expect(try shown(sweep([20, 21, 22], [24, 26, 29]), by: ["conv"]).table.numberedNotes.isEmpty)
  }

  @Test func equalCountsOfDifferentSeedsAreSaidToo() throws {
    let table = try shown(sweep([20, 21, 22, 29], [22, 22, 26, 28], firstSeedOfNew: 1))
    #expect(
      table.table.numberedNotes.contains(
        "new: 4/5 · 1 missing (seed 0)"))
    #expect(table.table.numberedNotes.contains { $0.hasPrefix("new: Δ accuracy % over 3 pairs: 77.78 against") })
  }

  @Test func missingRunsDoNotMakeABest() throws {
    // The best mean has lost its two bad seeds; over the three that both have, the third is ahead of it.
    func variant(_ label: String, _ counts: [UInt64: Int]) -> Variant {
      .init(
        label: label, levels: [:], isBaseline: label == "base",
        runs: (0..<5).map { seed in
          counts[seed].map { SampleSweep.run(seed, accuracy: Double($0) / 100) }
            ?? SampleSweep.run(seed, .pending, epochs: 0)
        })
    }
    let lucky = variant("lucky", [0: 90, 1: 91, 2: 93])
    let steady = variant("steady", [0: 92, 1: 93, 2: 95, 3: 70, 4: 71])
    let base = variant("base", [0: 85, 1: 85, 2: 86, 3: 85, 4: 85])
    let table = try ComparisonTable(
      SampleSweep.sweep([base, lucky, steady], seeds: 0..<5), options: .init(metrics: ["accuracy"], isPaired: true))
    #expect(!table.rows.contains { $0.results[0].isBest })
    #expect(
      table.table.notes.contains(
        "No value is marked as best: over the seeds that both have, another variant is ahead of the best mean."))
  }

  @Test func theReasonForNoBestIsTheTrueOne() throws {
    func note(_ sweep: Sweep, _ options: ReportOptions? = nil) throws -> [String] {
      try ComparisonTable(sweep, options: options ?? accuracy).table.notes.filter { $0.hasPrefix("No value") }
    }
    #expect(
      try note(sweep([20, 21], [28, 30])) == [
        "No value is marked as best: the lead over the runner-up cannot be judged: 2 pairs are too few to judge by."
      ])
    #expect(
      try note(sweep([20, 21, 22], [25, 21, 22])) == [
        "No value is marked as best: no lead over the runner-up has a 95 % interval that excludes 0."
      ])
    var failed = sweep([20, 21, 22], [24, 26, 29])
    failed.variants[1].runs.append(SampleSweep.run(3, .diverged, reason: "loss NaN at epoch 1"))
    #expect(
      try note(failed) == ["No value is marked as best: the variant with the best mean has failed runs."])
    #expect(
      try note(sweep([20, 21, 22], [24, 26, 29], firstSeedOfNew: 3)) == [
        "No value is marked as best: the two best means have no seed in common."
      ])
  }

  // MARK: Notes

  @Test func cellsCarrySeveralNotes() throws {
    let table = ReportTable(
      kind: "k", title: "t", columns: [.init("a", fields: ["a"])],
      rows: [.init([.init("x", values: [.null], notes: [1, 12])])],
      numberedNotes: (1...12).map { "note \($0)" })
    func text(_ format: String) throws -> String { try table.rendered(as: TableFormats.named(format)) }
    #expect(try text("text").contains("x ¹ ¹²"))
    #expect(try text("markdown").contains("| x ¹ ¹² |"))
    #expect(try text("html").contains("x<sup>1, 12</sup>"))
    #expect(try text("latex").contains("x\\textsuperscript{1, 12}"))
  }
}
