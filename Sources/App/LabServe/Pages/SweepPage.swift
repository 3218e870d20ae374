import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// One sweep: its table as `labrun table` prints it, what is concluded, figures, what runs, what failed, and every run.
enum SweepPage {
  static let route = Route(
    kind: .page, path: "/sweeps/{sweep}", summary: "One sweep: table, verdicts, figures, runs, failures",
    parameters: Route.tableParameters + Route.curveParameters + [
      .init(name: "from", summary: "the first run that is listed, from 1"),
      .init(name: "all", summary: "true for all runs in one list"),
    ]
  ) { call in
    let store = try call.window.store()
    let sweep = try store.comparableSweep(matching: call["sweep"])
    let page = SweepPage.Content(call: call, store: store, sweep: sweep, request: try call.tableRequest())
    return .page(try page.html())
  }

  /// The most runs and failures that are listed at once.
  private static let runLimit = 250
  private static let failureLimit = 20

  private struct Content {
    let call: Call
    let store: StudyStore
    let sweep: Sweep
    let request: TableRequest

    /// The sweep's address.
    private var path: String { "/sweeps/\(Frame.part(call["sweep"]))" }

    func html() throws -> String {
      let overview = try call.window.overview(sweep)
      let runs = try runList()
      var content = head
      content += try runningRuns()
      content += Frame.section("table", "Variants", try tables())
      for section in overview { content += Frame.courses(section) }
      content += try failures()
      content += runs
      let name = sweep.id.map(String.init) ?? sweep.name
      if sweep.runs.contains(where: { $0.state == .completed }), sweep.imported == nil {
        content.append("<p id=\"images\"><a href=\"\(path)/images\">Which test images its runs get wrong</a></p>")
      }
      let datasets = UsedDataset.all(of: sweep)
      if !datasets.isEmpty { content.append("<p id=\"data\">Data it is trained on: \(DataPage.links(datasets))</p>") }
      content += Frame.commands([
        ["table", name] + request.arguments, ["analyze", name], ["report", name], ["list", name],
      ])
      let spec = "<pre tabindex=\"0\"><code>\(HTMLParts.preformatted(sweep.specText))</code></pre>"
      content += Frame.section(
        "spec", "Spec", ["<details id=\"spec-text\"><summary>The spec as it was written</summary>", spec, "</details>"])
      return Frame.page(
        title: sweep.name, trail: [.init(title: sweep.name, address: "/sweeps/\(name)")], content,
        scripts: [Assets.pointingScript, Assets.curvesScript])
    }

    /// The title and how far the sweep is.
    private var head: [String] {
      let glance = SweepGlance(sweep)
      let row = ListTables.sweeps([sweep]).rows[0]
      let left = glance.remainingSeconds.map { "about \(NumberText.remaining($0)) left" }
      let started = sweep.createdAt.map { "started \($0.ISO8601Format().prefix(16).replacing("T", with: " ")) UTC" }
      let facts = [
        "\(row.cells[5].text) runs", row.cells.last?.text, left,
        "\(sweep.variants.count) variants × \(sweep.seeds.count) seeds", started,
      ].compactMap { $0 }.map { "<span class=\"fact\">\(Frame.escaped($0))</span>" }
      return [
        "<div id=\"head\">", "<h1>\(Frame.escaped(sweep.name)) <small>sweep \(sweep.id ?? 0)</small></h1>",
        "<p class=\"lead\">\(Frame.progress(glance.progress)) <span>\(facts.joined(separator: " · "))</span></p>",
        "</div>",
      ]
    }

    // MARK: The table

    private func tables() throws -> [String] {
      let (tables, keys) = try request.tablesWithSortKeys(sweep)
      let lines =
        choices
        + tables.enumerated().map { index, table in
          let caption = [table.subtitle, tables.count > 1 ? table.title : nil].compactMap { $0 }.joined(
            separator: " · ")
          return HTMLParts.table(
            table, caption: caption.isEmpty ? table.title : caption, links: links(of: table, keys: keys),
            showsLegend: index == tables.count - 1)
        }
      // Runs of one variant are compared as well, where that is all that a sweep has.
      return lines + ComparePage.form(sweep)
    }

    /// Boxes beside variants, by which they are compared; only rows of variants have them.
    private func marks(of table: ReportTable, keys: [String]) -> [HTMLParts.TableLinks.Mark?] {
      guard !keys.isEmpty, sweep.variants.count > 1 else { return [] }
      return table.rows.map { row in
        guard !row.isTotal, let label = row.cells.first?.values.first?.stringValue,
          sweep.variants.contains(where: { $0.label == label })
        else { return nil }
        return .init(
          form: ComparePage.formName, name: "variant", value: label, hint: "compare \(label.singleLine)")
      }
    }

