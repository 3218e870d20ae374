import Foundation
import LabCore
import LabRecords
import LabReport
import Testing

/// What is said of analyses that go on from earlier ones.
@Suite struct RegistrationTests {
  private let plan = AnalysisPlan(metric: "test_accuracy")

  private func text(_ continuation: AnalysisContinuation?, options: AnalysisOptions = .init()) throws -> SweepAnalysis {
    var sweep = ReferenceSweep.sweep
    sweep.analyses = [
      AnalysisRegistration(
        plan: plan, registeredAt: Date(timeIntervalSince1970: 1000), completedRuns: 24, continuation: continuation)
    ]
    return try SweepAnalysis(sweep, options: options)
  }

  @Test func theSameAnalysisRegisteredBeforeCounts() throws {
    let start = AnalysisContinuation(sweep: 7, registeredAt: Date(timeIntervalSince1970: 0))
    let unchanged = try text(start)
    #expect(
      unchanged.document.sections[0].paragraphs[1]
        == "As registered before the first result (with sweep 7, 1970-01-01T00:00:00Z).")
    var grown = start
    grown.additions = [.init(seeds: [1], completedRuns: 12), .init(seeds: [2], completedRuns: 24)]
    let analysis = try text(grown)
    #expect(
      analysis.document.sections[0].paragraphs[1]
        == "As registered before the first result (with sweep 7, 1970-01-01T00:00:00Z). Seeds were added by hand: 1 when 12 "
        + "results were there, then 2 when 24 results were there. Whoever looks at results and adds seeds until they please "
        + "finds differences more often than the confidence says.")
    let json = try JSONValue(parsing: analysis.document.rendered(as: TableFormats.named("json")))
    #expect(json["registration"] == "as_registered")
    #expect(
      json["seeds_added_after_results"] == [["seeds": [1], "results": 12], ["seeds": [2], "results": 24]])
    #expect(
      try text(start, options: .init(metric: "macro_f1")).document.sections[0].paragraphs[1].hasPrefix(
        "An analysis was registered before the first result (with sweep 7, 1970-01-01T00:00:00Z). This one is another"))
    #expect(try text(nil).document.sections[0].paragraphs[1] == "Registered late: 24 results were there already.")
  }
}
