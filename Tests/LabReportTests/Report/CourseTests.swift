import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

/// How fast variants learn and how well they are calibrated, as a report tells it.
@Suite struct CourseTests {
  /// The table of a kind on a page, as programs see it.
  private func table(_ kind: String, _ report: SweepReport) throws -> JSONValue {
    try JSONValue(parsing: #require(found(kind, report)).rendered(as: TableFormats.named("json")))
  }

  private func found(_ kind: String, _ report: SweepReport) -> ReportTable? {
    let tables = report.page.sections.flatMap(\.blocks).compactMap { block -> ReportTable? in
      if case .table(let table, _) = block, table.kind == kind { table } else { nil }
    }
    return tables.first
  }

  /// A sweep of two variants whose runs have given accuracies in percent at the epochs.
  private func sample(
    _ courses: [[[Double]]], smallestEffect: Double? = nil
  ) throws -> SweepReport {
    var records = SweepRecords()
    let variants = courses.enumerated().map { variant, runs in
      Variant(
        label: variant == 0 ? "baseline" : "other", levels: [:], isBaseline: variant == 0,
        runs: runs.enumerated().map { seed, course in
          var run = SampleSweep.run(UInt64(seed), accuracy: (course.last ?? 0) / 100, f1: 0.5)
          run.identity = RunIdentity(hash: ContentHash(of: "\(variant) \(seed)"))
          records.epochs[run.identity] = course.enumerated().map { epoch, value in
            var metrics = Metrics()
            metrics["validation_accuracy"] = value / 100
            return EpochRecord(
              epoch: epoch, metrics: metrics,
              timing: .init(trainSeconds: 1, imagesPerSecond: 1, meanStepMilliseconds: 1))
          }
          return run
        })
    }
    return try SweepReport(
      SampleSweep.sweep(variants), records: records, options: .init(smallestEffect: smallestEffect))
  }

  @Test func epochsToTheGoalAreCountedAndNothingIsDropped() throws {
    let report = try sample([
      [[50, 70, 80], [50, 76, 80], [40, 77, 80]], [[77, 78, 82], [50, 60, 75], [76, 79, 81]],
    ])
    let json = try table("learning-speed", report)
    // 95 % of the baseline's 80 % are 76 %.
    #expect(abs((json["goal"]?.doubleValue ?? 0) - 0.76) < 1e-12)
    let rows = try #require(json["rows"]?.arrayValue)
    #expect(rows[0]["epochs_to_reach"] == [3, 2, 2] && rows[0]["median_epochs"] == 2 && rows[0]["reached"] == 3)
    #expect(rows[1]["epochs_to_reach"] == [1, .null, 1] && rows[1]["median_epochs"] == 1 && rows[1]["reached"] == 2)
    #expect(rows[1]["earlier"] == 2 && rows[1]["later"] == 1 && rows[1]["sign_test_p"] == 1)
    // Areas by the trapezoidal rule: 67.5, 70.5, 68.5 and 78.75, 61.25, 78.75 %.
    #expect(abs((rows[0]["area"]?.doubleValue ?? 0) - 0.68833333333) < 1e-9)
    #expect(abs((rows[1]["area_difference"]?.doubleValue ?? 0) - 0.04083333333) < 1e-9)
    let areas = [(0.7875, 0.675), (0.6125, 0.705), (0.7875, 0.685)]
    let paired = try #require(PairedDifference(pairs: areas)?.interval())
    #expect(abs((rows[1]["area_difference_lower"]?.doubleValue ?? 0) - paired.lower) < 1e-9)
    let page = report.page.rendered(as: try PageFormats.named("markdown"))
    for part in [
      "the epochs until validation accuracy first is at least 76.00 %, which is the mean that baseline has at its last epoch, "
        + "less 5 % of it", "The goal is not reached within their training by: other (seed 1).", "1, &gt;3, 1",
    ] { #expect(page.contains(part), "\(part) in:\n\(page)") }
  }

  @Test func theGoalIsShortByWhatMatters() throws {
    let json = try table(
      "learning-speed", sample([[[50, 80], [60, 80]], [[79, 80], [50, 70]]], smallestEffect: 1.5))
    #expect(abs((json["goal"]?.doubleValue ?? 0) - 0.785) < 1e-12)
    #expect(json["rows"]?.arrayValue?[1]["epochs_to_reach"] == [1, .null])
    #expect(json["rows"]?.arrayValue?[1]["median_epochs"] == .null)
  }

  @Test func runsOfOtherLengthsAreNamed() throws {
    let report = try sample([[[50, 60, 80], [50, 60, 80]], [[50, 80], [50, 60, 81]]])
    let page = report.page.rendered(as: try PageFormats.named("markdown"))
    #expect(page.contains("Of runs that were evaluated at other epochs, no area is taken: other (seed 0)."), "\(page)")
    // One epoch is no course.
    #expect(try found("learning-speed", sample([[[50], [60]], [[50], [60]]])) == nil)
  }

  @Test func calibrationErrorsHaveIntervals() throws {
    let sample = try ReportSample()
    let json = try table("calibration", sample.report())
    let rows = try #require(json["rows"]?.arrayValue)
    #expect(rows.count == 6)
    for (row, variant) in zip(rows, sample.sweep.variants) {
      let runs = variant.runs.compactMap { sample.records.calibration[$0.identity] }
      let error = CalibrationError(runs)
      #expect(row["variant"] == .string(variant.label) && row["runs"] == 3)
      #expect(row["ece"] == .number(error.observed) || abs((row["ece"]?.doubleValue ?? 0) - error.observed) < 1e-12)
      #expect(row["ece_corrected"] == .number(error.corrected))
      #expect(row["ece_lower"] == .number(error.interval().lower))
      #expect(row["ece_upper"] == .number(error.interval().upper))
      let (lower, upper) = (row["ece_lower"]?.doubleValue ?? .nan, row["ece_upper"]?.doubleValue ?? .nan)
      #expect(lower <= error.corrected && error.corrected <= upper && upper > 0)
    }
    #expect(try found("calibration", SweepReport(SampleSweep.mixed)) == nil)
  }
}
