import Foundation
import LabCore
import LabRecords
import LabReport
import Testing

/// The analysis of `ablation.json`, against R.
@Suite struct SweepAnalysisTests {
  private let reference = ReferenceSweep.sweep

  private func registered(_ plan: AnalysisPlan?, after runs: Int = 0) -> Sweep {
    var sweep = reference
    sweep.analyses.append(
      AnalysisRegistration(plan: plan, registeredAt: .init(timeIntervalSince1970: 0), completedRuns: runs))
    return sweep
  }

  @Test func comparisonsAreThoseOfR() throws {
    let analysis = try SweepAnalysis(reference)
    #expect(analysis.metric.name == "test_accuracy" && analysis.comparisons.count == 11)
    let focal = try #require(analysis.comparisons.first)
    let interval = try #require(focal.difference.interval)
    #expect(abs(interval.lower + 0.06394) < 1e-5 && abs(interval.upper + 0.03673) < 1e-5)
    #expect(focal.verdict == .worse)
    let odconv = try #require(analysis.comparisons.first { analysis.sweep.variants[$0.variant].label == "odconv-4x" })
    #expect(odconv.verdict == .undecided)
    #expect(abs((odconv.difference.interval?.lower ?? 0) + 0.00760) < 1e-5)
  }

  @Test func factorsAreThoseOfR() throws {
    let factorial = try #require(SweepAnalysis(reference).factorial)
    #expect(factorial.rows.count == 7)
    // drop1(lm(acc ~ seed + conv * downsample * loss), test = "F"), in squared points.
    for (row, squares) in zip(factorial.rows, [1.73347222, 0.950625, 237.930625]) {
      #expect(abs(row.sumOfSquares * 1e4 - squares) < 1e-7)
    }
    #expect(abs((factorial.rows[2].test?.statistic ?? 0) - 766.12955) < 1e-4)
  }

