import Foundation
import LabCore
import LabRecords
import LabReport
import LabServe
import LabStore
import LabWorkbench
import Testing

/// The interface for programs.
@Suite struct InterfaceTests {
  @Test func theDocumentListsTheRoutes() throws {
    let paths = try #require(OpenAPI.document["paths"]?.objectValue)
    #expect(Set(paths.keys) == Set(Routes.resources.map(\.path)))
    #expect(Set(Routes.all.map(\.path)).count == Routes.all.count)
    for route in Routes.resources {
      let method = route.methods.contains("POST") ? "post" : "get"
      let parameters = try #require(paths[route.path]?[method]?["parameters"]?.arrayValue)
      #expect((paths[route.path]?[method]?["requestBody"] != nil) == (method == "post"), "\(route.path)")
      let names = parameters.compactMap { $0["name"]?.stringValue }
      #expect(names == route.names + route.parameters.map(\.name), "\(route.path)")
      #expect(route.path.hasPrefix("/api/v1/") && route.kind == .resource)
    }
    #expect(Routes.pages.allSatisfy { $0.kind == .page && !$0.path.hasPrefix("/api/") })
  }

  @Test func resourcesAreWhatTheSameCodeGivesCommands() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "small", levels: SampleResults.hostile, seeds: 3)
    let id = try results.complete(sweep) { variant, run in variant == 3 && run.seed == 1 }
    _ = try results.complete(SampleResults.sweep(name: "other", levels: ["a", "b"], seeds: 2))
    let store = try StudyStore(reading: results.folder.path)
    let run = sweep.variants[1].runs[0]
    try withServer(of: results) { server in
      func json(_ target: String) throws -> JSONValue {
        let answer = try Client.get(port: server.port, target)
        #expect(
          answer.status == 200 && answer.headers["content-type"] == "application/json", "\(target): \(answer.body)")
        return try JSONValue(parsing: answer.body)
      }
      let stored = try store.sweep(id)
      let list = ListTables.sweeps(try store.sweeps().map { try store.sweep($0.id) })
      #expect(try json("/api/v1/sweeps") == JSONValue(parsing: list.json.printableText))
      let row = try #require(json("/api/v1/sweeps/small").objectValue)
      #expect(row["sweep"] == .integer(Int(id)) && row["n_completed"] == .integer(14))
      #expect(try json("/api/v1/sweeps/\(id)/runs") == JSONValue(parsing: ListTables.runs(stored).json.printableText))
      let comparable = try store.comparableSweep(matching: "small")
      #expect(
        try json("/api/v1/sweeps/small/table")
          == JSONValue(parsing: TableRequest().rendered(comparable, as: TableFormats.json)))
      #expect(
        try json("/api/v1/sweeps/small/table?by=conv&metric=test_macro_f1&per-comparison=true")
          == JSONValue(
            parsing: TableRequest(factors: ["conv"], metrics: ["test_macro_f1"], isPerComparison: true)
              .rendered(comparable, as: TableFormats.json)))
      var analysis = try SweepAnalysis(stored)
      analysis.origins = try store.origins(sweep: id)
      #expect(try json("/api/v1/sweeps/small/analysis") == JSONValue(parsing: analysis.document.json.printableText))
      let report = RunReport(try RunDetails(of: store.run(run.identity)!, in: store)).json
      let all = try JSONValue(parsing: report.printableText)
      let prefix = run.identity.short
      #expect(try json("/api/v1/runs/\(prefix)") == all)
      let epochs = try json("/api/v1/runs/\(prefix)/epochs")
      #expect(epochs["epochs"] == all["epochs"] && epochs["run"] == all["run"] && epochs.objectValue?.count == 2)
      #expect(try json("/api/v1/runs/\(prefix)/events")["log"] == all["log"])
      #expect(try json("/api/v1/openapi.json") == JSONValue(parsing: OpenAPI.document.printableText))
      #expect(try json("/api/v1/changes")["version"]?.integerValue != nil)
      for target in ["/api/v1/nothing", "/api/v1/sweeps/none", "/api/v1/runs/fff", "/api/v1/runs/fff/epochs"] {
        let answer = try Client.get(port: server.port, target)
        let problem = try JSONValue(parsing: answer.body)
        #expect(answer.status == 404 && problem["status"] == .integer(404), "\(target)")
        #expect(problem["error"]?.stringValue?.isEmpty == false && problem.objectValue?.count == 2)
      }
      let wrong = try Client.get(port: server.port, "/api/v1/sweeps/small/table?sort=nothing")
      #expect(wrong.status == 400 && wrong.headers["content-type"] == "application/json")
      // The page has every route of the list.
      let page = try Client.get(port: server.port, "/api").body
      for route in Routes.all {
        #expect(page.contains("<code>\(HTMLParts.escaped(route.path))</code>"), "\(route.path)")
      }
    }
  }
}
