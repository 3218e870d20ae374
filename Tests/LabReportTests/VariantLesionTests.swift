import Foundation
import LabCore
import LabRecords
import LabReport
import LabStats
import Testing

/// A report shows the lesions that a variant's runs have in common, and says what it leaves out.
@Suite struct VariantLesionTests {
  static let labels = (0..<40).map { Int32($0 % 2) }

  /// Predictions that are wrong for the first few images, with lesions that are wrong for more.
  static func predictions(_ seed: Int, lesions: [(part: String, wrong: Int)], data: String = "data")
    -> LesionPredictions
  {
    func classes(wrong: Int) -> [Int32] {
      labels.enumerated().map { $0.offset < wrong ? 1 - $0.element : $0.element }
    }
    return LesionPredictions(
      setting: .init(
        program: "1", weights: .final, weightsHash: ContentHash(of: "\(seed)"), dataHash: ContentHash(of: data),
        split: "test", imageCount: 40, sampleLimit: 8, drawSeed: 0),
      labels: labels, classNames: ["stop", "yield"], intact: classes(wrong: 2 + seed),
      rows: lesions.map { part, wrong in
        .init(
          .init(key: ContentHash(of: part), part: part, layer: "conv1", replacement: "mean"),
          classes: classes(wrong: wrong + seed))
      })
  }

  private func report(_ lesions: (Run) -> [LesionPredictions]) throws -> (report: SweepReport, text: String) {
    let sweep = SampleSweep.sweep([
      SampleSweep.variant("static", isBaseline: true, accuracies: []),
      SampleSweep.variant("odconv-4x", accuracies: [0.95, 0.92, 0.9]),
    ])
    var records = SweepRecords()
    let variant = sweep.variants[1]
    for run in variant.runs { records.lesions[run.identity] = lesions(run) }
    let report = try SweepReport(sweep, records: records)
    return (report, try PageFormats.named("markdown").render(report.page))
  }

  @Test func whatAllRunsHaveIsCompared() throws {
    let (report, text) = try report { run in
      [Self.predictions(Int(run.seed), lesions: [("a", 12), ("b", 2)] + (run.seed == 0 ? [("c", 5)] : []))]
    }
    #expect(text.contains("2 lesions are compared with the 3 models as they are"), "\(text)")
    #expect(text.contains("1 lesion that only some of the runs have is left out."))
    #expect(text.contains("Means of attentions are over 8 training images"))
    #expect(text.contains("| a | conv1 | mean | 67.50 | −25.00"), "\(text)")
    let figure = try report.figure(Figures.named("lesions"))
    let values = try #require(figure.vegaLite["data"]?["values"]?.arrayValue)
    #expect(values.map { $0["lesion"] } == ["a, conv1", "b, conv1"])
    #expect(abs(try #require(values[0]["difference"]?.doubleValue) + 25) < 1e-9)
    #expect(values[0]["verdict"] == "worse")
  }

  @Test func runsWithoutLesionsAreCounted() throws {
    let (_, text) = try report { run in run.seed == 1 ? [] : [Self.predictions(Int(run.seed), lesions: [("a", 12)])] }
    #expect(text.contains("2 of 3 completed runs have lesions on record."), "\(text)")
  }

  /// Other data are another comparison.
  @Test func settingsAreNotMixed() throws {
    let (_, text) = try report { run in
      [
        Self.predictions(Int(run.seed), lesions: [("a", 12)]),
        Self.predictions(Int(run.seed), lesions: [("a", 9)], data: "others"),
      ]
    }
    #expect(text.components(separatedBy: "1 lesion is compared with the 3 models as they are").count == 3, "\(text)")
  }

  @Test func withoutLesionsThereIsNoSection() throws {
    let (report, text) = try report { _ in [] }
    #expect(!text.contains("## Lesions"))
    #expect(throws: PlotError.self) { try report.figure(Figures.named("lesions")) }
  }
}
