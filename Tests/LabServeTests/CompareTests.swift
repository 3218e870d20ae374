import Foundation
import LabCore
import LabRecords
import LabReport
import LabServe
import LabStats
import LabStore
import Testing

/// Variants and runs side by side.
@Suite struct CompareTests {
  private let levels = ["static", "odconv-1x", "odconv-4x"]

  private func withResults(_ body: (SampleResults, Sweep, WindowServer) throws -> Void) throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "ablation", levels: levels, seeds: 3)
    _ = try results.complete(sweep)
    try withServer(of: results) { try body(results, sweep, $0) }
  }

  private func json(_ server: WindowServer, _ query: String) throws -> JSONValue {
    let answer = try Client.get(port: server.port, "/api/v1/compare?\(query)")
    #expect(answer.status == 200 && answer.headers["content-type"] == "application/json", "\(query): \(answer.body)")
    return try JSONValue(parsing: answer.body)
  }

  private func row(_ table: JSONValue?, _ key: String, _ value: String) throws -> JSONValue {
    try #require(table?["rows"]?.arrayValue?.first { $0[key]?.stringValue == value })
  }

  @Test func variantsDifferAsTheTableSays() throws {
    try withResults { results, sweep, server in
      let compared = try json(server, "sweep=ablation&variant=odconv-1x&variant=odconv-4x")
      #expect(compared["sweep"] == "ablation" && compared["members"]?.arrayValue?.count == 2)
      let stored = try results.store.sweep(1)
      let table = try ComparisonTable(
        stored, options: ReportOptions(metrics: ["test_accuracy", "test_macro_f1"], baseline: "odconv-1x"))
      for (index, name) in ["test_accuracy", "test_macro_f1"].enumerated() {
        let found = try row(compared["results"], "metric", name)
        let own = try #require(table.rows.first { $0.label == "odconv-4x" }?.results[index])
        let reference = try #require(table.rows.first { $0.label == "odconv-1x" }?.results[index])
        #expect(found["value_1"]?.doubleValue == reference.mean && found["value_2"]?.doubleValue == own.mean)
        #expect(found["sd_2"]?.doubleValue == own.standardDeviation && found["n_2"] == 3)
        let difference = try #require(own.difference)
        let interval = try #require(difference.interval)
        #expect(found["difference_2"]?.doubleValue == difference.mean)
        #expect(found["lower_2"]?.doubleValue == interval.lower && found["upper_2"]?.doubleValue == interval.upper)
      }
      let classes = try row(compared["classes"], "class", "stop")
      let recalls = try [1, 2].map { variant -> Double in
        let values = try sweep.variants[variant].runs.map { run -> Double in
          let final = try #require(try results.store.finalRecord(of: run.identity))
          return try #require(final.confusion).classMetrics[0].recall
        }
        return values.reduce(0, +) / 3
      }
      for (index, recall) in recalls.enumerated() {
        #expect(abs((classes["recall_\(index + 1)"]?.doubleValue ?? .nan) - recall) < 1e-12)
      }
      #expect(abs((classes["recall_difference_2"]?.doubleValue ?? .nan) - (recalls[1] - recalls[0])) < 1e-12)
      let course = try #require(
        compared["courses"]?.arrayValue?.first { $0["metric"] == "validation_accuracy" }?["members"]?.arrayValue)
      let means = (0..<6).map { epoch in
        (0..<3).map { seed -> Double in
          let metrics = SampleResults.metrics(variant: 2, seed: UInt64(seed), epoch: epoch, of: 6)
          return metrics["validation_accuracy"] ?? .nan
        }.reduce(0, +) / 3
      }
      let found = (course[1]["means"]?.arrayValue ?? []).compactMap(\.doubleValue)
      #expect(zip(found, means).allSatisfy { abs($0 - $1) < 1e-12 } && found.count == 6)
      #expect(compared["confusions"]?["counts"]?.arrayValue?.count == 2)
      // The page of the sweep draws the same course, which it reads for all runs at once.
      let drawn = try Client.get(port: server.port, "/sweeps/1").body
      let label = "data-label=\"odconv-4x\" data-name=\"epoch\" data-at=\"1 2 3 4 5 6\" data-values=\""
      let start = try #require(drawn.range(of: label)).upperBound
      let told = drawn[start...].prefix { $0 != "\"" }.split(separator: "|")
      for (text, mean) in zip(told, means) {
        #expect(text.hasPrefix("\(NumberText.fixed(mean * 100, decimals: 2)) % ["), "\(text) for \(mean)")
      }
      #expect(told.count == 6)
      let page = try Client.get(port: server.port, "/compare?sweep=1&variant=odconv-1x&variant=odconv-4x").body
      for anchor in ["compared", "configuration", "results", "courses", "classes", "confusions", "commands"] {
        #expect(page.contains("<section id=\"\(anchor)\""), "\(anchor)")
      }
      #expect(page.contains("labrun table 1 --baseline odconv-1x"))
      #expect(page.contains("predicted classes, odconv-4x less odconv-1x"))
    }
  }

  @Test func runsDifferWithoutIntervals() throws {
    try withResults { results, sweep, server in
      let runs = [sweep.variants[0].runs[1], sweep.variants[2].runs[1]]
      let compared = try json(server, "run=\(runs[0].identity.short)&run=\(runs[1].identity)")
      let found = try row(compared["results"], "metric", "test_accuracy")
      let values = [0, 2].map { SampleResults.metrics(variant: $0, seed: 1, epoch: 5, of: 6)["test_accuracy"] ?? .nan }
      #expect(found["value_1"]?.doubleValue == values[0] && found["value_2"]?.doubleValue == values[1])
      #expect(found["difference_2"]?.doubleValue == values[1] - values[0])
      #expect(found["lower_2"] == .null && found["p_2"] == .null)
      #expect(compared["members"]?.arrayValue?.first?["label"] == "static, seed 1")
      // What is a setting of only one of them, or another one, is listed; what is the same is not.
      let settings = RunStoreSettings.differing(runs.map(\.configuration))
      let rows = compared["configuration"]?["rows"]?.arrayValue ?? []
      #expect(rows.compactMap { $0["setting"]?.stringValue } == settings && !settings.isEmpty)
      // A variant and a run go together as well.
      let mixed = try json(server, "sweep=1&variant=static&run=\(runs[1].identity.short)")
      let difference = try row(mixed["results"], "metric", "test_accuracy")["difference_2"]?.doubleValue
      let mean =
        (0..<3).map { SampleResults.metrics(variant: 0, seed: $0, epoch: 5, of: 6)["test_accuracy"] ?? .nan }
        .reduce(0, +) / 3
      #expect(abs((difference ?? .nan) - (values[1] - mean)) < 1e-12)
    }
  }

  @Test func whatCannotBeComparedIsSaid() throws {
    try withResults { _, sweep, server in
      let run = sweep.variants[0].runs[0].identity.short
      let seven = sweep.variants.flatMap(\.runs).prefix(7).map { "run=\($0.identity.short)" }.joined(separator: "&")
      for (query, status, sentence) in [
        ("", 400, "from two to six variants or runs are compared, but none was named"),
        ("?sweep=1&variant=static", 400, "compared, but 1 was named: mark them"),
        ("?\(seven)", 400, "but 7 were named"),
        ("?variant=static&variant=odconv-1x", 400, "no sweep was named: add sweep=NAME"),
        ("?sweep=1&variant=static&variant=odconv-1", 404, "has no variant \\\"odconv-1\\\" (did you mean"),
        ("?sweep=1&variant=static&variant=static", 400, "is named twice"),
        ("?run=\(run)&run=\(run)", 400, "is named twice"),
        ("?run=\(run)&run=ffffffffffff", 404, "there is no run"),
        ("?run=\(run)&run=..%2F..%2Flabrun", 404, "there is no run"),
        ("?sweep=none&run=\(run)&run=\(run)", 404, "there is no sweep"),
        ("?sweep=1&sweep=2&run=\(run)&run=\(run)", 400, "sweep is given twice"),
      ] {
        let answer = try Client.get(port: server.port, "/api/v1/compare\(query)")
        #expect(answer.status == status && answer.body.contains(sentence), "\(query): \(answer.status) \(answer.body)")
        #expect(try Client.get(port: server.port, "/compare\(query)").status == status, "\(query)")
      }
    }
  }

  @Test func everyNameIsTextAndTheFormNamesAll() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "ab<l>a'tion", levels: SampleResults.hostile, seeds: 2)
    _ = try results.complete(sweep)
    try withServer(of: results) { server in
      let page = try Client.get(port: server.port, "/sweeps/1").body
      #expect(page.contains("<form id=\"compare\" action=\"/compare\" method=\"get\">"))
      #expect(page.contains("<input type=\"hidden\" name=\"sweep\" value=\"1\">"))
      for level in SampleResults.hostile {
        #expect(page.contains("form=\"compare\" name=\"variant\" value=\"\(HTMLParts.escaped(level))\""), "\(level)")
      }
      for run in sweep.variants.flatMap(\.runs) {
        #expect(page.contains("name=\"run\" value=\"\(run.identity.short)\""))
      }
      let query = SampleResults.hostile.map { level in
        "variant=" + level.utf8.map { "%" + String(0x100 + Int($0), radix: 16).suffix(2) }.joined()
      }.joined(separator: "&")
      let comparison = try Client.get(port: server.port, "/compare?sweep=1&\(query)")
      #expect(comparison.status == 200)
      for trace in ["<script>alert", "<img src=x", "<b>yield", "ab<l>a"] {
        #expect(!comparison.body.contains(trace), "\(trace)")
      }
      #expect(comparison.body.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && comparison.body.contains("卷积 四倍"))
      // Rows that are no variants have no boxes.
      #expect(!(try Client.get(port: server.port, "/sweeps/1?by=conv").body.contains("name=\"variant\"")))
    }
  }
}

/// Which settings of configurations are not the same, by their dotted paths.
private enum RunStoreSettings {
  static func differing(_ configurations: [JSONValue]) -> [String] {
    func leaves(_ value: JSONValue, _ path: String) -> [String: JSONValue] {
      guard let members = value.objectValue, !members.isEmpty else { return [path: value] }
      return members.reduce(into: [:]) { all, member in
        all.merge(leaves(member.value, path.isEmpty ? member.key : "\(path).\(member.key)")) { first, _ in first }
      }
    }
    let all = configurations.map { leaves($0, "") }
    return Set(all.flatMap(\.keys)).filter { path in Set(all.map { $0[path] }).count > 1 }.sorted()
  }
}
