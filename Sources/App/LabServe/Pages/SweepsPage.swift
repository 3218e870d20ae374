import Foundation
import LabRecords
import LabReport

/// All sweeps: how far each is, what fails, how long it takes, what its variants reach and what follows.
enum SweepsPage {
  static let route = Route(
    kind: .page, path: "/", summary: "All sweeps: state, progress, time left, verdicts",
    parameters: [.init(name: "all", summary: "true for all sweeps, however many there are")]
  ) { call in
    let (sweeps, count) = try call.window.sweeps(
      first: try call.isTrue("all") ? nil : SweepsPage.limit, seconds: call.window.glanceSeconds)
    var content = [
      "<h1>Sweeps</h1>", "<p class=\"lead\">Results in <code>\(Frame.escaped(call.window.results))</code></p>",
    ]
    if sweeps.isEmpty {
      content.append("<p id=\"sweeps\">There are none yet: <code>labrun sweep SPEC</code> begins one.</p>")
    } else {
      content += table(sweeps)
      if sweeps.count < count {
        content.append(
          "<p id=\"further\">The \(sweeps.count) that were registered last. <a href=\"/?all=true\">All "
            + "\(NumberText.grouped(count)) sweeps</a></p>")
      }
    }
    content.append(
      "<p id=\"predict\"><a href=\"/data\">Data sets</a> · <a href=\"/predict\">Ask trained models about images of your own"
        + "</a></p>")
    var response = Response.page(Frame.page(title: "Sweeps", content + Frame.commands([["list"]])))
    response.isProvisional = sweeps.contains { $0.verdict == nil }
    return response
  }

  /// The most sweeps that are listed at once.
  private static let limit = 200

  private static func table(_ sweeps: [Window.Glance]) -> [String] {
    let titles = [
      ("sweep", ""), ("state", ""), ("progress", ""), ("runs", "number"), ("failed", "number"), ("odd", "number"),
      ("time left", "number"), ("results", ""), ("verdict", ""), ("started (UTC)", ""),
    ]
    let head = titles.map { "<th scope=\"col\"\($1.isEmpty ? "" : " class=\"\($1)\"")>\($0)</th>" }
    return [
      "<section id=\"sweeps\" aria-label=\"Sweeps\">", "<div class=\"scroll\">",
      "<table class=\"wide sortable\" id=\"sweep-table\">",
      "<caption class=\"hidden\">Sweeps, the one that was worked on last first</caption>",
      "<thead><tr>\(head.joined())</tr></thead>", "<tbody>",
    ] + sweeps.map(row) + ["</tbody>", "</table>", "</div>", "</section>"]
  }

  private static func row(_ entry: Window.Glance) -> String {
    let sweep = entry.standing.sweep
    let glance = entry.runs?.glance
    let planned = sweep.runCounts.values.reduce(0, +)
    let missing = "<span class=\"faint\">…</span>"
    func number(_ value: Int?) -> String {
      guard let value else { return "<td class=\"number\">\(missing)</td>" }
      return value == 0 ? "<td class=\"number faint\">0</td>" : "<td class=\"number failure\">\(value)</td>"
    }
    let verdict: String
    switch entry.verdict {
    case nil: verdict = missing
    case .some(nil): verdict = "<span class=\"faint\">–</span>"
    case .some(let text?): verdict = Frame.escaped(text)
    }
    let left = glance?.remainingSeconds.map { "≈ " + NumberText.remaining($0) } ?? ""
    let bars = glance.map(Bars.svg) ?? missing
    let metric = glance == nil || bars.isEmpty ? "" : " <small>\(Frame.escaped(glance?.metricTitle ?? ""))</small>"
    return
      "<tr><th scope=\"row\"><a href=\"/sweeps/\(sweep.id)\">\(Frame.escaped(sweep.name))</a> <small>\(sweep.id)</small></th>"
      + "<td>\(state(entry))</td><td class=\"nowrap\">\(glance.map { Frame.progress($0.progress) } ?? missing)</td>"
      + "<td class=\"number\">\(sweep.runCounts[.completed, default: 0])/\(planned)</td>"
      + number(glance.map { $0.failed + $0.diverged }) + number(glance?.odd)
      + "<td class=\"number\">\(left)</td><td class=\"nowrap\">\(bars)\(metric)</td><td class=\"verdict\">\(verdict)</td>"
      + "<td class=\"nowrap\">\(sweep.createdAt.ISO8601Format().prefix(16).replacing("T", with: " "))</td></tr>"
  }

  /// The state in a word, by the row that `labrun list` has of it.
  private static func state(_ entry: Window.Glance) -> String {
    let text = entry.runs?.row.cells.last?.text ?? "…"
    let role = text == "complete" || entry.runs == nil ? "faint" : text.contains("running") ? "better" : "warning"
    return "<span class=\"\(role)\">\(Frame.escaped(text))</span>"
  }
}
