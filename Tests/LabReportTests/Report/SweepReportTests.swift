import Foundation
import LabCore
import LabRecords
import LabReport
import Testing

/// A report has everything in it, in one file that is well formed.
@Suite struct SweepReportTests {
  /// What is wrong with the nesting of tags; nil where nothing is.
  private func nestingProblem(_ html: String) -> String? {
    var open = [Substring]()
    for match in html.matches(of: /<(\/?)([a-zA-Z0-9]+)((?:"[^"]*"|[^"<>])*?)(\/?)>/) {
      let (name, isVoid) = (match.output.2, ["meta", "link", "br", "hr", "img"].contains(match.output.2))
      if match.output.1 == "/" {
        guard open.popLast() == name else { return "</\(name)> closes what is not open" }
      } else if match.output.4.isEmpty, !isVoid {
        open.append(name)
      }
    }
    return open.isEmpty ? nil : "\(open) are not closed"
  }

  private func html(_ report: SweepReport) throws -> String { report.page.rendered(as: try PageFormats.named("html")) }

  @Test func everySectionIsThereAndLinked() throws {
    let html = try html(ReportSample().report())
    let ids = html.matches(of: #/ id="([^"]+)"/#).map { String($0.output.1) }
    #expect(Set(ids).count == ids.count, "anchors are unique")
    let links = html.matches(of: /href="#([^"]+)"/).map { String($0.output.1) }
    #expect(Set(links).isSubset(of: ids))
    for section in [
      "question", "conclusions", "results", "factors", "classes", "calibration", "health", "methods", "runs",
    ] {
      #expect(links.contains(section), "\(section) is missing in the contents")
    }
    #expect(ids.filter { $0.hasPrefix("run-") }.count == 18)
    #expect(nestingProblem(html) == nil)
    // The one address is the name of SVG's language.
    #expect(html.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "").contains("http") == false)
    #expect(!html.contains("<script") && !html.contains("<link") && !html.contains("nan"))
    #expect(html.contains("every combination of their levels"))
    #expect(html.contains("&lt;ablation&gt;"))
  }

  /// Levels are told apart where one has a comma of its own.
  @Test func levelsWithCommasAreToldApart() throws {
    #expect(try html(ReportSample().report()).contains("conv-0, conv-1, conv-2"))
    let names = ["focal", "focal, alpha 1", "adaptive"]
    #expect(try html(ReportSample { names[$0] }.report()).contains("focal; focal, alpha 1; adaptive"))
  }

  @Test func costsThatAreAllTheSameAreNotWeighed() throws {
    var sample = try ReportSample()
    let (byWork, byTime) = ("test accuracy against multiply-adds", "test accuracy against training time")
    let whole = try html(sample.report())
    #expect(whole.contains(byWork) && whole.contains(byTime))
    for index in sample.sweep.variants.indices { sample.sweep.variants[index].multiplyAdds = 1_000_000 }
    let equal = try html(sample.report())
    #expect(!equal.contains(byWork) && equal.contains(byTime))
  }

  @Test func conclusionsComeFromIntervals() throws {
    let page = try ReportSample().report().page
    let section = try #require(page.sections.first { $0.anchor == "conclusions" })
    let texts = section.blocks.flatMap { block -> [String] in
      switch block {
      case .paragraph(let text): [text]
      case .list(let items): items.map(\.text)
      default: []
      }
    }
    #expect(texts[0].hasPrefix("5 variants are compared with baseline in test accuracy: "))
    #expect(texts.contains { $0.hasPrefix("conv-0 + focal is worse than baseline in test accuracy by ") })
    let worse = texts.count { $0.contains(" is worse than ") && !$0.hasPrefix("5 variants") }
    #expect(worse == 3 && texts[0].contains("3 are worse"))
  }

  @Test func hostileNamesStayText() throws {
    let html = try html(
      ReportSample(name: { "<b onclick=\"x\">&'\u{1b}[1m\($0)" }).report())
    #expect(!html.contains("<b onclick") && html.contains("&lt;b onclick=&quot;x&quot;&gt;"))
    #expect(nestingProblem(html) == nil)
    #expect(html == html.printableLines)
    let markdown = try ReportSample(name: { "`a|b`\n# \($0)" }).report().page.rendered(
      as: try PageFormats.named("markdown"))
    #expect(!markdown.contains("\n# 1"))
  }

  @Test func aHundredVariantsFit() throws {
    let html = try html(ReportSample(levels: 50, classes: 43).report())
    #expect(html.utf8.count < 2_000_000, "\(html.utf8.count) bytes")
  }

  @Test func sweepsWithoutResultsAreReported() throws {
    var sample = try ReportSample()
    sample.records = .init()
    for variant in sample.sweep.variants.indices {
      for run in sample.sweep.variants[variant].runs.indices {
        let old = sample.sweep.variants[variant].runs[run]
        sample.sweep.variants[variant].runs[run] = Run(
          identity: old.identity, configuration: old.configuration, dataHash: old.dataHash, seed: old.seed,
          plannedEpochs: old.plannedEpochs)
      }
    }
    let html = try html(sample.report())
    #expect(html.contains("Nothing is concluded yet") && html.contains("18 not started"))
    let mixed = try self.html(SweepReport(SampleSweep.mixed))
    #expect(mixed.contains("1 diverged (seed 1: loss NaN at epoch 2)") && mixed.contains("out of memory"))
  }

  @Test func markdownHasTheSameSections() throws {
    let page = try ReportSample().report().page
    let markdown = page.rendered(as: try PageFormats.named("markdown"))
    for section in page.sections { #expect(markdown.contains("\n## \(section.title)\n")) }
  }

  /// Writes pages to look at into the folder that `LABRUN_FIGURES` names.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["LABRUN_FIGURES"] != nil)) func pagesAreWritten() throws {
    let folder = URL(fileURLWithPath: ProcessInfo.processInfo.environment["LABRUN_FIGURES"] ?? ".")
    for (name, sample) in [("report", try ReportSample()), ("report-large", try ReportSample(levels: 50, classes: 43))]
    {
      for format in PageFormats.registry.entries {
        let page = try sample.report().page.rendered(as: format)
        #expect(!page.isEmpty)
        try Data(page.utf8).write(to: folder.appendingPathComponent("\(name).\(format.fileExtension)"))
      }
    }
  }
}
