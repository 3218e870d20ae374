import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

/// Comparisons with the chance of the test images beside that of the seeds.
@Suite struct ImageChanceTests {
  private func numbers(_ value: JSONValue?) -> [Double] { value?.arrayValue?.compactMap(\.doubleValue) ?? [] }

  @Test(arguments: ["few", "many"]) func numbersAreThoseOfSciPy(name: String) throws {
    let expected = try #require(ImageSample.fixture()["cases"]?[name])
    let analysis = try ImageSample([name]).analysis()
    let comparison = try #require(analysis.comparisons.first)
    let images = try #require(analysis.images?.comparisons.first ?? nil)
    func expectInterval(_ interval: ConfidenceInterval?, _ key: String) {
      let ends = numbers(expected[key])
      #expect(abs((interval?.lower ?? .nan) - ends[0]) < 1e-9, "\(key)")
      #expect(abs((interval?.upper ?? .nan) - ends[1]) < 1e-9, "\(key)")
    }
    #expect(abs(comparison.difference.mean - (expected["difference"]?.doubleValue ?? .nan)) < 1e-12)
    expectInterval(comparison.difference.interval, "over_seeds")
    expectInterval(images.interval, "over_both")
    expectInterval(images.imageInterval, "over_images")
    #expect(images.gains?.gained.map(Double.init) == numbers(expected["gained"]))
    #expect(images.gains?.lost.map(Double.init) == numbers(expected["lost"]))
    let tests = try #require(images.tests)
    for (actual, key) in [(tests.exactPValue, "exact_p"), (tests.midPValue, "mid_p")] {
      let reference = expected[key]?.doubleValue ?? .nan
      #expect(abs(actual - reference) <= 1e-9 * reference, "\(key)")
    }
    let shares = try #require(images.difference.components?.shares)
    for (actual, share) in zip([shares.seeds, shares.images, shares.residual], numbers(expected["shares"])) {
      #expect(abs(actual - share) < 1e-9)
    }
    // Both are better over the seeds; few images do not survive another draw.
    #expect(comparison.verdict == .better && images.holdsForTheseImagesOnly == (name == "few"))
  }