    /// The titles of columns that rows can be sorted by lead to the page with the table sorted so.
    private func links(of table: ReportTable, keys: [String]) -> HTMLParts.TableLinks {
      guard !keys.isEmpty else { return .init() }
      let order = request.sort.flatMap { try? SortOrder(parsing: $0) }
      var links = HTMLParts.TableLinks()
      links.marks = marks(of: table, keys: keys)
      for (index, column) in table.columns.enumerated() where column.isVisible {
        guard let field = column.fields.first else { continue }
        let key = field == "n_completed" ? "n" : field.hasSuffix("_mean") ? String(field.dropLast(5)) : field
        guard keys.contains(key) else { continue }
        let isSorted = order.map { $0.column == key || "test_" + $0.column == key } ?? false
        if isSorted, let order { links.sorted = (index, order.isAscending ?? isAscending(table, index)) }
        let direction = isSorted ? (links.sorted?.isAscending == true ? ":descending" : ":ascending") : ""
        links.columns[index] = address { $0.sort = key + direction }
      }
      return links
    }

    /// In which direction the column's first and last numbers go.
    private func isAscending(_ table: ReportTable, _ index: Int) -> Bool {
      let values = table.rows.filter { !$0.isTotal }.compactMap { $0.cells[index].values.first?.doubleValue }
      guard let first = values.first, let last = values.last else { return true }
      return first <= last
    }

    /// Links to other layouts and means.
    private var choices: [String] {
      func link(_ title: String, _ address: String, isChosen: Bool) -> String {
        "<li><a href=\"\(Frame.escaped(address))\"\(isChosen ? " aria-current=\"true\"" : "")>\(Frame.escaped(title))</a></li>"
      }
      let factors = sweep.factors.filter { $0.levels.count > 1 }.map(\.name)
      let chosen = request.layout ?? TableLayouts.variants.name
      var items = [
        link(
          "variants", address { ($0.layout, $0.factors) = (nil, []) },
          isChosen: chosen == TableLayouts.variants.name && request.factors.isEmpty)
      ]
      items += TableLayouts.registry.names.filter { $0 != TableLayouts.variants.name }.compactMap { name in
        // A grid is of two factors, which are the first ones where nobody chooses.
        if name == "grid", factors.count < 2 { return nil }
        if factors.isEmpty { return nil }
        return link(name, address { ($0.layout, $0.factors, $0.sort) = (name, [], nil) }, isChosen: chosen == name)
      }
      items += factors.map { factor in
        link(
          "means by \(factor)", address { ($0.layout, $0.factors, $0.sort) = (nil, [factor], nil) },
          isChosen: request.layout == nil && request.factors == [factor])
      }
      guard items.count > 1 else { return [] }
      return ["<nav class=\"choices\" aria-label=\"Tables\"><ul>\(items.joined())</ul></nav>"]
    }

    /// The page with another table.
    private func address(_ change: (inout TableRequest) -> Void) -> String {
      var other = request
      change(&other)
      func pairs(_ name: String, _ values: [String]) -> [(String, String)] { values.map { (name, $0) } }
      return Frame.address(
        path,
        pairs("layout", [other.layout].compactMap { $0 }) + pairs("by", other.factors) + pairs("metric", other.metrics)
          + pairs("sort", [other.sort].compactMap { $0 }) + pairs("filter", other.filters)
          + pairs("baseline", [other.baseline].compactMap { $0 })
          + (other.showsAdjustedProbabilities ? [("holm", "true")] : [])
          + (other.isPerComparison ? [("per-comparison", "true")] : [])) + "#table"
    }

    // MARK: Runs

    private func runningRuns() throws -> [String] {
      let runs = sweep.labeledRuns.filter { $0.run.state == .running }
      guard !runs.isEmpty else { return [] }
      let table = ReportTable(
        kind: "running", title: "Running",
        columns: [
          .init("run", fields: ["run"]), .init("variant", fields: ["variant"]),
          .init("seed", fields: ["seed"], alignment: .right),
          .init("epoch", fields: ["epoch"], alignment: .right), .init("step", fields: ["step"], alignment: .right),
          .init("loss", fields: ["loss"], alignment: .right),
          .init("validation", fields: ["validation"], alignment: .right),
          .init("images/s", fields: ["images_per_second"], alignment: .right),
          .init("time left", fields: ["remaining_seconds"], alignment: .right),
        ],
        rows: try runs.map { try runningRow($0.variant, $0.run) })
      return Frame.section(
        "running", "Running",
        [
          HTMLParts.table(
            table,
            caption:
              "As told last; validation is that of the last whole epoch",
            links: .init(rows: runs.map { "/runs/\($0.run.identity.short)" }))
        ])
    }

