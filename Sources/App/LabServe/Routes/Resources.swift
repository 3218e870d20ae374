import Foundation
import LabCore
import LabRecords
import LabReport
import LabScheduler
import LabStore
import LabWorkbench

/// What programs can ask for: what commands print with `--json`, by the same code.
enum Resources {
  static let sweeps = Route(
    kind: .resource, path: "/api/v1/sweeps", summary: "All sweeps with their states", command: "labrun list --json"
  ) { call in .json(try sweepTable(call.window).json) }

  static let sweep = Route(
    kind: .resource, path: "/api/v1/sweeps/{sweep}", summary: "One sweep: its row of the table of sweeps",
    command: "labrun list --json"
  ) { call in
    let sweep = try call.window.store().sweep(matching: call["sweep"])
    guard let row = ListTables.sweeps([sweep]).json["rows"]?.arrayValue?.first else {
      throw RequestProblem(status: 404, description: "there is no sweep \"\(call["sweep"])\"")
    }
    return .json(row)
  }

  static let table = Route(
    kind: .resource, path: "/api/v1/sweeps/{sweep}/table", summary: "The comparison of a sweep's variants",
    command: "labrun table SWEEP --json", parameters: Route.tableParameters
  ) { call in
    let sweep = try call.window.store().comparableSweep(matching: call["sweep"])
    let text = try call.tableRequest().rendered(sweep, as: TableFormats.json)
    return Response(type: "application/json", body: .data(Data(text.utf8)))
  }

  static let analysis = Route(
    kind: .resource, path: "/api/v1/sweeps/{sweep}/analysis", summary: "What follows from a sweep: verdicts, factors",
    command: "labrun analyze SWEEP --json",
    parameters: [
      .init(name: "metric", summary: "the metric"),
      .init(name: "baseline", summary: "the variant that others are compared with"),
    ]
  ) { call in
    let store = try call.window.store()
    let sweep = try store.sweep(matching: call["sweep"])
    var analysis = try SweepAnalysis(
      sweep, options: AnalysisOptions(metric: call.first("metric"), baseline: call.first("baseline")))
    analysis.origins = try sweep.id.map(store.origins(sweep:))
    return .json(analysis.document.json)
  }

  static let runs = Route(
    kind: .resource, path: "/api/v1/sweeps/{sweep}/runs",
    summary: "The runs of a sweep with their states and metrics, and how far running ones are",
    command: "labrun list SWEEP --json"
  ) { call in
    let sweep = try call.window.store().sweep(matching: call["sweep"])
    return .json(try ListTables.runs(sweep, jobs: SlurmJobs(results: call.window.results).descriptions()).json)
  }

  static let run = Route(
    kind: .resource, path: "/api/v1/runs/{run}",
    summary: "One run: configuration, progress, epochs, classes, provenance, log",
    command: "labrun show RUN --json"
  ) { call in .json(try report(call).json) }

  static let epochs = Route(
    kind: .resource, path: "/api/v1/runs/{run}/epochs", summary: "The metrics of a run's epochs",
    command: "labrun show RUN --json"
  ) { call in .json(try part(["run", "epochs"], of: call)) }

  static let events = Route(
    kind: .resource, path: "/api/v1/runs/{run}/events", summary: "What happened to a run, in order",
    command: "labrun show RUN --json"
  ) { call in .json(try part(["run", "log"], of: call)) }

  static let changes = Route(
    kind: .resource, path: "/api/v1/changes",
    summary: "The version of everything; waits up to 25 seconds for another one than the one that is known",
    parameters: [.init(name: "since", summary: "the version that is known")], isWaiting: true
  ) { call in
    let since = call.first("since")
    let known = since.flatMap { Int($0) }
    guard since == nil || known != nil else {
      throw RequestProblem(
        status: 400, description: "since is a version, a number that this address has given, but \"\(since ?? "")\" was"
      )
    }
    let version = call.window.watcher.wait(since: known, seconds: 25, isGone: call.isGone)
    var response = Response.json(["version": .integer(version)])
    response.headers.append(("Cache-Control", "no-store"))
    return response
  }

  /// The table of sweeps, of which only those are read that have changed.
  static func sweepTable(_ window: Window) throws -> ReportTable {
    var table = ListTables.sweeps([])
    table.rows = try window.sweeps().glances.compactMap { $0.runs?.row }
    return table
  }

  private static func report(_ call: Call) throws -> RunReport {
    let store = try call.window.store()
    return RunReport(try RunDetails(of: store.run(matching: call["run"]), in: store))
  }

  /// Some members of what is known of a run.
  private static func part(_ names: [String], of call: Call) throws -> JSONValue {
    let members = try report(call).json.objectValue ?? [:]
    return .object(members.filter { names.contains($0.key) })
  }
}

extension Call {
  /// The table that the parameters ask for.
  ///
  /// - Throws: ``RequestProblem``.
  func tableRequest() throws(RequestProblem) -> TableRequest {
    TableRequest(
      layout: first("layout"), factors: all("by"), metrics: all("metric"), sort: first("sort"), filters: all("filter"),
      baseline: first("baseline"), showsAdjustedProbabilities: try isTrue("holm"),
      isPerComparison: try isTrue("per-comparison"))
  }
}
