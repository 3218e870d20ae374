import Foundation
import LabCore
import LabRecords
import LabServe
import Testing

/// The server as clients of every kind meet it.
@Suite struct ServerTests {
  private func results() throws -> SampleResults {
    let results = try SampleResults()
    _ = try results.complete(SampleResults.sweep(name: "small", levels: ["a", "b"], seeds: 2, epochs: 3))
    return results
  }

  @Test func everyResponseIsProtected() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      for target in ["/", "/api", "/api/v1/sweeps", "/nothing", Assets.style.address] {
        let answer = try Client.get(port: server.port, target)
        let policy = try #require(answer.headers["content-security-policy"])
        #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
        #expect(!policy.contains("unsafe"))
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["x-frame-options"] == "DENY")
        #expect(answer.headers["referrer-policy"] == "no-referrer")
        #expect(answer.headers["access-control-allow-origin"] == nil)
        // Nothing but this server's own files.
        #expect(
          !answer.body.contains("<script>") && !answer.body.contains("style=\"") && !answer.body.contains("<style"))
        #expect(answer.body.firstMatch(of: /(src|href)="(https?:)?\/\//) == nil)
      }
      let style = try Client.get(port: server.port, Assets.style.address)
      #expect(style.status == 200 && style.headers["cache-control"] == "public, max-age=31536000, immutable")
      #expect(try Client.get(port: server.port, "/assets/window-000000000000.css").status == 404)
    }
  }

  @Test func strangersAreRefused() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      #expect(try Client.get(port: server.port, "/", host: "evil.example:\(server.port)").status == 421)
      #expect(try Client.get(port: server.port, "/", host: "localhost:\(server.port)").status == 200)
      let post = try Client.get(port: server.port, "/", method: "POST", headers: ["Content-Length: 5"])
      #expect(post.status == 405 && post.headers["allow"] == "GET, HEAD")
      for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"] {
        #expect(try Client.get(port: server.port, "/", method: method).status == 405, "\(method)")
      }
      let origin = ["Origin: http://evil.example"]
      #expect(try Client.get(port: server.port, "/", method: "POST", headers: origin).status == 403)
      #expect(try Client.get(port: server.port, "/", headers: ["Content-Length: 5"]).status == 413)
      #expect(try Client.get(port: server.port, "/", headers: ["Transfer-Encoding: chunked"]).status == 413)
    }
  }

  @Test func theTokenBecomesACookie() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, token: "a-good-token") { server in
      #expect(server.address == "http://127.0.0.1:\(server.port)/?token=a-good-token")
      let refused = try Client.get(port: server.port, "/")
      #expect(refused.status == 401 && !refused.body.contains("small") && !refused.body.contains("a-good-token"))
      #expect(try Client.get(port: server.port, "/api/v1/sweeps").status == 401)
      #expect(try Client.get(port: server.port, Assets.script.address).status == 200)
      let first = try Client.get(port: server.port, "/sweeps/small?token=a-good-token&sort=n")
      #expect(first.status == 303 && first.headers["location"] == "/sweeps/small?sort=n")
      let cookie = try #require(first.headers["set-cookie"]?.split(separator: ";").first)
      #expect(try Client.get(port: server.port, "/", headers: ["Cookie: \(cookie)"]).status == 200)
      let bearer = ["Authorization: Bearer a-good-token"]
      #expect(try Client.get(port: server.port, "/api/v1/sweeps", headers: bearer).status == 200)
    }
  }

  @Test func anotherAddressWantsAToken() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, host: "0.0.0.0") { server in
      let token = try #require(server.token)
      #expect(token.count == 32 && server.address.hasSuffix("/?token=\(token)"))
      #expect(try Client.get(port: server.port, "/").status == 401)
      #expect(try Client.get(port: server.port, "/", headers: ["Authorization: Bearer \(token)"]).status == 200)
      #expect(try Client.get(port: server.port, "/", host: "evil.example:\(server.port)").status == 421)
    }
  }

  @Test func aTakenPortIsSaid() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let error = #expect(throws: ServeError.self) {
        try WindowServer(.init(results: results.folder.path, port: server.port))
      }
      #expect(error?.description.contains("port \(server.port) is taken") == true)
    }
  }

  @Test func headsAreBounded() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let head = ["GET / HTTP/1.1", "Host: 127.0.0.1:\(server.port)"]
      let long = head + (0..<40).map { "H\($0): " + String(repeating: "x", count: 1000) }
      let many = head + (0..<120).map { "H\($0): x" }
      let address = ["GET /\(String(repeating: "a", count: 6000)) HTTP/1.1"]
      for (head, status) in [(long, 431), (many, 431), (address, 414)] {
        let answer = try Client.ask(port: server.port, head)
        #expect(answer?.status == status)
      }
    }
  }

  @Test func connectionsAreKeptAndHeadsAskedFor() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let client = try Client(port: server.port)
      defer { client.close() }
      let host = "Host: 127.0.0.1:\(server.port)"
      // Two requests at once, the second one for a head, the third one the last.
      try client.send("GET /api/v1/sweeps HTTP/1.1\r\n\(host)\r\n\r\nHEAD /api/v1/sweeps HTTP/1.1\r\n\(host)\r\n\r\n")
      try client.send("GET /api HTTP/1.1\r\n\(host)\r\nConnection: close\r\n\r\n")
      let text = String(decoding: client.heard(), as: UTF8.self)
      #expect(text.components(separatedBy: "HTTP/1.1 200 OK\r\n").count == 4)
      let lengths = text.matches(of: /Content-Length: (\d+)/).compactMap { Int($0.output.1) }
      #expect(lengths.count == 3 && lengths[0] == lengths[1])
      #expect(text.components(separatedBy: "\"table\": \"sweeps\"").count == 2)
    }
  }

  @Test func whatIsKnownAlreadyIsNotSentAgain() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let first = try Client.get(port: server.port, "/sweeps/small")
      let tag = try #require(first.headers["etag"])
      let second = try Client.get(port: server.port, "/sweeps/small", headers: ["If-None-Match: \(tag)"])
      #expect(second.status == 304 && second.body.isEmpty && second.headers["labrun-version"] != nil)
    }
  }

  @Test func aSlowClientHasItsTimeAndStopsNobody() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, patience: .init(head: 3, idle: 4, stall: 1)) { server in
      let slow = try (0..<20).map { _ in try Client(port: server.port) }
      defer { for client in slow { client.close() } }
      for client in slow { try client.send("GET / HTTP/1.1\r\nHost: ") }
      // Somebody else has an answer while the slow ones still have their time: nobody has waited for them.
      #expect(try Client.get(port: server.port, "/api").status == 200)
      #expect(!slow.contains { $0.isAnswered })
      for client in slow { #expect(Client.answer(client.heard())?.status == 408) }
      // One that says nothing at all is left.
      let silent = try Client(port: server.port)
      defer { silent.close() }
      #expect(silent.heard(seconds: 60).isEmpty && silent.isAnswered)
    }
    try withServer(of: results, patience: .init(head: 0.6)) { server in
      // One that sends a byte now and then has no more time than one that sends nothing.
      let dripping = try Client(port: server.port)
      defer { dripping.close() }
      for byte in Array(String(repeating: "GET / HTTP/1.1\r\nHost: 127.0.0.1", count: 20).utf8) {
        guard !dripping.isAnswered, (try? dripping.send([byte])) != nil else { break }
        usleep(60_000)
      }
      #expect(Client.answer(dripping.heard())?.status == 408)
    }
  }

  @Test func aCrowdOfSilentClientsKeepsNobodyOut() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, connectionLimit: 8) { server in
      let silent = try (0..<40).map { _ in
        usleep(5000)
        return try Client(port: server.port)
      }
      defer { for client in silent { client.close() } }
      #expect(try Client.get(port: server.port, "/api/v1/sweeps").status == 200)
    }
  }

  @Test func pathsLeadNowhereElse() throws {
    let results = try results()
    defer { results.remove() }
    let run = try #require(results.store.sweep(1).runs.first).identity.short
    try withServer(of: results) { server in
      for path in [
        "/../../etc/passwd", "/assets/../labrun.sqlite", "/assets/..%2flabrun.sqlite", "/assets/%2e%2e/labrun.sqlite",
        "/runs/\(run)/files/labrun.sqlite", "/runs/\(run)/files/..%2F..%2Flabrun.sqlite",
        "/runs/\(run)/files/%2Fetc%2Fpasswd",
        "/runs/\(run)/files/weights-final.h5%00.txt", "/runs/..%2F..", "/sweeps/..%2Flabrun.sqlite", "/labrun.sqlite",
        "/runs/\(run)/files/", "//etc/passwd", "/%5c..%5cetc",
      ] {
        let answer = try Client.get(port: server.port, path)
        #expect([400, 404].contains(answer.status), "\(path): \(answer.status)")
        #expect(!answer.body.contains("SQLite format") && !answer.body.contains("root:"))
      }
    }
  }

  @Test func filesOfARunAreSent() throws {
    let results = try results()
    defer { results.remove() }
    let run = try #require(results.store.sweep(1).runs.first).identity
    let folder = URL(fileURLWithPath: results.store.folder(of: run).path)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let content = String(repeating: "0123456789", count: 50_000)
    try Data(content.utf8).write(to: folder.appendingPathComponent("output-1.txt"))
    try Data("secret".utf8).write(to: folder.appendingPathComponent("other.txt"))
    // A link that leads elsewhere is no file of the run.
    try FileManager.default.createSymbolicLink(
      atPath: folder.appendingPathComponent("weights-best.h5").path, withDestinationPath: "/etc/passwd")
    try withServer(of: results) { server in
      let answer = try Client.get(port: server.port, "/runs/\(run.short)/files/output-1.txt")
      #expect(answer.status == 200 && answer.body == content)
      #expect(answer.headers["content-disposition"]?.hasPrefix("attachment") == true)
      #expect(try Client.get(port: server.port, "/runs/\(run.short)/files/other.txt").status == 404)
      #expect(try Client.get(port: server.port, "/runs/\(run.short)/files/weights-best.h5").status == 404)
      let page = try Client.get(port: server.port, "/runs/\(run.short)").body
      #expect(page.contains("output-1.txt") && !page.contains("other.txt") && page.contains("0123456789"))
    }
  }

  /// Whatever is sent, the server answers or ends the connection, and goes on.
  @Test func nothingThatIsSentEndsTheServer() throws {
    let results = try results()
    defer { results.remove() }
    let seeds = [
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n",
      "GET /sweeps/small?sort=n&by=conv HTTP/1.1\r\nHost: localhost:PORT\r\nCookie: a=b\r\n\r\n",
      "HEAD /api/v1/sweeps/1/table?metric=test_accuracy HTTP/1.1\r\nHost: [::1]:PORT\r\nAccept: */*\r\n\r\n",
      "POST /api/v1/runs/abc HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Length: 3\r\nOrigin: null\r\n\r\nabc",
      "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 80\r\n"
        + "\r\n--b\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nP5 1 1 1\r\n--b--",
      "POST /api/v1/runs/RUN/predictions HTTP/1.1\r\nHost: localhost:PORT\r\nContent-Type: image/png\r\nContent-Length: 4\r\n"
        + "Expect: 100-continue\r\n\r\nGIF8",
      "POST /predict HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nffffffffffffffff\r\nx\r\n0\r\n\r\n",
      "POST /api/v1/runs/RUN/predictions HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: image/x-portable-anymap\r\n"
        + "Content-Length: 18\r\n\r\nP6 2 2 255\nabcdefgh",
      "GET /sweeps/small?smooth=0.5&epochs=1-3 HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nAccept-Encoding: gzip;q=0.5, *\r\n"
        + "Labrun-Known: \"0123456789ab\"\r\n\r\n",
      "GET /data/0123456789ab/images?class=%230&split=train HTTP/1.1\r\nHost: localhost:PORT\r\nRange: bytes=0-\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
      "GET /runs/%E5%8D%B7/../%00?x=%zz HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nIf-None-Match: \"x\"\r\n\r\n",
    ]
    var random = RandomNumbers(state: 7)
    try withServer(of: results, patience: .init(head: 0.2, idle: 0.2, stall: 1), connectionLimit: 64) { server in
      // Another number of them by request.
      let count = ProcessInfo.processInfo.environment["LABRUN_TEST_REQUESTS"].flatMap(Int.init) ?? 10_000
      for index in 0..<count {
        var bytes = Array(seeds[index % seeds.count].replacing("PORT", with: "\(server.port)").utf8)
        for _ in 0..<Int(random.next() % 6) {
          let place = Int(random.next() % UInt64(max(1, bytes.count)))
          switch random.next() % 5 {
          case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
          case 1: bytes.remove(at: place)
          case 2: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
          case 3: bytes.insert(contentsOf: bytes[place...].prefix(Int(random.next() % 40)), at: place)
          default: bytes.removeSubrange(place...)
          }
          if bytes.isEmpty { bytes = [0] }
        }
        guard let client = try? Client(port: server.port) else { continue }
        try? client.send(bytes)
        // Most clients leave at once, some listen.
        if index % 40 == 0 { _ = client.heard(seconds: 0.5) }
        client.close()
      }
      let answer = try Client.get(port: server.port, "/")
      #expect(answer.status == 200)
    }
  }

  /// Numbers that are the same in every run of the test.
  private struct RandomNumbers: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state >> 16
    }
  }
}