    private func runningRow(_ variant: String, _ run: Run) throws -> ReportTable.Row {
      let epochs = try store.epochs(of: run.identity)
      let last = epochs.last
      func cell(_ text: String?) -> ReportTable.Cell { text.map { .init($0, values: [.string($0)]) } ?? .missing() }
      let pace = epochs.map { $0.timing.trainSeconds + $0.timing.evaluationSeconds }
      let told = run.toldRemainingSeconds(at: Date())
      let left =
        told != nil || pace.isEmpty
        ? told : pace.reduce(0, +) / Double(pace.count) * Double(max(0, run.plannedEpochs - run.completedEpochs))
      let accuracy = last?.metrics["validation_accuracy"].map { NumberText.fixed($0 * 100, decimals: 2) + " %" }
      return .init([
        .init(run.identity.short, values: [.string(run.identity.description)]), .string(variant),
        cell("\(run.seed)"), cell("\(run.epochUnderWay)/\(max(run.plannedEpochs, run.progress?.epochs ?? 0))"),
        cell(run.progress?.stepText?.replacing("step ", with: "")),
        cell((run.progress?.loss ?? last?.metrics["train_loss"]).map { NumberText.significant($0, digits: 4) }),
        cell(accuracy), cell((run.progress?.imagesPerSecond ?? run.imagesPerSecond).map(NumberText.rate)),
        cell(left.map(NumberText.remaining)),
      ])
    }

    /// What failed, each with its reason and the last lines of its log.
    private func failures() throws -> [String] {
      let failed = sweep.labeledRuns.filter { $0.run.state == .failed || $0.run.state == .diverged }
      guard !failed.isEmpty else { return [] }
      var lines = ["<ul class=\"failures\">"]
      for (variant, run) in failed.prefix(SweepPage.failureLimit) {
        let log = RunLog(of: run.identity, in: store)
        lines.append(
          "<li><a href=\"/runs/\(run.identity.short)\">\(Frame.escaped(variant)), seed \(run.seed)</a> "
            + "<span class=\"failure\">\(run.state.rawValue)</span>\(run.reason.map { ": " + Frame.escaped($0) } ?? "")"
        )
        let last = try log.lastLines(8)
        if !last.isEmpty {
          lines.append(
            "<details id=\"log-\(run.identity.short)\"><summary>last lines of its log</summary>"
              + "<pre tabindex=\"0\"><code>\(HTMLParts.preformatted(last.joined(separator: "\n")))</code></pre></details>"
          )
        }
        lines.append("</li>")
      }
      lines.append("</ul>")
      if failed.count > SweepPage.failureLimit {
        lines.append("<p class=\"note\">And \(failed.count - SweepPage.failureLimit) more, in the list of runs.</p>")
      }
      return Frame.section("failures", "Failures", lines)
    }

    /// The list of `labrun list SWEEP`, a part at a time where it is long.
    private func runList() throws -> [String] {
      // What runs are about now stands above.
      var table = try ListTables.runs(sweep, showsProgress: false)
      let all = table.rows.count
      let from = try first(of: all)
      let limit = try call.isTrue("all") ? all : SweepPage.runLimit
      let end = min(all, from - 1 + limit)
      let shown = (from - 1)..<end
      table.rows = Array(table.rows[shown])
      let listed = sweep.labeledRuns[shown]
      var rowLinks = HTMLParts.TableLinks(rows: listed.map { "/runs/\($0.run.identity.short)" })
      rowLinks.marks = listed.map { variant, run in
        .init(
          form: ComparePage.formName, name: "run", value: run.identity.short,
          hint: "compare \(variant), seed \(run.seed)")
      }
      let part = from > 1 || end < all ? "\(from) to \(end) of \(NumberText.grouped(all)) runs" : "\(all) runs"
      var lines = [
        "<div class=\"sortable\" id=\"run-table\">",
        HTMLParts.table(table, caption: part, links: rowLinks, showsLegend: false), "</div>",
      ]
      var links: [String] = []
      func link(_ title: String, from number: Int) {
        links.append("<a href=\"\(path)?from=\(number)#runs\">\(title)</a>")
      }
      if from > 1 { link("earlier runs", from: max(1, from - SweepPage.runLimit)) }
      if end < all { link("further runs", from: end + 1) }
      if from > 1 || end < all {
        links.append("<a href=\"\(path)?all=true#runs\">all \(NumberText.grouped(all)) runs</a>")
      }
      if !links.isEmpty { lines.append("<p>\(links.joined(separator: " · "))</p>") }
      lines.append(ComparePage.button)
      return Frame.section("runs", "Runs", lines)
    }

    private func first(of count: Int) throws -> Int {
      guard let text = call.first("from") else { return 1 }
      guard let number = Int(text), (1...max(1, count)).contains(number) else {
        throw RequestProblem(
          status: 400, description: "from is the number of a run, from 1 to \(max(1, count)), but \"\(text)\" was given"
        )
      }
      return number
    }
  }
}