  @Test func theDocumentMarksWhatHoldsForTheseImagesOnly() throws {
    let sample = try ImageSample(["few"])
    let plain = try SweepAnalysis(sample.sweep).document
    #expect(!plain.rendered().contains("these test images"))
    let pair = try sample.analysis(.init(pair: ["few", "baseline"]))
    let text = pair.document.rendered(options: .init(width: 300)).replacing("\n", with: " ")
    for part in [
      "One verdict holds for these test images only, and another draw of images may undo it: few against baseline.",
      "tested on the same 400 images", "The one verdict may not survive another draw of images.",
      "Seeds and test images",
      "[−0.09, +1.47]", "[0.00, +1.42]", "95 %", "may undo it",
      "few against baseline: holds for these test images only; another draw of images may undo it",
    ] { #expect(text.contains(part), "\(part) in:\n\(text)") }
  }

  @Test func programsFindEveryNumber() throws {
    let analysis = try ImageSample(["few"]).analysis()
    let json = try JSONValue(parsing: analysis.document.rendered(as: TableFormats.named("json")))
    let tables = json["sections"]?.arrayValue?.compactMap { $0["table"] } ?? []
    let comparison = try #require(tables.first { $0["table"] == "comparisons" }?["rows"]?.arrayValue?.first)
    #expect(comparison["holds_for_these_images_only"] == true && comparison["verdict"] == "better")
    let row = try #require(tables.first { $0["table"] == "test-images" }?["rows"]?.arrayValue?.first)
    #expect(row["gained"] == 7 && row["gained_by_seed"] == [3, 2, 2] && row["lost"] == 0 && row["seeds"] == [0, 1, 2])
    #expect(row["survives_other_images"] == false)
    #expect(abs((row["mcnemar_p"]?.doubleValue ?? 0) - 0.125) < 1e-12)
    #expect(abs((row["lower_with_images"]?.doubleValue ?? 0) + 0.0008812665879675587) < 1e-9)
    #expect(json["image_counts"] == [400] && json["image_resamples"] == .null && json["image_omissions"] == [])
    let csv = analysis.document.rendered(as: try TableFormats.named("csv"))
    #expect(csv.split(separator: "\n").count == 2 && csv.contains("holds_for_these_images_only"))
    for format in TableFormats.registry.entries {
      let text = analysis.document.rendered(as: format)
      #expect(!text.contains("nan") && text.contains("few"), "\(format.name)")
    }
  }

  @Test func theSeedsPartIsThatOfTheAnalysis() throws {
    let sample = try ImageSample(["few", "many"])
    let asked: [AnalysisOptions] = [
      .init(), .init(isPerComparison: true), .init(confidence: 0.9), .init(comparesAllPairs: true),
    ]
    for options in asked {
      let analysis = try sample.analysis(options)
      let images = try #require(analysis.images)
      #expect(images.comparisons.count == analysis.comparisons.count && images.leftOut.isEmpty)
      for (comparison, found) in zip(analysis.comparisons, images.comparisons) {
        let (seeds, both) = try (#require(comparison.difference.interval), #require(found?.interval))
        let difference = try #require(found?.difference)
        #expect(abs(difference.estimate - comparison.difference.mean) < 1e-12)
        let error = try #require(comparison.difference.standardError)
        let degrees = try #require(comparison.difference.degreesOfFreedom)
        let own = CrossedDifference(
          try #require(found?.gains), seedError: .init(standardError: error, degreesOfFreedom: degrees))
        let expected = try #require(own.interval(criticalValue: seeds.halfWidth / error, level: seeds.level))
        #expect(abs(both.lower - expected.lower) < 1e-9 && abs(both.upper - expected.upper) < 1e-9)
        #expect(both.lower < seeds.lower && both.upper > seeds.upper && both.level == seeds.level)
      }
    }
  }

  @Test func oneSidedAnalysesStayOneSided() throws {
    var sample = try ImageSample(["few"])
    sample.sweep.analyses.append(
      .init(
        plan: AnalysisPlan(metric: "test_accuracy", sides: .one), registeredAt: .init(timeIntervalSince1970: 0),
        completedRuns: 0))
    let analysis = try sample.analysis()
    let interval = try #require(analysis.comparisons.first?.difference.interval)
    let both = try #require(analysis.images?.comparisons.first??.interval)
    // Of two variants the pairs decide, and they have two sides.
    #expect(both.lower.isFinite == interval.lower.isFinite && both.upper.isFinite == interval.upper.isFinite)
    let wide = try ImageSample(["few", "many"])
    var registered = wide
    registered.sweep.analyses = sample.sweep.analyses
    for (comparison, found) in try zip(
      registered.analysis().comparisons, #require(registered.analysis().images?.comparisons))
    {
      #expect(comparison.difference.interval?.upper.isFinite == found?.interval?.upper.isFinite)
      #expect(comparison.difference.interval?.upper.isFinite == found?.imageInterval.upper.isFinite)
    }
  }

  @Test func otherImagesAreNamedAndLeftOut() throws {
    let whole = try ImageSample(["few"])
    let stored = try #require(whole.predictions[whole.sweep.variants[1].runs[0].identity])
    func leftOut(_ change: (inout ImageSample) -> Void) throws -> [String] {
      var sample = whole
      change(&sample)
      return try #require(sample.analysis().images).leftOut
    }
    func replaced(_ change: (inout Predictions) -> Void) throws -> [String] {
      var other = stored
      change(&other)
      return try leftOut { sample in for seed in 0..<3 { sample.replace(1, seed, other) } }
    }
    #expect(try leftOut { _ in } == [])
    #expect(
      try replaced { other in
        other.labels = Array(other.labels.prefix(300))
        other.logits = Array(other.logits.prefix(1200))
      } == ["Left out, since they were tested on other numbers of images (300 and 400): few and baseline."])
    #expect(
      try replaced { $0.labels.swapAt(0, 399) }
        == ["Left out, since they were tested on images with other labels: few and baseline."])
    #expect(
      try replaced { $0.classNames[0] = "other" }
        == ["Left out, since they were tested on images of other classes: few and baseline."])
    let data = try leftOut { sample in
      for seed in 0..<3 {
        sample.sweep.variants[1].runs[seed].configuration = ["dataset": ["name": "other"]]
      }
    }
    #expect(data == ["Left out, since they were tested on other data: few and baseline."])
    #expect(
      try leftOut { $0.replace(1, 2, nil) } == ["Without predictions for the same images: few and baseline (seed 2)."])
    #expect(
      try leftOut { sample in for seed in 0..<3 { sample.replace(1, seed, nil) } }
        == ["Left out, since their test predictions are not on record: few and baseline."])
    let ofTheBaseline = whole.predictions[whole.sweep.variants[0].runs[0].identity]
    let wrong = try leftOut { $0.replace(1, 0, ofTheBaseline, keepsMetrics: true) }
    #expect(wrong.count == 2 && wrong[0].contains("few and baseline (seed 0)"))
    #expect(wrong[1].hasPrefix("Not used: the predictions of run ") && wrong[1].contains(" make a test_accuracy of 0."))
    let part = Predictions(logits: [1], labels: [0], confusion: [], classNames: ["a", "b"])
    let broken = try leftOut { $0.replace(1, 0, part, keepsMetrics: true) }
    #expect(broken.last?.contains("are not one for each class and test image") == true)
  }

  @Test func metricsWithoutImagesAreErrors() throws {
    let sample = try ImageSample(["few"])
    #expect(TestPredictions(metric: "images_per_second") == nil && TestPredictions(metric: "test_loss") == nil)
    #expect(TestPredictions(metric: "validation_accuracy") == nil)
    var analysis = try SweepAnalysis(sample.sweep, options: .init(metric: "images_per_second"))
    let accuracies = try #require(sample.tested())
    #expect(throws: ReportError.metricWithoutImages("images_per_second")) { try analysis.consider(accuracies) }
    var other = try SweepAnalysis(sample.sweep)
    #expect(throws: ReportError.noPredictions(problems: [])) {
      try other.consider(#require(TestPredictions(metric: "test_accuracy")))
    }
  }

  @Test func everyMetricOfImagesHasBothChances() throws {
    let sample = try ImageSample(["few", "many"])
    let scores = try #require(ImageSample.fixture()["cases"]?["many"]?["f1"]?.arrayValue)
    let names = [
      "test_macro_f1", "test_ece", "test_log_loss", "test_brier_score", "test_top3_accuracy", "test_accuracy",
    ]
    for metric in names {
      let analysis = try sample.analysis(metric: metric)
      let found = try #require(analysis.images?.comparisons[1])
      let stored = analysis.comparisons[1].difference.mean
      // The runs' own metrics, from the logits of the same images.
      let mean = found.difference.seedDifferences.reduce(0, +) / 3
      #expect(abs(mean - stored) < 1e-6, "\(metric): \(mean) \(stored)")
      #expect(found.difference.imageStandardError > 0 && found.imageInterval.halfWidth > 0, "\(metric)")
      #expect((found.gains == nil) == !metric.hasSuffix("accuracy"))
      #expect((analysis.images?.resampleCount == nil) == metric.hasSuffix("accuracy"))
      let text = analysis.document.rendered(options: .init(width: 300))
      #expect(text.contains("McNemar") == metric.hasSuffix("accuracy") && text.contains("Seeds and test images"))
      if metric == "test_macro_f1" {
        let (treatment, reference) = (numbers(scores[0]), numbers(scores[1]))
        for (seed, difference) in found.difference.seedDifferences.enumerated() {
          #expect(abs(difference - treatment[seed] + reference[seed]) < 1e-9)
        }
      }
    }
  }

  @Test func aSeedByItselfHasImagesOnly() throws {
    var sample = try ImageSample(["many"])
    for variant in 0..<2 { sample.sweep.variants[variant].runs.removeLast(2) }
    sample.sweep.seeds = [0]
    let analysis = try sample.analysis()
    let found = try #require(analysis.images?.comparisons.first ?? nil)
    #expect(found.interval == nil && !found.holdsForTheseImagesOnly && found.imageInterval.lower > 0.1)
    let text = analysis.document.rendered(options: .init(width: 300)).replacing("\n", with: " ")
    #expect(text.contains("No verdict is decided over seeds"), "\(text)")
  }

  @Test func theReportHasBothSourcesOfChance() throws {
    let sample = try ImageSample(["few"])
    let report = try SweepReport(sample.sweep, records: .init(predictions: sample.tested()))
    let page = report.page.rendered(as: try PageFormats.named("markdown"))
    for part in [
      "\n## Two sources of chance\n", "tested on the same 400 images", "One verdict holds for these test images only",
      "few is better than baseline in test accuracy by 0.58 points (95 % interval 0.22 to 0.94). That holds for these test "
        + "images only: over other images as well, it is not decided (95 % interval −0.09 to +1.47).",
      "other images would change them too, as the section on two sources of chance tells.",
    ] { #expect(page.contains(part), "\(part) in:\n\(page)") }
    // Without predictions, or with those for another metric, there is nothing of them.
    for records in [SweepRecords(), SweepRecords(predictions: sample.tested("test_macro_f1"))] {
      let other = try SweepReport(sample.sweep, records: records).page.rendered(as: PageFormats.named("markdown"))
      #expect(!other.contains("Two sources of chance") && !other.contains("these test images only"))
    }
  }
}
