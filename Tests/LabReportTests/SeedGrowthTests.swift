import Foundation
import LabCore
import LabRecords
import LabReport
import Testing

/// Seeds that are added until intervals are narrow enough.
@Suite struct SeedGrowthTests {
  // MARK: Texts

  @Test(arguments: [
    ("test_accuracy ± 0.3", "test_accuracy", 0.3), ("accuracy +- 0.3", "test_accuracy", 0.3),
    ("macro_f1+/-1", "test_macro_f1", 1), ("  validation_log_loss ±0.05 ", "validation_log_loss", 0.05),
    ("log_loss ± 1e-3", "test_log_loss", 1e-3), ("test_log_loss ± 120", "test_log_loss", 120),
  ])
  func precisionsAreRead(text: String, metric: String, size: Double) throws {
    #expect(
      try SeedRule(parsing: text, maximumSeedCount: 20)
        == SeedRule(metric: metric, halfWidth: size, maximumSeedCount: 20))
  }

  @Test(arguments: [
    ("test_accuracy 0.3", "it has no ±"), ("± 0.3", "no metric stands before the sign"),
    ("acuracy ± 0.3", #""acuracy" is no metric of which better is known (did you mean "test_accuracy"?)"#),
    ("learning_rate ± 0.3", #""learning_rate" is no metric of which better is known"#),
    ("accuracy ±", "no number stands behind the sign"), ("accuracy ± 0", #""0" is no number above 0"#),
    ("accuracy ± -1", #""-1" is no number above 0"#), ("accuracy ± 0.3 %", #""0.3 %" is no number above 0"#),
    ("accuracy ± nan", #""nan" is no number above 0"#),
    ("accuracy ± 100", "of test_accuracy these are points, which are below 100"),
  ])
  func otherTextsAreRefused(text: String, problem: String) throws {
    let error = #expect(throws: ReportError.self) { try SeedRule(parsing: text, maximumSeedCount: 20) }
    #expect(
      error?.description
        == "a precision is a metric, ± and a size, such as \"test_accuracy ± 0.3\", but \"\(text)\" was "
        + "given: \(problem)", "\(error?.description ?? "")")
  }

  // MARK: Decisions

  private func rule(_ size: Double, _ most: Int = 20, metric: String = "test_accuracy") -> SeedRule {
    SeedRule(metric: metric, halfWidth: size, maximumSeedCount: most)
  }

  /// Two variants with five seeds, whose difference R's t.test gives the interval 1.4 ± 1.4157 points.
  private var pair: Sweep {
    SampleSweep.sweep(
      [
        SampleSweep.variant("a", isBaseline: true, accuracies: [0.80, 0.81, 0.79, 0.82, 0.80]),
        SampleSweep.variant("b", accuracies: [0.81, 0.83, 0.80, 0.82, 0.83]),
      ], seeds: 0..<5)
  }

  @Test func widthsDecide() {
    let growth = SeedGrowth(pair, rule: rule(1))
    // t(0.975, 4) · 0.0114018 / √5; twice as many seeds would do, of which half are added at once.
    #expect(abs((growth.widest ?? 0) - 0.0141571) < 1e-6)
    #expect(growth.decision == .add([5, 6, 7]))
    #expect(growth.line == "test_accuracy: widest interval ± 1.4 with 5 seeds; 3 more")
    let enough = SeedGrowth(pair, rule: rule(1.42))
    #expect(enough.decision == .enough)
    #expect(enough.line == "test_accuracy: widest interval ± 1.4 with 5 seeds; narrow enough")
    // What is shown never contradicts what follows.
    let exhausted = SeedGrowth(pair, rule: rule(1.41, 5))
    #expect(exhausted.decision == .exhausted)
    #expect(exhausted.line == "test_accuracy: widest interval ± 1.42 with 5 seeds; no more than 5 are allowed")
    // How far the variants lie apart says nothing.
    var better = pair
    for run in 0..<5 {
      better.variants[1].runs[run].metrics["test_accuracy"] = pair.variants[1].runs[run].metrics["test_accuracy"]! + 0.1
    }
    #expect(SeedGrowth(better, rule: rule(1)).decision == .add([5, 6, 7]))
    #expect(SeedGrowth(better, rule: rule(1.42)).decision == .enough)
  }

  @Test func theWidestOfAllComparisonsIsThatOfTheRegisteredAnalysis() {
    // That of spd + focal, whose runs vary more: 4.239991219 standard errors of 0.6132250012 points (make_moderated.py).
    let growth = SeedGrowth(ReferenceSweep.sweep, rule: rule(2))
    #expect(abs((growth.widest ?? 0) - 0.026000684) < 1e-7)
    #expect(growth.decision == .add([3, 4]))
    var registered = pair
    registered.variants.append(SampleSweep.variant("c", accuracies: [0.79, 0.80, 0.80, 0.81, 0.82]))
    let plan = AnalysisPlan(metric: "test_macro_f1", confidence: 0.9, comparisons: .all)
    registered.analyses = [
      AnalysisRegistration(plan: plan, registeredAt: Date(timeIntervalSince1970: 0), completedRuns: 0)
    ]
    // qtukey(0.9, 3, 8) / √2 · 0.00875595 · √(2 / 5) by R.
    let all = SeedGrowth(registered, rule: rule(2)).widest ?? 0
    #expect(abs(all - 0.01321172) < 1e-6, "\(all)")
  }

  @Test func seedsComeBehindTheLargestAndAreNew() {
    var sweep = pair
    sweep.seeds = [3, 9, 4, 1, 0]
    for variant in sweep.variants.indices {
      for (index, seed) in sweep.seeds.enumerated() { sweep.variants[variant].runs[index].seed = seed }
    }
    #expect(SeedGrowth(sweep, rule: rule(1)).decision == .add([10, 11, 12]))
  }

  @Test func runsThatFailLeaveIncompleteBlocks() {
    var sweep = pair
    sweep.variants.append(SampleSweep.variant("c", accuracies: [0.79, 0.80, 0.80, 0.81, 0.82]))
    sweep.variants[2].runs[1].state = .failed
    #expect(SeedGrowth(sweep, rule: rule(0.5)).withoutInterval.isEmpty)
    // What never completes is left out, and said.
    for run in 0..<5 { sweep.variants[2].runs[run].state = .diverged }
    let growth = SeedGrowth(sweep, rule: rule(1))
    #expect(growth.decision == .add([5, 6, 7]) && growth.withoutInterval == ["c"])
    #expect(
      growth.line
        == "test_accuracy: widest interval ± 1.4 with 5 seeds (none for c, for want of comparable results); 3 more",
      "\(growth.line)")
    // Without the baseline there is nothing to compare.
    for run in 0..<5 { sweep.variants[0].runs[run].state = .failed }
    let nothing = SeedGrowth(sweep, rule: rule(1))
    #expect(nothing.decision == .impossible)
    #expect(nothing.line == "test_accuracy: no comparison has an interval with 5 seeds; no more are added")
    #expect(SeedGrowth(pair, rule: rule(1, metric: "validation_accuracy")).decision == .impossible)
  }

  /// Wherever a sweep is interrupted, what is on record leads to the seeds that an undisturbed one has.
  @Test func decisionsFollowFromResultsAlone() {
    func trained(_ seeds: [UInt64]) -> Sweep {
      func value(_ variant: Int, _ seed: UInt64) -> Double {
        let stream = RandomStream(seed: seed, name: "variant \(variant)")
        return 0.8 + 0.05 * Double(stream.uniform(0))
      }
      var sweep = SampleSweep.sweep(
        (0..<4).map { variant in
          SampleSweep.variant("\(variant)", isBaseline: variant == 0, accuracies: seeds.map { value(variant, $0) })
        })
      sweep.seeds = seeds
      for variant in 0..<4 {
        for (index, seed) in seeds.enumerated() { sweep.variants[variant].runs[index].seed = seed }
      }
      return sweep
    }
    func stations(from seeds: [UInt64], _ size: Double) -> [[UInt64]] {
      var stations = [seeds]
      while case .add(let more) = SeedGrowth(trained(stations[stations.count - 1]), rule: rule(size, 60)).decision {
        stations.append(stations[stations.count - 1] + more)
      }
      return stations
    }
    var most = 0
    for size in stride(from: 0.7, through: 2.5, by: 0.1) {
      let undisturbed = stations(from: [0, 1, 2], size)
      most = max(most, undisturbed.count)
      for station in undisturbed { #expect(stations(from: station, size).last == undisturbed.last) }
    }
    #expect(most > 2)
  }

  // MARK: What is said

  private func grown(_ size: Double, most: Int = 20, after runs: Int = 0) -> SweepAnalysis? {
    var sweep = pair
    sweep.seedRules = [
      SeedRuleRegistration(
        rule: rule(size, most), registeredAt: Date(timeIntervalSince1970: 0), completedRuns: runs, seeds: [3, 4])
    ]
    return try? SweepAnalysis(sweep)
  }

  @Test func analysesAndReportsSayHowSeedsCame() throws {
    let analysis = try #require(grown(1.5))
    let text = analysis.document.rendered(options: .init(width: 900))
    #expect(
      text.contains(
        "Seeds were added until the widest interval of test_accuracy was at most ± 1.5 points: 5 of at most 20 seeds. The "
          + "spec has 3 of them, and the seeds 3, 4 were added. The rule looks at widths and not at differences, but stops more often "
          + "where the spread looks small by chance: of simulated families of 95 % intervals of 2 variants, 92 to 94 % held "
          + "all at once."), "\(text)")
    let page = try SweepReport(analysis.sweep).page.rendered(as: PageFormats.named("markdown"))
    #expect(page.contains("Seeds were added until the widest interval of test\\_accuracy"), "\(page)")
    let json = try JSONValue(parsing: analysis.document.rendered(as: TableFormats.named("json")))
    #expect(json["seed_rule"]?["seeds_added"] == [3, 4] && json["seed_rule"]?["half_width"] == .number(1.5))
    #expect(try SweepAnalysis(pair).document.rendered(options: .init(width: 900)).contains("Seeds were") == false)
  }

  @Test func aRuleThatWasNotFollowedIsSaidToBe() throws {
    let open = try #require(grown(0.5, after: 4)).document.rendered(options: .init(width: 900))
    #expect(
      open.contains(
        "which was not followed to its end: with 5 of at most 20 seeds, it is ± 1.4. The spec has 3 of them, and the seeds 3, 4 were "
          + "added. It was set when 4 results were there."), "\(open)")
    let short = try #require(grown(0.5, most: 5)).document.rendered(options: .init(width: 900))
    #expect(
      short.contains(
        "Seeds were added until there were 5 of at most 5 seeds, and the widest interval of test_accuracy is still not at "
          + "most ± 0.5 points: it is ± 1.4."), "\(short)")
    var running = pair
    running.variants[1].runs[4].state = .running
    running.seedRules = [
      SeedRuleRegistration(
        rule: rule(1), registeredAt: Date(timeIntervalSince1970: 0), completedRuns: 0, seeds: [3, 4])
    ]
    #expect(
      try SweepAnalysis(running).document.rendered(options: .init(width: 900)).contains(
        "Seeds are added until the widest interval of test_accuracy is at most ± 1 points: 5 of at most 20 seeds so far."
      ))
  }
}
