import Foundation
import LabCore
import Testing

/// What is concluded from a sweep, as a user asks for it.
@Suite struct AnalyzeTests {
  private static let analysis = #""analysis": { "metric": "log_loss", "smallest_effect": 0.05, "confidence": 0.9 },"#

  /// A spec with three variants and two seeds.
  private func spec(_ analysis: String) -> String {
    Labrun.spec(name: "three", epochs: 1, seeds: "[0, 1]")
      .replacingOccurrences(of: #"["static", "odconv-1x"]"#, with: #"["static", "odconv-1x", "odconv-2x"]"#)
      .replacingOccurrences(of: #""seeds""#, with: analysis + #" "seeds""#)
  }

  @Test func aSweepIsAnalyzedAsItWasRegistered() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec(Self.analysis), to: "Experiments/three.json")
    let sweep = try labrun.run("sweep", "three")
    #expect(sweep.status == 0, "\(sweep.errors)")

    let text = try labrun.run("analyze")
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.hasPrefix("three (sweep 1): analysis of log loss\n"), "\(text.output)")
    for part in ["As registered before the first result.", "Comparisons with the baseline", "Analysis of variance"] {
      #expect(text.output.contains(part), "\(part) in:\n\(text.output)")
    }
    #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 120 })

    let json = try JSONValue(parsing: labrun.run("analyze", "three", "--json").output)
    #expect(json["registration"] == "as_registered" && json["confidence_level"] == .number(0.9))
    #expect(json["smallest_difference"] == .number(0.05))
    let comparisons = json["sections"]?.arrayValue?.compactMap { $0["table"] }.first { $0["table"] == "comparisons" }
    #expect(comparisons?["rows"]?.arrayValue?.count == 2)

    for format in ["markdown", "latex", "csv", "html"] {
      let other = try labrun.run("analyze", "three", "--format", format)
      #expect(other.status == 0 && other.output.contains("odconv-2x"), "\(other.errors)")
    }
    // A changed analysis trains nothing, and is told from the registered one.
    try labrun.write(
      spec(Self.analysis.replacingOccurrences(of: "log_loss", with: "macro_f1")), to: "Experiments/three.json")
    let again = try labrun.run("sweep", "three")
    #expect(again.output.contains("6 reused") || again.errors.contains("6 reused"), "\(again.output)")
    #expect(try labrun.run("list").output.contains("three"))
    let changed = try labrun.run("analyze", variables: ["COLUMNS": "300"])
    #expect(
      changed.output.contains(
        "Not as registered: when 6 results were there, the metric was changed from test_log_loss to test_macro_f1."),
      "\(changed.output)")
  }

  @Test func anyTwoVariantsAreComparedAndSeedsPlanned() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec(""), to: "Experiments/three.json")
    #expect(try labrun.run("sweep", "three").status == 0)
    let compared = try labrun.run("compare", "three", "odconv-2x", "odconv-1x", variables: ["COLUMNS": "300"])
    #expect(compared.status == 0, "\(compared.errors)")
    #expect(compared.output.contains("Exploratory: no analysis was registered before the results."))
    let wrong = try labrun.run("compare", "three", "odconv-2x", "odconv-1")
    #expect(wrong.status == 64)
    #expect(
      wrong.errors == "labrun: the sweep has no variant \"odconv-1\" (did you mean \"odconv-1x\"?)\n", "\(wrong.errors)"
    )
    #expect(try labrun.run("compare", "three", "odconv-2x", "odconv-2x").status == 64)

    let plan = try labrun.run("plan-seeds", "three", "--metric", "log_loss", "--half-width", "0.1", "--json")
    #expect(plan.status == 0, "\(plan.errors)")
    let json = try JSONValue(parsing: plan.output)
    #expect(json["report"] == "seed-plan" && json["half_width"] == .number(0.1) && json["seeds_now"] == 2)
    #expect(try labrun.run("plan-seeds", "three", "--power", "1").status == 64)
    let aimless = try labrun.run("plan-seeds", "three", "--power", "0.9")
    #expect(aimless.status == 64 && aimless.errors.contains("say which with --effect"), "\(aimless.errors)")
    #expect(try labrun.run("analyze", "three", "--json", "--format", "csv").status == 64)
    #expect(try labrun.run("table", "three", "--by", "conv", "--per-comparison").status == 64)

    let table = try labrun.run(
      "table", "three", "--metric", "log_loss", "--baseline", "odconv-1x", variables: ["COLUMNS": "300"])
    #expect(table.output.contains("mean difference to the baseline (odconv-1x), blocked by seed"), "\(table.output)")
    #expect(table.output.contains("all 2 hold at once (Dunnett, residual of all variants, 2 degrees of freedom)"))
    let single = try labrun.run(
      "table", "three", "--metric", "log_loss", "--per-comparison", variables: ["COLUMNS": "300"])
    #expect(single.output.contains("each by itself (t, residual of all variants, 2 degrees of freedom)"))
  }

  @Test func wrongAnalysesAreNamedBeforeAnythingIsTrained() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec(#""analysis": { "metric": "acuracy" },"#), to: "Experiments/three.json")
    let result = try labrun.run("sweep", "three", "--dry-run")
    #expect(result.status == 65 && result.errors.contains("(did you mean \"test_accuracy\"?)"), "\(result.errors)")
  }
}
