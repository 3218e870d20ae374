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
    let means = try labrun.run(
      "table", "three", "--by", "conv", "--metric", "log_loss", "--per-comparison", variables: ["COLUMNS": "300"])
    #expect(means.status == 0 && means.output.contains("by itself (t, residual of all variants"), "\(means.output)")

    let table = try labrun.run(
      "table", "three", "--metric", "log_loss", "--baseline", "odconv-1x", variables: ["COLUMNS": "300"])
    #expect(table.output.contains("mean difference to the baseline (odconv-1x), blocked by seed"), "\(table.output)")
    #expect(table.output.contains("all 2 hold at once (Dunnett, residual of all variants, 2 degrees of freedom)"))
    let single = try labrun.run(
      "table", "three", "--metric", "log_loss", "--per-comparison", variables: ["COLUMNS": "300"])
    #expect(single.output.contains("each by itself (t, residual of all variants, 2 degrees of freedom)"))
    try expectLayouts(labrun)
  }

  /// The tables that papers print, and what goes with them.
  private func expectLayouts(_ labrun: Labrun) throws {
    let parts = ["table", "three", "--layout", "components", "--metric", "log_loss"]
    let text = try labrun.run(parts, variables: ["COLUMNS": "300"])
    #expect(text.status == 0, "\(text.errors)")
    #expect(text.output.contains("log loss ↓") && text.output.contains("n = 2 runs a variant; mean"), "\(text.output)")
    #expect(text.output.contains("│ conv ") && !text.output.contains("│ variant"), "\(text.output)")
    let latex = try labrun.run(
      parts + ["--format", "latex", "--siunitx", "--caption", "Parts & more", "--label", "tab:parts"])
    #expect(latex.output.hasPrefix("% Needs \\usepackage{booktabs, siunitx}.\n"), "\(latex.output)")
    #expect(latex.output.contains("\\caption{Parts \\& more}") && latex.output.contains("\\label{tab:parts}"))
    #expect(latex.output.contains("S[table-format="), "\(latex.output)")
    let page = try labrun.run(parts + ["--format", "html", "--caption", "Parts"])
    #expect(page.output.contains("<caption>Parts</caption>") && page.output.contains("<small"), "\(page.output)")
    for (arguments, message) in [
      (["--siunitx"], "--siunitx has no effect with the format text; it goes with --format latex"),
      (["--json", "--caption", "x"], "--caption has no effect with the format json"),
      (["--layout", "grid"], "the layout grid needs 2 factors with several levels, and the sweep has only conv"),
      (["--layout", "component"], "there is no layout \"component\" (did you mean \"components\"?)"),
      (["--layout", "components", "--by", "conv"], "--by has no effect in the layout components"),
      (["--layout", "grid", "--by", "conv"], "a grid has one factor in its rows and another in its columns"),
    ] {
      let refused = try labrun.run(["table", "three"] + arguments)
      #expect(refused.status == 64 && refused.errors.contains(message), "\(arguments): \(refused.errors)")
    }
    let help = try labrun.run("help", "table").output
    for layout in ["variants:", "components:", "grid:"] { #expect(help.contains(layout), "\(help)") }
  }

  @Test func otherTestImagesAreThoughtOf() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec(""), to: "Experiments/three.json")
    #expect(try labrun.run("sweep", "three").status == 0)

    let text = try labrun.run("analyze", "three", "--images")
    #expect(text.status == 0 && text.errors.isEmpty, "\(text.errors)")
    #expect(text.output.contains("tested on the same 86 images"), "\(text.output)")
    #expect(text.output.contains("Seeds and test images") && text.output.contains("McNemar"), "\(text.output)")
    #expect(text.output.split(separator: "\n").allSatisfy { $0.count <= 120 }, "\(text.output)")
    for metric in ["macro_f1", "log_loss", "ece"] {
      let json = try labrun.run("analyze", "three", "--images", "--json", "--metric", metric)
      #expect(json.status == 0, "\(json.errors)")
      let analysis = try JSONValue(parsing: json.output)
      let table = analysis["sections"]?.arrayValue?.compactMap { $0["table"] }.first { $0["table"] == "test-images" }
      #expect(table?["rows"]?.arrayValue?.count == 2 && analysis["image_counts"] == [86])
      #expect(table?["rows"]?.arrayValue?.first?["lower_with_images"]?.doubleValue != nil)
      #expect(try labrun.run("analyze", "three", "--images", "--json", "--metric", metric).output == json.output)
    }
    let pair = try labrun.run("compare", "three", "odconv-2x", "odconv-1x", "--images", "--json")
    #expect(pair.status == 0 && pair.output.contains("\"mcnemar_p_by_seed\""), "\(pair.errors)")
    // Without the option, nothing of it is there.
    #expect(try !labrun.run("analyze", "three").output.contains("test images"))

    let memory = try labrun.run("analyze", "three", "--images", "--metric", "peak_memory_bytes")
    #expect(memory.status == 64 && memory.errors.contains("and not about peak_memory_bytes"), "\(memory.errors)")

    let page = try labrun.run("report", "three", "--format", "markdown", "--output", "-")
    #expect(page.status == 0 && page.errors.isEmpty, "\(page.errors)")
    for part in ["## Two sources of chance", "Seeds and test images", "Calibration error"] {
      #expect(page.output.contains(part), "\(part)")
    }

    // Predictions that are damaged or gone are named, and the rest is as it was.
    let runs = labrun.folder.appendingPathComponent("Results/runs")
    let names = FileManager.default.enumerator(atPath: runs.path)?.compactMap { $0 as? String } ?? []
    let files = names.filter { $0.hasSuffix("predictions.h5") }.sorted()
    #expect(files.count == 6)
    try Data("no predictions".utf8).write(to: runs.appendingPathComponent(files[0]))
    let damaged = try labrun.run("analyze", "three", "--images", "--all-pairs", variables: ["COLUMNS": "300"])
    #expect(damaged.status == 0, "\(damaged.errors)")
    #expect(damaged.output.contains("Without predictions for the same images: "), "\(damaged.output)")
    #expect(damaged.output.contains("Not used: ") && damaged.output.contains("predictions.h5"), "\(damaged.output)")
    for file in files { try FileManager.default.removeItem(at: runs.appendingPathComponent(file)) }
    let gone = try labrun.run("analyze", "three", "--images")
    #expect(
      gone.status == 66 && gone.errors == "labrun: no run has test predictions that --images could use\n",
      "\(gone.status) \(gone.errors)")
  }

  @Test func wrongAnalysesAreNamedBeforeAnythingIsTrained() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec(#""analysis": { "metric": "acuracy" },"#), to: "Experiments/three.json")
    let result = try labrun.run("sweep", "three", "--dry-run")
    #expect(result.status == 65 && result.errors.contains("(did you mean \"test_accuracy\"?)"), "\(result.errors)")
  }
}
