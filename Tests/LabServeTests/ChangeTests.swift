import CZlib
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

  @Test func whatIsStoredIsSeen() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "live", levels: ["a", "b"], seeds: 1)
    let id = try results.store.register(sweep).id
    let lease = try results.train(id, sweep.variants[0].runs[0], variant: 0, epochs: 1)
    try withServer(of: results) { server in
      let known = try version(server)
      #expect(try Client.get(port: server.port, "/sweeps/live").body.contains(">2/6<"))
      DispatchQueue.global().asyncAfter(deadline: .now() + 0.5) {
        try? results.record(1, of: sweep.variants[0].runs[0], variant: 0, lease)
      }
      let next = try version(server, since: known)
      #expect(next != known)
      #expect(try Client.get(port: server.port, "/sweeps/live").body.contains(">3/6<"))
      #expect(try Client.get(port: server.port, "/api/v1/changes?since=x").status == 400)
    }
  }

  /// What a process tells with a sign of life is seen, and is gone when the run has ended.
  @Test func stepsAreSeen() throws {
    let results = try SampleResults()
    defer { results.remove() }
    let sweep = SampleResults.sweep(name: "live", levels: ["a", "b"], seeds: 1)
    let id = try results.store.register(sweep).id
    _ = try results.complete(SampleResults.sweep(name: "other", levels: ["a", "b"], seeds: 2))
    let (first, silent) = (sweep.variants[0].runs[0], sweep.variants[1].runs[0])
    let lease = try results.train(id, first, variant: 0, epochs: 1)
    // A program that tells no steps.
    try results.train(id, silent, variant: 1, epochs: 2)
    try withServer(of: results) { server in
      func page(_ target: String) throws -> String { try Client.get(port: server.port, target).body }
      func row(_ run: Run) throws -> String {
        let body = try page("/sweeps/live")
        let start = try #require(body.firstRange(of: "<section id=\"running\"")).lowerBound
        let lines = body[start...].split(separator: "\n").filter { $0.hasPrefix("<tr>") }
        return String(try #require(lines.first { $0.contains(run.identity.short) }))
      }
      let before = try row(first)
      #expect(before.contains(">2/6<") && !before.contains("3/8"), "\(before)")
      let other = try Client.get(port: server.port, "/sweeps/other")
      let known = try version(server)
      try results.store.heartbeat(
        lease,
        progress: RunProgress(
          epoch: 1, epochs: 6, step: 3, stepsPerEpoch: 8, loss: 0.4321, imagesPerSecond: 777, remainingSeconds: 3000))
      var next = try version(server, since: known)
      for part in [">2/6<", ">3/8<", ">0.4321<", ">777<", "49\u{A0}min"] {
        let shown = try row(first)
        #expect(shown.contains(part), "\(part): \(shown)")
      }
      #expect(try row(silent).contains(">3/6<") && !row(silent).contains("/8<"))
      let run = try page("/runs/\(first.identity.short)")
      #expect(run.contains("1 of 6 epochs · epoch 2/6 · step 3/8 · loss 0.4321 · 777 images/s · 49 min"))
      // A page that is about something else stays what it was.
      let same = try Client.get(port: server.port, "/sweeps/other")
      #expect(same.headers["etag"] == other.headers["etag"])
      let runs = try JSONValue(parsing: page("/api/v1/sweeps/live/runs"))["rows"]?.arrayValue
      let own = try JSONValue(parsing: page("/api/v1/runs/\(first.identity.short)"))["progress"]
      #expect(own?["step"] == 3 && own?["epoch"] == 2 && own?["images_per_second"] == 777)
      #expect(runs?.map { $0["progress"] ?? .boolean(false) } == [own ?? .boolean(false), .null])
      try results.store.finish(lease, SampleResults.final(variant: 0, run: first))
      next = try version(server, since: next)
      #expect(
        try !page("/sweeps/live").contains(">3/8<") && !page("/runs/\(first.identity.short)").contains("step 3/8"))
      #expect(try JSONValue(parsing: page("/api/v1/runs/\(first.identity.short)"))["progress"] == .null)
    }
  }

  /// A hundred clients ask half as often as one would, and what they see is still younger than two seconds.
  @Test func aCrowdIsToldLessOften() {
    let pauses = [0, 1, 10, 50, 100, 10_000].map { ChangeWatcher.pauseSeconds(1, clients: $0) }
    #expect(pauses[0] == 1 && pauses[1] < 1.01 && pauses == pauses.sorted())
    #expect(pauses[4] >= 1.75 && pauses[5] == pauses[4] && pauses[4] < 1.9)
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

  /// The page that a patch makes of another one, as browsers make it.
  private func patched(_ page: String, _ patch: String) throws -> String {
    let value = try JSONValue(parsing: patch)
    // By bytes: what follows a line's end may join it to one character.
    let lines = Array(page.utf8).split(separator: 10, omittingEmptySubsequences: false)
    var parts: [[UInt8]] = []
    for part in value["parts"]?.arrayValue ?? [] {
      if let text = part.stringValue {
        parts.append(Array(text.utf8))
      } else {
        let numbers = part.arrayValue?.compactMap(\.integerValue) ?? []
        let range = try #require(numbers.count == 2 ? numbers[0]..<numbers[0] + numbers[1] : nil)
        parts.append(Array(lines[range].joined(separator: [10])))
      }
    }
    let text = String(decoding: Array(parts.joined(separator: [10])), as: UTF8.self)
    #expect(value["length"]?.integerValue == text.utf16.count)
    return text
  }

  @Test func whoHasAPageIsToldWhatHasChanged() throws {
    let results = try SampleResults()
    defer { results.remove() }
    _ = try results.complete(SampleResults.sweep(name: "other", levels: SampleResults.hostile, seeds: 2))
    let sweep = SampleResults.sweep(name: "live", levels: SampleResults.hostile, seeds: 2)
    let id = try results.complete(sweep) { variant, _ in variant == 4 }
    let lease = try results.train(id, sweep.variants[4].runs[0], variant: 4, epochs: 1)
    try withServer(of: results) { server in
      func get(_ target: String, known: String) throws -> Client.Answer {
        try Client.get(port: server.port, target, headers: ["Labrun-Known: \(known)"])
      }
      var pages = [try Client.get(port: server.port, "/sweeps/live")]
      let other = try Client.get(port: server.port, "/sweeps/other")
      var known = try version(server)
      for epoch in 1...4 {
        try results.record(epoch, of: sweep.variants[4].runs[0], variant: 4, lease)
        known = try version(server, since: known)
        let page = try Client.get(port: server.port, "/sweeps/live")
        let tag = try #require(page.headers["etag"])
        // Of the last three versions, whoever has one is sent a part of the page; of earlier ones, all of it.
        for (age, old) in pages.reversed().enumerated() {
          let oldTag = try #require(old.headers["etag"])
          let answer = try get("/sweeps/live", known: oldTag)
          #expect(answer.status == 200 && answer.headers["etag"] == tag, "\(age)")
          #expect(answer.headers["labrun-version"] == page.headers["labrun-version"])
          guard age < 3 else {
            #expect(answer.body == page.body && answer.headers["labrun-patch"] == nil)
            continue
          }
          #expect(answer.headers["labrun-patch"] == old.headers["etag"])
          #expect(answer.headers["cache-control"] == "no-store")
          #expect(answer.body.utf8.count < 20_000 && answer.body.utf8.count * 2 < page.body.utf8.count)
          #expect(try patched(old.body, answer.body) == page.body)
        }
        #expect(try get("/sweeps/live", known: tag).status == 304)
        pages.append(page)
      }
      // What is not known, and what is of another page, is sent whole.
      let last = pages[pages.count - 1]
      let otherTag = try #require(other.headers["etag"])
      for tag in ["\"nothing\"", "", otherTag] {
        let answer = try get("/sweeps/live", known: tag)
        #expect(answer.body == last.body && answer.headers["labrun-patch"] == nil)
      }
    }
  }

  @Test func aPatchMakesThePageWhateverHasChanged() throws {
    var random = SystemRandomNumberGenerator()
    let words = ["", "a", "b", "\u{301}x", "\r", "卷积", "e\u{301}", "\u{e9}", "</table>", "\"quoted\" \\"]
    for _ in 0..<200 {
      let old = (0..<Int.random(in: 0...60, using: &random)).map {
        "\($0 % 40) \(words.randomElement(using: &random) ?? "")"
      }
      var new = old
      for _ in 0..<Int.random(in: 0...4, using: &random) {
        let place = Int.random(in: 0...new.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: new.insert(words.randomElement(using: &random) ?? "", at: place)
        case 1 where place < new.count: new.remove(at: place)
        case 2 where place < new.count: new.insert(new[place], at: 0)
        default: new += new.prefix(place).suffix(3)
        }
      }
      let (before, after) = (old.joined(separator: "\n"), new.joined(separator: "\n"))
      guard let patch = PagePatch.data(from: Data(before.utf8), to: Data(after.utf8)) else { continue }
      #expect(try patched(before, String(decoding: patch, as: UTF8.self)).utf8.elementsEqual(after.utf8))
    }
  }

  /// The bytes of what a gzip file has in it.
  private func unpacked(_ data: [UInt8]) throws -> [UInt8] {
    var (stream, input, output) = (z_stream(), data, [UInt8](repeating: 0, count: 4 << 20))
    try #require(inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK)
    defer { inflateEnd(&stream) }
    let status = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        (stream.next_in, stream.avail_in) = (input.baseAddress, uInt(input.count))
        (stream.next_out, stream.avail_out) = (output.baseAddress, uInt(output.count))
        return inflate(&stream, Z_FINISH)
      }
    }
    try #require(status == Z_STREAM_END)
    return Array(output.prefix(Int(stream.total_out)))
  }

  @Test func pagesAreCompressedForWhoeverUnderstandsIt() throws {
    let results = try SampleResults()
    defer { results.remove() }
    _ = try results.complete(SampleResults.sweep(name: "small", levels: SampleResults.hostile, seeds: 2))
    try withServer(of: results) { server in
      let page = try Client.get(port: server.port, "/sweeps/small")
      #expect(page.headers["content-encoding"] == nil)
      func bytes(_ encoding: String) throws -> (head: String, body: [UInt8]) {
        let client = try Client(port: server.port)
        defer { client.close() }
        try client.send(
          "GET /sweeps/small HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\nConnection: close\r\nAccept-Encoding: \(encoding)\r\n\r\n"
        )
        let heard = client.heard()
        let end = try #require(heard.indices.first { heard[$0...].starts(with: [13, 10, 13, 10]) })
        return (String(decoding: heard[..<end], as: UTF8.self), Array(heard[(end + 4)...]))
      }
      // A second one is the same, which was kept.
      for encoding in ["gzip", "br, GZIP;q=0.5", "*"] {
        let (head, body) = try bytes(encoding)
        #expect(head.contains("Content-Encoding: gzip") && head.contains("Vary: Accept-Encoding"), "\(encoding)")
        #expect(head.contains("Content-Length: \(body.count)") && body.count * 3 < page.body.utf8.count)
        #expect(try unpacked(body).elementsEqual(page.body.utf8))
      }
      for encoding in ["", "identity", "br", "gzip;q=0", "gzipped"] {
        let (head, body) = try bytes(encoding)
        #expect(!head.contains("Content-Encoding") && body.elementsEqual(page.body.utf8), "\(encoding)")
      }
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
    server.stop()
    // It would be told after 25 seconds only that nothing has changed.
    _ = client.heard(seconds: 10)
    #expect(client.isAnswered)
    #expect(throws: (any Error).self) { try Client.get(port: server.port, "/") }
  }
}
