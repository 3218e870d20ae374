import Foundation
import LabCore
import LabRecords
import LabServe
import LabStore
import Testing

/// Pages follow what is stored.
@Suite struct ChangeTests {
  private func version(_ server: WindowServer, since: String? = nil) throws -> String {
    let query = since.map { "?since=\($0)" } ?? ""
    let answer = try Client.get(port: server.port, "/api/v1/changes\(query)")
    let number = try JSONValue(parsing: answer.body)["version"]?.integerValue
    return "\(try #require(number))"
  }

  @Test func whatIsStoredIsSeenWithinTwoSeconds() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "live", levels: ["a", "b"], seeds: 1)
    let id = try results.store.register(sweep).id
    let lease = try results.train(id, sweep.variants[0].runs[0], variant: 0, epochs: 1)
    try withServer(of: results) { server in
      let known = try version(server)
      #expect(try Client.get(port: server.port, "/sweeps/live").body.contains("1/6"))
      let start = Date()
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) {
        try? results.record(1, of: sweep.variants[0].runs[0], variant: 0, lease)
      }
      let next = try version(server, since: known)
      #expect(next != known)
      #expect(try Client.get(port: server.port, "/sweeps/live").body.contains("2/6"))
      #expect(Date().timeIntervalSince(start) < 2.5)
      #expect(try Client.get(port: server.port, "/api/v1/changes?since=x").status == 400)
    }
  }

  @Test func aPageIsOfEachVersionInWhichTheStoreIsTheSame() throws {
    let results = try SampleResults()
    defer { results.remove() }
    for name in ["one", "two", "three", "four", "five", "six"] {
      _ = try results.complete(SampleResults.sweep(name: name, levels: ["a", "b", "c"], seeds: 3))
    }
    // Without time, each look reads or analyzes one sweep.
    try withServer(of: results, glanceSeconds: 0) { server in
      let first = try Client.get(port: server.port, "/sweeps/1")
      let before = try version(server)
      #expect(first.headers["labrun-version"] == before)
      // What follows from all sweeps takes several looks, each of which makes a version.
      var page = try Client.get(port: server.port, "/")
      #expect(page.body.contains("…"))
      for _ in 0..<100 where page.body.contains("<span class=\"faint\">…</span>") {
        page = try Client.get(port: server.port, "/")
      }
      let after = try version(server)
      #expect(after != before && page.headers["labrun-version"] == after)
      // Who follows the page and is told another version would ask for it again and again.
      let again = try Client.get(port: server.port, "/sweeps/1")
      #expect(again.headers["labrun-version"] == after && again.body == first.body)
      #expect(again.headers["etag"] == first.headers["etag"])
      try results.store.remove(sweep: 2)
      _ = try version(server, since: after)
      #expect(!(try Client.get(port: server.port, "/").body.contains("two")))
    }
  }

  @Test func manyWaitAtOnce() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "live", levels: ["a", "b"], seeds: 1)
    let id = try results.store.register(sweep).id
    try withServer(of: results) { server in
      let known = try version(server)
      let clients = try (0..<100).map { _ in try Client(port: server.port) }
      defer { for client in clients { client.close() } }
      for client in clients {
        try client.send(
          "GET /api/v1/changes?since=\(known) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\n\r\n")
      }
      // Whoever waits keeps nobody from being served.
      #expect(try Client.get(port: server.port, "/").status == 200)
      try results.train(id, sweep.variants[0].runs[0], variant: 0, epochs: 1)
      for client in clients { #expect(Client.answer(client.heard())?.status == 200) }
    }
  }

  @Test func anotherDatabaseIsOpened() throws {
    let results = try SampleResults()
    defer { results.remove() }
    _ = try results.store.register(SampleResults.sweep(name: "before", levels: ["a"], seeds: 1))
    let other = try SampleResults()
    defer { other.remove() }
    _ = try other.store.register(SampleResults.sweep(name: "after", levels: ["a"], seeds: 1))
    try withServer(of: results) { server in
      #expect(try Client.get(port: server.port, "/").body.contains("before"))
      let known = try version(server)
      for ending in ["", "-wal", "-shm"] {
        let name = StudyStore.databaseName + ending
        try? FileManager.default.removeItem(at: results.folder.appendingPathComponent(name))
        try? FileManager.default.copyItem(
          at: other.folder.appendingPathComponent(name), to: results.folder.appendingPathComponent(name))
      }
      #expect(try version(server, since: known) != known)
      #expect(try Client.get(port: server.port, "/").body.contains("after"))
    }
  }

  @Test func stoppingEndsThoseWhoWait() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let server = try WindowServer(.init(results: results.folder.path, port: 0))
    server.start()
    let client = try Client(port: server.port)
    defer { client.close() }
    let known = try version(server)
    try client.send("GET /api/v1/changes?since=\(known) HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n")
    usleep(200_000)
    let start = Date()
    server.stop()
    _ = client.heard(seconds: 3)
    #expect(Date().timeIntervalSince(start) < 3)
    #expect(throws: (any Error).self) { try Client.get(port: server.port, "/") }
  }
}
