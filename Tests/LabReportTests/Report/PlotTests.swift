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
}
