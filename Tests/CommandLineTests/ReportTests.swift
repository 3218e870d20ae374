import Foundation
import LabCore
import Testing

/// Reports and figures as a user asks for them.
@Suite struct ReportTests {
  @Test func aSweepBecomesAPageAndFigures() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Labrun.spec(seeds: "[0, 1, 2]"), to: "Experiments/tiny.json")
    let sweep = try labrun.run("sweep", "tiny")
    #expect(sweep.status == 0, "\(sweep.errors)")
    #expect(sweep.errors.contains("labrun report tiny"))

    let report = try labrun.run("report")
    #expect(report.status == 0 && report.errors == "wrote Results/tiny.html\n", "\(report.errors)")
    let page = try String(contentsOf: labrun.folder.appendingPathComponent("Results/tiny.html"), encoding: .utf8)
    #expect(page.contains("<h1>tiny</h1>") && page.contains("6 of 6 runs completed"))
    #expect(page.contains("id=\"conclusions\"") && page.contains("<svg") && !page.contains("<script"))
    #expect(page.contains("Two sources of chance") && page.contains("How fast variants learn"))
    #expect(page.contains("&quot;architecture&quot;: &quot;resnet&quot;"), "the spec is part of it")
    let markdown = try labrun.run("report", "tiny", "--format", "markdown", "--output", "-")
    #expect(markdown.status == 0 && markdown.output.hasPrefix("# tiny\n"), "\(markdown.errors)")
    #expect(try labrun.run("report", "--format", "markdwn").status == 64)
    let unknown = try labrun.run("report", "--output", "tiny.pdf")
    #expect(unknown.status == 64 && unknown.errors.contains("there is no format \"pdf\""), "\(unknown.errors)")

    for kind in ["forest", "seeds", "curves", "pareto", "classes", "confusion", "reliability"] {
      let figure = try labrun.run("plot", kind, "tiny")
      #expect(figure.status == 0 && figure.output.hasPrefix("<svg"), "\(kind): \(figure.errors)")
    }
    let json = try JSONValue(parsing: labrun.run("plot", "seeds", "--format", "json").output)
    #expect(json["$schema"]?.stringValue?.contains("vega-lite") == true)
    #expect(try labrun.run("plot", "pareto", "--cost", "time", "--output", "cost.svg").status == 0)
    #expect(FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("cost.svg").path))
  }

  @Test func wrongRequestsForFiguresAreAnswered() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    let list = try labrun.run("plot", "--list")
    #expect(list.status == 0 && list.output.contains("critical-difference"))
    #expect(try labrun.run("plot").status == 64)
    #expect(try labrun.run("plot", "forrest").errors.contains("did you mean \"forest\"?"))
    let binary = try labrun.run("plot", "forest", "--format", "png")
    #expect(binary.status == 64 && binary.errors.contains("--output forest.png"))
    #expect(try labrun.run("plot", "forest").status == 66)
    // What says nothing of the figure is not passed over.
    for (arguments, sentence) in [
      (["forest", "--cost", "time"], "--cost is of pareto, and the figure is forest"),
      (["seeds", "--factor", "conv"], "--factor is of interaction, and the figure is seeds"),
      (["classes", "--variant", "spd"], "--variant is of confusion, lesions, and the figure is classes"),
      (["forest", "--theme", "dark", "--format", "json"], "--theme and --width are of pictures, and json is data"),
      (["forest", "--output", "forest.gif"], "there is no format \"gif\" of figures"),
      (["forest", "--list"], "--list shows all kinds of figures"),
    ] {
      let refused = try labrun.run(["plot"] + arguments)
      #expect(refused.status == 64 && refused.errors.contains(sentence), "\(arguments): \(refused.errors)")
    }
  }
}
