import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// Two to six variants of a sweep, or runs, side by side.
enum ComparePage {
  /// What stands behind the question mark.
  static let parameters: [Route.Parameter] = [
    .init(name: "sweep", summary: "the number or name of the sweep that variants are of"),
    .init(name: "variant", summary: "the label of a variant of the sweep", isRepeated: true),
    .init(name: "run", summary: "the first digits of a run's identity", isRepeated: true),
  ]

  static let route = Route(
    kind: .page, path: "/compare", summary: "Two to six variants of a sweep, or runs, side by side",
    parameters: parameters + Route.curveParameters
  ) { call in
    let comparison = try ComparedMembers(call)
    let sections = comparison.sideBySide.sections
    var content = [
      "<div id=\"head\">",
      "<h1>\(comparison.names.map(Frame.escaped).joined(separator: " <span class=\"faint\">·</span> "))</h1>",
      "<p class=\"lead\">Side by side; the first one is what the others are compared with.</p>", "</div>",
    ]
    for section in sections {
      if section.anchor == "compared" {
        let table = comparison.sideBySide.memberTable
        content += Frame.section(
          section.anchor, section.title,
          [HTMLParts.table(table, caption: table.title, links: .init(rows: comparison.addresses), showsLegend: false)])
      } else {
        content += Frame.courses(section)
      }
    }
    content += Frame.commands(comparison.commands)
    let sweeps = comparison.sweep.map {
      [Frame.Step(title: $0.name, address: "/sweeps/\($0.id.map(String.init) ?? "")")]
    }
    return .page(
      Frame.page(
        title: comparison.names.joined(separator: " · "),
        trail: (sweeps ?? []) + [.init(title: "compare", address: call.keptTarget)], content,
        scripts: [Assets.pointingScript, Assets.curvesScript]))
  }

  /// The form that sends what is marked in a sweep's tables, and its button.
  static func form(_ sweep: Sweep) -> [String] {
    [
      "<form id=\"\(formName)\" action=\"/compare\" method=\"get\">",
      "<input type=\"hidden\" name=\"sweep\" value=\"\(sweep.id ?? 0)\">",
      "<p><button type=\"submit\">Compare</button> <span class=\"faint\">what is marked: two to six variants or runs</span></p>",
      "</form>",
    ]
  }

  /// A further button of the form.
  static let button =
    "<p><button type=\"submit\" form=\"\(formName)\">Compare</button> <span class=\"faint\">what is marked: two to six "
    + "variants or runs</span></p>"

  /// The form's name, by which boxes elsewhere belong to it.
  static let formName = "compare"
}

/// What a request compares, as the store has it.
struct ComparedMembers {
  /// The comparison.
  let sideBySide: SideBySide
  /// The sweep of the variants, or else of the first run.
  let sweep: Sweep?
  /// Where each member leads.
  let addresses: [String]

  /// The names of the members.
  var names: [String] { sideBySide.members.map(\.label) }

  /// Reads what the parameters name.
  ///
  /// - Throws: ``RequestProblem`` where they name too few, too many or the same twice; else what the store throws.
  init(_ call: Call) throws {
    let named = call.request.query.filter { $0.name == "variant" || $0.name == "run" }
    guard SideBySide.counts.contains(named.count) else {
      let how = "mark them on the page of a sweep, or name each by variant=LABEL or run=DIGITS"
      let count = named.isEmpty ? "none was named" : named.count == 1 ? "1 was named" : "\(named.count) were named"
      throw RequestProblem(
        status: 400, description: "from two to six variants or runs are compared, but \(count): \(how)")
    }
    let store = try call.window.store()
    var sweep = try call.first("sweep").map { try store.sweep(matching: $0) }
    guard sweep != nil || !named.contains(where: { $0.name == "variant" }) else {
      throw RequestProblem(
        status: 400, description: "a variant is one of a sweep, but no sweep was named: add sweep=NAME or sweep=NUMBER")
    }
    var members: [SideBySide.Member] = []
    var addresses: [String] = []
    for (name, value) in named {
      let member: SideBySide.Member
      if name == "run" {
        let run = try store.run(matching: value)
        let cells = try store.cells(of: run.identity)
        if sweep == nil, let cell = cells.first { sweep = try store.sweep(matching: cell.sweep) }
        let label = cells.first { $0.sweep == sweep?.name }?.variant ?? cells.first?.variant ?? run.identity.short
        member = .init(variant: label, runs: [run], isRun: true)
        addresses.append("/runs/\(run.identity.short)")
      } else {
        guard let variant = sweep?.variants.first(where: { $0.label == value }), !variant.runs.isEmpty else {
          let labels = sweep?.variants.map(\.label) ?? []
          throw RequestProblem(
            status: 404,
            description:
              "the sweep \(sweep?.name ?? "") has no variant \"\(value)\"\(NearestName.hint(for: value, among: labels))"
          )
        }
        member = .init(variant: variant.label, runs: variant.runs, isRun: false)
        addresses.append("/sweeps/\(sweep?.id.map(String.init) ?? "")#table")
      }
      guard
        !members.contains(where: { $0.isRun == member.isRun && $0.runs.map(\.identity) == member.runs.map(\.identity) })
      else { throw RequestProblem(status: 400, description: "the \(name) \"\(value)\" is named twice") }
      members.append(member)
    }
    self.sweep = sweep
    self.addresses = addresses
    sideBySide = SideBySide(members, of: sweep, records: try ComparedMembers.records(of: members, in: store))
  }

  private static func records(of members: [SideBySide.Member], in store: StudyStore) throws -> SweepRecords {
    var records = SweepRecords()
    let runs = members.flatMap(\.runs)
    let epochs = runs.reduce(0) { $0 + $1.completedEpochs }
    if epochs > SideBySide.epochLimit {
      records.problems.append(
        "Courses of more than \(NumberText.grouped(SideBySide.epochLimit)) epochs are not drawn here: compare fewer variants."
      )
    }
    for run in runs {
      if epochs <= SideBySide.epochLimit { records.epochs[run.identity] = try store.epochs(of: run.identity) }
      if run.state == .completed { records.finals[run.identity] = try store.finalRecord(of: run.identity) }
    }
    return records
  }

  /// Commands that print parts of the same.
  var commands: [[String]] {
    let variants = sideBySide.members.filter { !$0.isRun }
    let sweepName = sweep?.id.map(String.init) ?? ""
    let first = sideBySide.members.first
    let table =
      first?.isRun == false && variants.count > 1 ? [["table", sweepName, "--baseline", first?.variant ?? ""]] : []
    return table + sideBySide.members.filter(\.isRun).map { ["show", $0.runs[0].identity.short] }
  }
}

extension Resources {
  static let comparison = Route(
    kind: .resource, path: "/api/v1/compare",
    summary: "Two to six variants of a sweep, or runs, side by side: settings, metrics, courses, classes, confusions",
    parameters: ComparePage.parameters
  ) { call in .json(try ComparedMembers(call).sideBySide.json) }
}