  @Test func theDocumentSaysWhatFollows() throws {
    let text = try SweepAnalysis(reference).document.rendered(options: .init(width: 400))
    for part in [
      "Which variants differ from baseline in test_accuracy? 12 variants of the factors conv (3) × downsample (2) × "
        + "loss (2) × 3 seeds, in complete blocks",
      "Exploratory: no analysis was registered before the results.",
      "Model: variant + seed + residual, one residual for all whose runs vary alike (moderated): its standard deviation is "
        + "0.557 points, with 22 degrees of freedom. The runs of spd + focal vary 2 times as much as those of the others, so that "
        + "the others' runs count 2 % in its variance.",
      "All 11 95 % intervals hold at once (Dunnett), critical value 2.989 for the common residual.",
      "Worse than baseline: focal (−5.03 [−6.39, −3.67]);", "Undecided: spd (−0.25 [−1.61, +1.11]);",
      "conv × downsample: the runs do not tell whether the effect of conv depends on downsample (F(2, 22) = 0.234",
      "Effects of the factors", "−5.14 [−5.55, −4.73]", "Analysis of variance",
    ] { #expect(text.contains(part), "\(part) in:\n\(text)") }
    #expect(!text.lowercased().contains("significant"))
  }

  /// `Results/reference/recompute.py` has computed these numbers by other means.
  @Test func theCommittedAnalysisFollowsFromItsRuns() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Results/reference").standardized
    let table = try String(contentsOf: folder.appendingPathComponent("ablation-runs.csv"), encoding: .utf8)
    let accuracies = table.split(separator: "\n").dropFirst().compactMap { Double($0.split(separator: ",").last ?? "") }
    try #require(accuracies.count == 36)
    let sweep = ReferenceSweep.sweep(
      of: (0..<12).map { row in (0..<3).map { 100 * accuracies[3 * row + $0] } },
      convolutions: ["static", "odconv-1x-short", "odconv-4x-short"])
    let text = try SweepAnalysis(sweep).document.rendered(as: TableFormats.named("json"))
    let committed = try String(contentsOf: folder.appendingPathComponent("ablation-analysis.json"), encoding: .utf8)
    let (actual, expected) = (try JSONValue(parsing: text), try JSONValue(parsing: committed))
    for key in ["residual_sd", "residual_df", "critical_value", "moderated_variances"] {
      expectSame(actual[key], expected[key], key)
    }
    var compared = 0
    for name in ["comparisons", "analysis-of-variance", "effects"] {
      let rows = try [actual, expected].map { json in
        try #require(
          json["sections"]?.arrayValue?.lazy.compactMap { $0["table"] }.first { $0["table"]?.stringValue == name }?[
            "rows"]?
            .arrayValue)
      }
      #expect(rows[0].count == rows[1].count && !rows[0].isEmpty)
      for (own, other) in zip(rows[0], rows[1]) {
        // What is odd about runs is not in their accuracies.
        for (key, value) in other.objectValue ?? [:] where key != "health" && key != "is_preliminary" {
          expectSame(own[key], value, "\(name) \(key)")
          compared += 1
        }
      }
    }
    #expect(compared > 200)
  }

  private func expectSame(_ actual: JSONValue?, _ expected: JSONValue?, _ name: String) {
    guard let number = expected?.doubleValue else {
      #expect(actual == expected, "\(name)")
      return
    }
    #expect(abs((actual?.doubleValue ?? .nan) - number) <= 1e-9 * max(1, abs(number)), "\(name)")
  }

  @Test(arguments: TableFormats.registry.entries.map(\.name))
  func everyFormatHasTheComparisons(format: String) throws {
    let text = try SweepAnalysis(reference).document.rendered(as: TableFormats.named(format))
    #expect(text.contains("odconv-4x") && text.hasSuffix("\n"))
    #expect(!text.contains("nan") && !text.contains("inf,"))
    if format == "json" {
      let json = try JSONValue(parsing: text)
      #expect(json["report"] == "analysis" && json["registration"] == "exploratory" && json["model"] == "blocked")
      #expect(json["sections"]?.arrayValue?.contains { $0["table"]?["table"] == "comparisons" } == true)
    }
    if format == "csv" { #expect(text.split(separator: "\n").count == 12) }
  }

  @Test func whatWasRegisteredIsAnalyzed() throws {
    let plan = AnalysisPlan(metric: "test_macro_f1", smallestEffect: 2, confidence: 0.9)
    let analysis = try SweepAnalysis(registered(plan))
    #expect(analysis.metric.name == "test_macro_f1" && analysis.options.confidenceLevel == 0.9)
    #expect(analysis.smallestDifference == 0.02)
    let verdicts = analysis.comparisons.map(\.verdict)
    #expect(verdicts.filter { $0 == .equivalent }.count == 5 && verdicts.filter { $0 == .worse }.count == 6)
    #expect(analysis.document.rendered(options: .init(width: 400)).contains("As registered before the first result."))
    let other = try SweepAnalysis(registered(plan), options: .init(metric: "accuracy", isPerComparison: true))
    #expect(
      other.document.rendered(options: .init(width: 400)).contains(
        "This one is another, and exploratory: its metric is test_accuracy, registered was test_macro_f1, its intervals "
          + "hold each by itself."))
  }

  @Test func laterChangesAreSaid() throws {
    let plan = AnalysisPlan(metric: "test_macro_f1")
    #expect(
      try SweepAnalysis(registered(plan, after: 12)).document.sections[0].paragraphs[1]
        == "Registered late: 12 results were there already.")
    var changed = registered(plan)
    changed.analyses.append(
      .init(
        plan: AnalysisPlan(metric: "test_accuracy"), registeredAt: .init(timeIntervalSince1970: 9), completedRuns: 36))
    #expect(
      try SweepAnalysis(changed).document.sections[0].paragraphs[1]
        == "Not as registered: when 36 results were there, the metric was changed from test_macro_f1 to test_accuracy.")
  }

  @Test func allPairsAndAnyPair() throws {
    let all = try SweepAnalysis(reference, options: .init(comparesAllPairs: true))
    #expect(all.comparisons.count == 66)
    // qtukey(.95, 12, 22) / sqrt(2) = 3.6354 of the standard error 0.45502
    // Those of spd + focal, whose runs vary more, have another.
    #expect(all.comparisons.count { $0.difference.method == .tukey } == 55)
    #expect(all.comparisons.count { $0.difference.method == .moderatedTukey } == 11)
    let width = 100 * (all.comparisons[0].difference.interval?.halfWidth ?? 0)
    #expect(width > 1.6 && width < 1.7, "\(width)")
    let pair = try SweepAnalysis(reference, options: .init(pair: ["odconv-4x", "odconv-1x"]))
    let comparison = try #require(pair.comparisons.first)
    #expect(pair.comparisons.count == 1 && abs(comparison.difference.mean - 0.0056667) < 1e-6)
    #expect(abs(100 * (comparison.difference.interval?.halfWidth ?? 0) - 0.9436) < 1e-3)
    let text = pair.document.rendered(options: .init(width: 300))
    #expect(
      text.contains("It is undecided whether odconv-4x or odconv-1x is better: +0.57 [−0.38, +1.51] points."), "\(text)"
    )
    #expect(throws: ReportError.self) { try SweepAnalysis(reference, options: .init(pair: ["spd", "spd"])) }
  }

  @Test func aSweepThatHasOneSeedSoFarClaimsNothing() throws {
    var sweep = reference
    for variant in sweep.variants.indices {
      for run in sweep.variants[variant].runs.indices where sweep.variants[variant].runs[run].seed != sweep.seeds[0] {
        sweep.variants[variant].runs[run].state = .pending
        sweep.variants[variant].runs[run].metrics = [:]
      }
    }
    let text = try SweepAnalysis(sweep).document.rendered(options: .init(width: 400))
    for part in [
      "× 3 seeds, 1 of them so far, in complete blocks", "12 of 36 runs are complete.",
      "Model: none yet. No comparison has the runs that an interval takes, so that all remain undecided.",
      "1 pair is too few to judge by",
    ] { #expect(text.contains(part), "\(part) in:\n\(text)") }
    #expect(!text.contains("[–, –]"))
  }

  @Test func conclusionsFromRunsThatStillImproveArePreliminary() throws {
    var sweep = reference
    sweep.variants[2].runs[0].health = [HealthNote("still_improving", "the accuracy rose")]
    let analysis = try SweepAnalysis(sweep)
    #expect(analysis.comparisons.filter(\.isPreliminary).map(\.variant) == [2])
    #expect(
      analysis.document.rendered(options: .init(width: 400)).contains("Preliminary: runs behind 1 of 11 comparisons"))
  }

  @Test func armsThatDifferInMoreThanTheFactorAreNamed() throws {
    var sweep = reference
    for index in sweep.variants.indices {
      let isFocal = sweep.variants[index].levels["loss"] == "focal"
      sweep.variants[index].parameterCount = sweep.variants[index].levels["conv"] == "odconv-4x" ? 310_000 : 77_000
      for run in sweep.variants[index].runs.indices {
        sweep.variants[index].runs[run].configuration = [
          "model": ["conv": .string(sweep.variants[index].levels["conv"] ?? "")],
          "training": [
            "epochs": 4, "learning_rate": .number(isFocal ? 0.05 : 0.1),
            "loss": .string(sweep.variants[index].levels["loss"] ?? ""),
          ],
        ]
      }
    }
    let notes = try SweepAnalysis(sweep).document.sections.first { $0.title == "Fairness" }?.paragraphs ?? []
    #expect(notes.contains { $0.hasPrefix("Arms differ in learning rate: 0.1 (baseline; ") }, "\(notes)")
    #expect(notes.contains { $0.hasPrefix("Arms differ in parameters by a factor of 4.0: 77.00 k (") }, "\(notes)")
    #expect(
      notes.contains {
        $0.hasPrefix("The levels of loss differ in training.learning_rate and training.loss at once")
      }, "\(notes)")
    #expect(!notes.contains { $0.contains("epochs") || $0.contains("The levels of conv") }, "\(notes)")
  }

  /// What a part adds alone, and to the rest.
  @Test func partsOfTheFullModelComeInPairs() throws {
    var sweep = reference
    sweep.factors[0].levels.removeAll { $0 == "odconv-1x" }
    sweep.variants.removeAll { $0.levels["conv"] == "odconv-1x" }
    let table = try #require(SweepAnalysis(sweep).document.sections.compactMap(\.table).first { $0.kind == "parts" })
    #expect(table.rows.map { $0.cells[0].text } == ["conv", "downsample", "loss"])
    let rows = table.json["rows"]?.arrayValue ?? []
    #expect(abs((rows[2]["alone"]?.doubleValue ?? 0) + 0.0503333) < 1e-6)
    #expect(abs((rows[2]["to_the_rest"]?.doubleValue ?? 0) + 0.0561667) < 1e-6)
    #expect(try !SweepAnalysis(reference).document.sections.contains { $0.table?.kind == "parts" })
  }

  @Test func whatCannotBeEstimatedIsNamed() throws {
    var sweep = reference
    for run in 0..<3 { sweep.variants[4].runs[run].state = .failed }
    let text = try SweepAnalysis(sweep).document.rendered(options: .init(width: 400))
    #expect(text.contains("Without a comparable result: odconv-1x."), "\(text)")
  }

  @Test(arguments: 0...2)
  func fewSeedsMakeADocument(seeds: Int) throws {
    var sweep = reference
    for index in sweep.variants.indices { sweep.variants[index].runs.removeLast(3 - seeds) }
    sweep.seeds = Array(sweep.seeds.prefix(seeds))
    for format in TableFormats.registry.entries {
      let text = try SweepAnalysis(sweep).document.rendered(as: format)
      #expect(!text.contains("nan"), "\(text)")
    }
  }

  // MARK: Seeds

  @Test func seedsArePlanned() throws {
    let report = try SeedPlanReport(reference, goal: .init(halfWidth: 0.5, effect: 0.5))
    let seeds = try #require(report.seedsForHalfWidth)
    let deviation = 0.5572807808339278
    // Dunnett's critical value for 11 comparisons lies between 2.7 and 2.9 with many degrees of freedom.
    #expect(seeds > Int(2 * (2.7 * deviation / 0.5) * (2.7 * deviation / 0.5)) - 1)
    #expect(seeds < Int(2 * (2.9 * deviation / 0.5) * (2.9 * deviation / 0.5)) + 2)
    #expect(try #require(report.seedsForEffect) > seeds)
    let text = report.document.rendered(options: .init(width: 400))
    #expect(text.contains("Intervals of ± 0.50 points need \(seeds) seeds"), "\(text)")
    #expect(text.contains("3 (now)") && text.contains("1.36"), "\(text)")
    #expect(throws: ReportError.self) {
      try SeedPlanReport(SampleSweep.sweep([SampleSweep.variant("a", isBaseline: true, accuracies: [0.5, 0.6, 0.7])]))
    }
  }
}
