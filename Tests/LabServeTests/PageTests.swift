import Foundation
import LabCore
import LabRecords
import LabReport
import LabServe
import LabStore
import Testing

/// What pages show.
@Suite struct PageTests {
  /// A sweep with hostile labels, one run of which failed and one of which is trained.
  private func results() throws -> (SampleResults, Sweep) {
    let results = try SampleResults()
    let sweep = SampleResults.sweep(name: "ab<l>a'tion", levels: SampleResults.hostile, seeds: 3)
    let id = try results.complete(sweep) { variant, _ in variant == 4 }
    let last = sweep.variants[4].runs
    try results.train(
      id, last[0], variant: 4, epochs: 2, outcome: .failed(reason: "out of <memory> & \"time\""), log: ["<i>odd</i>"])
    try results.train(id, last[1], variant: 4, epochs: 3)
    return (results, sweep)
  }

  /// Every name stands in the page as text, and none as markup.
  private func expectEscaped(_ page: String, _ place: String) {
    for trace in ["<script>alert", "<img src=x", "<b>yield", "<memory>", "<i>odd", "ab<l>a"] {
      #expect(!page.contains(trace), "\(place) has \(trace)")
    }
  }

  @Test func everythingIsEscaped() throws {
    let (results, sweep) = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      var pages = [
        "/", "/sweeps/1", "/sweeps/ab%3Cl%3Ea%27tion?by=conv", "/sweeps/1?layout=components", "/nothing%3Cb%3Eyield",
      ]
      pages += ["/sweeps/1?sort=%3Cscript%3Ealert", "/sweeps/%3Cscript%3Ealert(1)", "/sweeps/1?%3Cb%3Eyield=1"]
      pages += sweep.variants.map { "/runs/\($0.runs[0].identity.short)" }
      for target in pages {
        let answer = try Client.get(port: server.port, target)
        expectEscaped(answer.body, target)
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8", "\(target)")
      }
      let page = try Client.get(port: server.port, "/sweeps/1").body
      #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("卷积 四倍"))
      #expect(page.contains("&quot;quoted&quot; &amp; &#39;single&#39;"))
    }
  }

  @Test func aSweepHasItsTableItsRunsAndItsFailures() throws {
    let (results, _) = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let page = try Client.get(port: server.port, "/sweeps/1").body
      // The table is the one of the command, cell by cell.
      let table = try SweepTables.table(results.store.sweep(1))
      for row in table.rows {
        for (cell, column) in zip(row.cells, table.columns) where column.isVisible {
          let text = HTMLParts.escaped(cell.text)
          #expect(page.contains(text) || page.contains(text.replacing(" ", with: "\u{A0}")), "\(cell.text)")
        }
      }
      for anchor in ["running", "table", "conclusions", "failures", "runs", "commands", "spec"] {
        #expect(page.contains("<section id=\"\(anchor)\""), "\(anchor)")
      }
      #expect(page.contains("<svg") && page.contains("3/6") && page.contains("out of &lt;memory&gt;"))
      #expect(page.contains("scope=\"col\"") && page.contains("<caption>"))
      #expect(page.contains("<li><code>labrun table 1</code></li>"))
      let sorted = try Client.get(port: server.port, "/sweeps/1?sort=test_accuracy:descending").body
      #expect(
        sorted.contains("aria-sort=\"descending\"") && sorted.contains("labrun table 1 --sort test_accuracy:descending")
      )
      let place = try #require(sorted.firstRange(of: "<section id=\"table\"")).upperBound
      let first = try #require(sorted[place...].firstMatch(of: /<tbody>\n<tr><td>(?:<input[^>]*> )?([^<]*)/)?.output.1)
      let order = ReportOptions(sort: .init(column: "test_accuracy", isAscending: false))
      let rows = try ComparisonTable(results.store.sweep(1), options: order).rows
      #expect(String(first) == HTMLParts.escaped(rows[0].label))
      for (target, sentence) in [
        ("/sweeps/1?sort=nothing", "The table has no column &quot;nothing&quot;"),
        ("/sweeps/1?layout=nothing", "There is no layout &quot;nothing&quot;"),
        ("/sweeps/1?by=nothing", "The sweep has no factor &quot;nothing&quot;"),
        ("/sweeps/1?shape=x", "This address takes no parameter &quot;shape&quot;"),
        ("/sweeps/1?sort=n&sort=n", "The parameter sort is given twice"),
        ("/sweeps/1?from=99", "From is the number of a run, from 1 to 15"),
        ("/sweeps/1?holm=yes", "The parameter holm is true or false"),
        ("/sweeps/1?smooth=1", "Smooth is a number from 0 to 0.99, but &quot;1&quot; was given"),
        ("/sweeps/1?smooth=nan", "Smooth is a number from 0 to 0.99"),
        ("/sweeps/1?log=1", "The parameter log is true or false"),
        ("/sweeps/1?epochs=5-3", "Epochs are two numbers, the lower one first, as 3-10"),
        ("/sweeps/1?epochs=3", "Epochs are two numbers"),
      ] {
        let answer = try Client.get(port: server.port, target)
        #expect(answer.status == 400 && answer.body.contains(sentence), "\(target): \(answer.body.suffix(300))")
      }
      let missing = try Client.get(port: server.port, "/sweeps/none")
      #expect(missing.status == 404 && missing.body.contains(": <code>labrun list</code> shows them"))
    }
  }

  @Test func aRunHasItsCoursesAndConfusions() throws {
    let (results, sweep) = try results()
    defer { results.remove() }
    let run = sweep.variants[1].runs[2].identity
    try withServer(of: results) { server in
      let page = try Client.get(port: server.port, "/runs/\(run.short)").body
      for anchor in [
        "results", "courses", "classes", "confusions", "health", "configuration", "provenance", "log", "commands",
      ] {
        #expect(page.contains("<section id=\"\(anchor)\""), "\(anchor)")
      }
      #expect(page.components(separatedBy: "<svg").count > 6)
      #expect(
        page.contains("Vorfahrt gewähren") && page.contains("停止")
          && page.contains("the accuracy fell from 60 % to 20 %"))
      #expect(!page.contains("± standard deviation over seeds"))
      // Courses have their numbers with them, for who points at them; labels within are text.
      #expect(page.contains(" data-label=\"validation\" data-name=\"epoch\" data-at=\"1 2 3 4 5 6\" data-values=\""))
      let accuracy = SampleResults.metrics(variant: 1, seed: 2, epoch: 1, of: 6)["validation_accuracy"] ?? .nan
      #expect(page.contains("|\(NumberText.fixed(accuracy * 100, decimals: 2)) %|"))
      #expect(try Client.get(port: server.port, "/sweeps/1").body.contains("data-label=\"&lt;script&gt;alert(1)"))
      // A report is a page of its own, without a script that would show them.
      let report = try SweepReport(
        results.store.sweep(1), records: SweepRecords(epochs: [run: results.store.epochs(of: run)]))
      let text = try PageFormats.named("html").render(report.page)
      #expect(text.contains("over epochs") && !text.contains("data-values") && !text.contains("<g class"))
      // What a script draws anew is all there: where the plot is, its scales, and the numbers; the server's page is the same.
      #expect(page.contains("<div id=\"curve-view\"") && page.contains("<g class=\"plot\" data-area=\""))
      let number = String(format: "%.6g", accuracy * 100)
      #expect(page.firstMatch(of: try Regex("data-y=\"[0-9. ]* \(number) ")) != nil)
      let drawn = try Client.get(port: server.port, "/runs/\(run.short)?smooth=0.6&log=true&epochs=2-4")
      #expect(drawn.status == 200 && drawn.body == page)
      #expect(try Client.get(port: server.port, "/runs/ffffffffffff").status == 404)
      #expect(try Client.get(port: server.port, "/runs/zz").status == 404)
    }
  }

  @Test func coursesThatAreTooLongAreSaidToBeLeftOut() throws {
    let results = try SampleResults()
    defer { results.remove() }
    for (name, epochs) in [("short", 20), ("long", 2001)] {
      _ = try results.complete(SampleResults.sweep(name: name, levels: ["a", "b"], seeds: 1, epochs: epochs)) {
        variant, _ in
        variant == 1
      }
    }
    try withServer(of: results) { server in
      let sentence = "The courses of so many epochs are not drawn here: labrun report 2 draws them."
      let short = try Client.get(port: server.port, "/sweeps/short").body
      #expect(short.contains("data-values=") && !short.contains("are not drawn here"))
      let long = try Client.get(port: server.port, "/sweeps/long").body
      #expect(!long.contains("data-values=") && long.contains(sentence))
    }
  }

  @Test func sweepsAreSeenAtAGlance() throws {
    let (results, _) = try results()
    defer { results.remove() }
    _ = try results.complete(SampleResults.sweep(name: "second", levels: ["a", "b", "c"], seeds: 3))
    try withServer(of: results) { server in
      // What takes long to find out is missing at first, and there when somebody looks again.
      var page = try Client.get(port: server.port, "/").body
      #expect(page.contains("ab&lt;l&gt;a&#39;tion") && page.contains("second"))
      for _ in 0..<50 where page.contains("<span class=\"faint\">…</span>") {
        page = try Client.get(port: server.port, "/").body
      }
      #expect(page.contains("12/15") && page.contains("9/9") && page.contains("complete"))
      #expect(page.contains("class=\"bars\"") && page.contains("≈ "))
      #expect(page.contains("c: +") && page.contains(" points; "))
    }
  }

  /// A thousand runs are one page of a bearable size, made in a bearable time.
  @Test func aThousandRunsAreOnePage() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let levels = (0..<50).map { "odconv-\($0)x-with-a-longer-name" }
    _ = try results.complete(SampleResults.sweep(name: "large", levels: levels, seeds: 20, epochs: 1))
    try withServer(of: results) { server in
      let start = Date()
      let page = try Client.get(port: server.port, "/sweeps/1")
      let first = Date().timeIntervalSince(start)
      #expect(page.status == 200 && page.body.utf8.count < 500_000, "\(page.body.utf8.count) bytes")
      #expect(page.body.contains("1 to 250 of 1,000 runs") && page.body.contains("?from=251#runs"))
      let second = Date()
      #expect(try Client.get(port: server.port, "/sweeps/1").status == 200)
      // Built for debugging, it takes many times what it takes else.
      print(
        "a page of 1,000 runs: \(page.body.utf8.count) bytes, \(Int(first * 1000)) ms, then \(Int(Date().timeIntervalSince(second) * 1000)) ms"
      )
      let rest = try Client.get(port: server.port, "/sweeps/1?from=751")
      #expect(rest.body.contains("751 to 1000 of 1,000 runs") && !rest.body.contains("?from=1001"))
      #expect(page.body.contains("?all=true#runs"))
      let all = try Client.get(port: server.port, "/sweeps/1?all=true").body
      #expect(all.contains("<caption>1000 runs</caption>") && all.matches(of: /name="run"/).count == 1000)
    }
  }
}
