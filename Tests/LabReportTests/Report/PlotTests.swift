import LabCore
import LabReport
import Testing

/// Figures of sweeps.
@Suite struct PlotTests {
  @Test func everyKindIsDrawnOrSaysWhyNot() throws {
    var sample = try ReportSample()
    for run in sample.sweep.variants[1].runs {
      sample.records.lesions[run.identity] = [VariantLesionTests.predictions(Int(run.seed), lesions: [("a", 9)])]
    }
    let (whole, empty) = (try sample.report(), try SweepReport(SampleSweep.sweep([])))
    for kind in Figures.registry.entries {
      if kind.name == "critical-difference" {
        #expect(throws: PlotError.self) { try whole.figure(kind) }
      } else {
        let svg = try whole.figure(kind).svg()
        #expect(svg.contains("<title>") && !svg.contains("nan"), "\(kind.name)")
      }
      let error = #expect(throws: PlotError.self) { try empty.figure(kind) }
      #expect(error.map { !$0.description.isEmpty && !$0.description.hasSuffix(".") } ?? false)
    }
  }

  @Test func costsAndFactorsAreChosen() throws {
    let report = try ReportSample().report()
    let pareto = try Figures.named("pareto")
    let titles = try PlotOptions.Cost.allCases.map { try report.figure(pareto, options: .init(cost: $0)).summary }
    #expect(Set(titles).count == titles.count)
    let interaction = try Figures.named("interaction")
    #expect(throws: PlotError("an interaction is of two factors, but 1 was given")) {
      try report.figure(interaction, options: .init(factors: ["conv"]))
    }
    #expect(throws: PlotError.self) { try report.figure(interaction, options: .init(factors: ["conv", "los"])) }
  }

  /// What the table cannot judge has no interval in the figure, and no standardized size in the analysis.
  @Test func whatCannotBeJudgedHasNoInterval() throws {
    var sweep = ReferenceSweep.sweep
    for seed in 1..<3 { sweep.variants[5].runs[seed].state = .failed }
    let report = try SweepReport(sweep, options: .init())
    let summary = try report.figure(Figures.named("forest")).summary
    let label = sweep.variants[5].label
    #expect(summary.contains(try Regex("\(label.replacing("+", with: "\\+")) −[0-9.]+[,.;]")), "\(summary)")
    #expect(summary.contains("focal −5.03 [−6.4"), "\(summary)")
    let json = try JSONValue(parsing: SweepAnalysis(sweep).document.rendered(as: TableFormats.named("json")))
    let rows = try #require(
      json["sections"]?.arrayValue?.lazy.compactMap { $0["table"] }.first { $0["table"] == "comparisons" }?["rows"]?
        .arrayValue)
    let row = try #require(rows.first { $0["variant"]?.stringValue == label })
    #expect(
      row["hedges_g"] == .null && row["probability_to_beat"] == .null && row["test_accuracy_difference_lower"] == .null)
    #expect(row["relative_error_change"]?.doubleValue != nil)
  }
}
