import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// One run: results, courses, classes, confusions, health, configuration, provenance, log, files.
enum RunPage {
  static let route = Route(
    kind: .page, path: "/runs/{run}", summary: "One run: courses, classes, confusions, configuration, log, files",
    parameters: Route.curveParameters
  ) { call in
    let store = try call.window.store()
    let run = try store.run(matching: call["run"])
    let details = try RunDetails(of: run, in: store)
    let name = run.identity.short
    let hasImages = ImagesPage.canShow(run, in: store)
    let report = RunReport(details)
    let page = report.page(confusionsAt: hasImages ? "/runs/\(name)/images?" : nil)
    let state =
      run.state == .completed
      ? "better" : run.state == .running ? "better" : run.state == .pending ? "faint" : "failure"
    let share = run.plannedEpochs > 0 ? min(1, run.epochsDone / Double(run.plannedEpochs)) : 0
    let now = run.progressParts(at: Date()).map { " · " + Frame.escaped($0) }.joined()
    var content = [
      "<div id=\"head\">", "<h1>\(Frame.escaped(details.variant)) <small>seed \(run.seed) · run \(name)</small></h1>",
      "<p class=\"lead\">\(Frame.progress(share)) <span class=\"\(state)\">\(run.state.rawValue)</span> <span>\(run.completedEpochs) of "
        + "\(run.plannedEpochs) epochs\(now)\(run.reason.map { " · " + Frame.escaped($0) } ?? "")</span></p>",
    ]
    let links =
      (hasImages ? ["<a href=\"/runs/\(name)/images\">Its test images</a>"] : [])
      + (PredictPage.canPredict(run, in: store)
        ? ["<a href=\"/runs/\(name)/predict\">Ask its model about images of your own</a>"] : [])
      + (UsedDataset(of: run).map { ["Data it is trained on: \(DataPage.links([$0]))"] } ?? [])
    if !links.isEmpty { content.append("<p>\(links.joined(separator: " · "))</p>") }
    content.append("</div>")
    for section in page.sections {
      content += Frame.courses(section)
      // The counts are part of what is above them.
      if section.anchor == "confusions", hasImages {
        content.insert(contentsOf: report.confusionCells(at: "/runs/\(name)/images?"), at: content.count - 1)
      }
    }
    content += try output(of: run, in: store)
    content += try files(of: run, in: store)
    content += Frame.commands([["show", name], ["show", name, "--epochs"], ["show", name, "--json"]])
    let sweeps =
      try store.cells(of: run.identity).first.map {
        [Frame.Step(title: $0.sweep, address: "/sweeps/\(Frame.part($0.sweep))")]
      } ?? []
    return .page(
      Frame.page(
        title: "\(details.variant), seed \(run.seed)", trail: sweeps + [.init(title: name, address: "/runs/\(name)")],
        content, scripts: [Assets.pointingScript, Assets.curvesScript, Assets.cellsScript]))
  }

  private static func output(of run: Run, in store: StudyStore) throws -> [String] {
    let lines = try RunLog(of: run.identity, in: store).lastLines(40)
    guard !lines.isEmpty else { return [] }
    return Frame.section(
      "output", "Last lines that it printed",
      ["<pre tabindex=\"0\"><code>\(HTMLParts.preformatted(lines.joined(separator: "\n")))</code></pre>"])
  }

  private static func files(of run: Run, in store: StudyStore) throws -> [String] {
    let files = try RunFilePage.files(of: run, in: store)
    guard !files.isEmpty else { return [] }
    let table = ReportTable(
      kind: "files", title: "Files",
      columns: [
        .init("file", fields: ["file"]), .init("size", fields: ["bytes"], alignment: .right),
        .init("what it is", fields: ["summary"]),
      ],
      rows: files.map { file in
        .init([
          .string(file.name), .init(NumberText.bytes(file.length), values: [.integer(file.length)]),
          .string(file.summary),
        ])
      })
    let links = files.map { "/runs/\(run.identity.short)/files/\(Frame.part($0.name))" }
    return Frame.section(
      "files", "Files", [HTMLParts.table(table, caption: "Files of the run, to download", links: .init(rows: links))])
  }
}
