import Foundation
import LabRecords
import LabServe
import Testing

/// Bodies of requests as clients of every kind send them: whole, torn, too long, too slow, forged.
@Suite struct BodyTests {
  private func results() throws -> SampleResults {
    let results = try SampleResults()
    _ = try results.complete(SampleResults.sweep(name: "small", levels: ["a", "b"], seeds: 2, epochs: 3))
    return results
  }

  private static let boundary = "----WebKitFormBoundary7MA4YWxkTrZu0gW"
  private static let type = "multipart/form-data; boundary=\(boundary)"

  private static func form(_ parts: [(disposition: String, content: [UInt8])]) -> [UInt8] {
    parts.flatMap { part in
      Array("--\(boundary)\r\nContent-Disposition: \(part.disposition)\r\n\r\n".utf8) + part.content + [13, 10]
    } + Array("--\(boundary)--\r\n".utf8)
  }

  private func status(_ body: [UInt8], type: String = BodyTests.type) -> Int? {
    do {
      _ = try FormBody(Data(body), type: type)
      return nil
    } catch {
      return error.status
    }
  }

  // MARK: Forms

  @Test func aFormIsTakenApart() throws {
    // What looks like a boundary, and lines that end in every way, are content.
    let content = Array("\r\n--\(Self.boundary.dropLast())\r\n\r\n\n\r--".utf8) + Array(0...255)
    let body = Self.form([
      ("form-data; name=\"image\"; filename=\"a \\\"b\\\" %22c%22; x.png\"\r\nContent-Type: image/png", content),
      ("form-data; name=\"run\"", Array("3fa9".utf8)), ("form-data; name=\"image\"; filename=\"\"", []),
    ])
    for type in [Self.type, "Multipart/Form-Data; charset=utf-8; Boundary=\"\(Self.boundary)\""] {
      let parts = try FormBody(Data(body), type: type).parts
      #expect(parts.map(\.name) == ["image", "run", "image"])
      #expect(parts.map(\.fileName) == ["a \"b\" \"c\"; x.png", nil, ""])
      #expect(parts.map { Array($0.content) } == [content, Array("3fa9".utf8), []])
    }
    // A form without parts, and one whose data do not begin at 0.
    #expect(try FormBody(Data("--\(Self.boundary)--".utf8), type: Self.type).parts.isEmpty)
    let slice = (Data([1, 2, 3]) + Data(body))[3...]
    #expect(try Array(FormBody(slice, type: Self.type).parts[0].content) == content)
  }

  @Test func formsThatAreWrittenOtherwiseAreRefused() {
    let whole = Self.form([("form-data; name=\"image\"; filename=\"a.png\"", [1, 2, 3])])
    #expect(status(whole) == nil)
    // Torn at any place.
    for count in 0..<(whole.count - 2) { #expect(status(Array(whole[..<count])) == 400, "\(count)") }
    #expect(status(whole + [0]) == 400)
    #expect(status(Array("preamble\r\n".utf8) + whole) == 400)
    for type in [
      "", "image/png", "multipart/form-data", "multipart/form-data; boundary=",
      "multipart/form-data; boundary=a; boundary=b",
      "multipart/form-data; boundary=\(String(repeating: "x", count: 71))", "multipart/form-data; boundary=a\"b",
      "multipart/mixed; boundary=\(Self.boundary)",
    ] {
      #expect(status(whole, type: type) == 400, "\(type)")
    }
    for disposition in [
      "form-data", "attachment; name=\"image\"", "form-data; name=image", "form-data; name=\"image",
      "form-data; name=\"a\"; name=\"b\"", "form-data; filename=\"a\"", "form-data; name=\"a\" x", "form-data; name=\"",
      "form-data; name=\"a\u{0}\"", String(repeating: "x", count: 5000),
    ] {
      #expect(status(Self.form([(disposition, [1])])) == 400, "\(disposition)")
    }
    let many = (0..<201).map { (disposition: "form-data; name=\"\($0)\"", content: [UInt8]()) }
    #expect(status(Self.form(many)) == 413)
  }

  /// Whatever a form is, it is read or refused.
  @Test func noFormEndsTheProgram() {
    let whole = Self.form([
      ("form-data; name=\"image\"; filename=\"a.png\"", [1, 2, 13, 10, 45, 45, 3]), ("form-data; name=\"run\"", [65]),
    ])
    var random = SystemRandomNumberGenerator()
    for _ in 0..<3000 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...5, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(contentsOf: bytes[place...].prefix(30), at: place)
        default: bytes.removeSubrange(place...)
        }
      }
      guard let form = try? FormBody(Data(bytes), type: Self.type) else { continue }
      #expect(form.parts.reduce(0) { $0 + $1.content.count } <= bytes.count)
    }
  }

  // MARK: Lengths

  private func head(_ server: WindowServer, _ headers: [String], method: String = "POST") -> [String] {
    ["\(method) /predict HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "Connection: close"] + headers
  }

  @Test func lengthsAreExact() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      for (headers, expected) in [
        ([], 411), (["Transfer-Encoding: chunked"], 411), (["Content-Length: 3", "Transfer-Encoding: chunked"], 400),
        (["Content-Length: 3", "Content-Length: 3"], 400), (["Content-Length: 3, 3"], 400),
        (["Content-Length: -1"], 400), (["Content-Length: +3"], 400), (["Content-Length: 0x3"], 400),
        (["Content-Length:"], 400), (["Content-Length: \(BodyBudget.bodyLimit + 1)"], 413),
        (["Content-Length: 99999999999999999999999999"], 413), (["Content-Length: 3", "Expect: wonders"], 417),
        (["Content-Length: 0"], 415), (["Content-Length: 0", "Content-Type: \(Self.type)"], 400),
      ] {
        let answer = try #require(try Client.ask(port: server.port, head(server, headers)))
        #expect(answer.status == expected, "\(headers): \(answer.body)")
        #expect(answer.headers["connection"] == "close")
      }
      // Nothing is sent to what is for reading, and nothing is read where something is to be sent.
      for (target, allowed) in [("/", "GET, HEAD"), ("/nothing", "GET, HEAD"), ("/predict", "GET, HEAD, POST")] {
        let answer = try Client.get(port: server.port, target, method: "PUT", headers: ["Content-Length: 1"])
        #expect(answer.status == 405 && answer.headers["allow"] == allowed, "\(target)")
      }
      let resource = try Client.get(port: server.port, "/api/v1/runs/fff/predictions")
      #expect(resource.status == 405 && resource.headers["allow"] == "POST")
    }
  }

  @Test func aBodyBelongsToItsRequest() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let client = try Client(port: server.port)
      defer { client.close() }
      let host = "Host: 127.0.0.1:\(server.port)"
      // A body that reads like a request is none, and the next request begins behind it; bytes come one by one and torn.
      let smuggled = "GET /api/v1/sweeps HTTP/1.1\r\n\(host)\r\n\r\n"
      let first =
        "POST /predict HTTP/1.1\r\n\(host)\r\nContent-Type: text/plain\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n"
      let second = "GET /api HTTP/1.1\r\n\(host)\r\nConnection: close\r\n\r\n"
      let bytes = Array((first + smuggled + second).utf8)
      var place = 0
      for count in [1, 30, first.utf8.count - 31, 5, smuggled.utf8.count - 4] {
        try client.send(Array(bytes[place..<place + count]))
        place += count
        usleep(20_000)
      }
      try client.send(Array(bytes[place...]))
      let text = String(decoding: client.heard(), as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 415 ") && text.contains("HTTP/1.1 200 OK"))
      #expect(text.components(separatedBy: "HTTP/1.1 ").count == 3)
      #expect(!text.contains("\"table\": \"sweeps\""))
    }
  }

  @Test func leaveIsGivenToWhoeverWaitsForIt() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let client = try Client(port: server.port)
      defer { client.close() }
      let lines = head(server, ["Content-Length: 4", "Content-Type: text/plain", "Expect: 100-continue"])
      try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
      usleep(300_000)
      try client.send("abcd")
      let text = String(decoding: client.heard(), as: UTF8.self)
      #expect(text.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 415 "))
      // Who is refused gets no leave.
      let forged = lines + ["Origin: http://evil.example"]
      let answer = try #require(try Client.ask(port: server.port, forged))
      #expect(answer.status == 403)
    }
  }

  @Test func aSlowSenderHasItsTime() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, patience: .init(stall: 0.4, body: 1)) { server in
      let lines =
        head(server, ["Content-Length: 1000", "Content-Type: text/plain"]).joined(separator: "\r\n") + "\r\n\r\n"
      let silent = try Client(port: server.port)
      defer { silent.close() }
      try silent.send(lines + "abc")
      let answer = try #require(Client.answer(silent.heard(seconds: 30)))
      #expect(answer.status == 408 && answer.body.contains("3 of 1000 bytes"))
      // One that sends a byte now and then has no more time.
      let dripping = try Client(port: server.port)
      defer { dripping.close() }
      try dripping.send(lines)
      let start = Date()
      while Date().timeIntervalSince(start) < 30 {
        guard (try? dripping.send([65])) != nil else { break }
        var entry = pollfd(fd: dripping.socket.file.rawValue, events: Int16(POLLIN), revents: 0)
        if poll(&entry, 1, 100) > 0 { break }
      }
      #expect(Client.answer(dripping.heard(seconds: 30))?.status == 408)
      // One that leaves in between is left, and the server goes on.
      let leaving = try Client(port: server.port)
      try leaving.send(lines + "abc")
      leaving.close()
      #expect(try Client.get(port: server.port, "/api").status == 200)
    }
  }

  /// A crowd cannot make the server take more memory than it has set aside.
  @Test func bodiesTogetherAreBounded() throws {
    let budget = BodyBudget()
    for _ in 0..<4 { try budget.reserve(BodyBudget.bodyLimit) }
    let problem = #expect(throws: RequestProblem.self) { try budget.reserve(1) }
    #expect(problem?.status == 503)
    budget.release(1)
    try budget.reserve(1)
    let results = try results()
    defer { results.remove() }
    try withServer(of: results) { server in
      let lines = head(server, ["Content-Length: \(BodyBudget.bodyLimit)", "Content-Type: image/png"])
      let crowd = try (0..<4).map { _ in try Client(port: server.port) }
      defer { for client in crowd { client.close() } }
      for client in crowd { try client.send(lines.joined(separator: "\r\n") + "\r\n\r\nabc") }
      usleep(300_000)
      let answer = try #require(try Client.ask(port: server.port, lines))
      #expect(answer.status == 503 && answer.headers["retry-after"] != nil)
      for client in crowd { client.close() }
      usleep(500_000)
      let later = try #require(
        try Client.ask(port: server.port, head(server, ["Content-Length: 0", "Content-Type: text/plain"])))
      #expect(later.status == 415)
    }
  }

  // MARK: Who may send

  @Test func nothingOfAStrangerIsRead() throws {
    let results = try results()
    defer { results.remove() }
    try withServer(of: results, token: "a-good-token") { server in
      let own = "Origin: http://127.0.0.1:\(server.port)"
      let bearer = "Authorization: Bearer a-good-token"
      // The bodies are never sent: whoever is refused is refused before.
      let length = "Content-Length: 1000000"
      for (headers, expected) in [
        ([length], 401), ([length, own], 401), ([length, bearer, "Origin: http://evil.example"], 403),
        ([length, bearer, "Origin: null"], 403), ([length, bearer, "Origin: https://127.0.0.1:\(server.port)"], 403),
        ([length, bearer, own, "Sec-Fetch-Site: cross-site"], 403), (["Content-Length: 0", bearer, own], 415),
        (["Content-Length: 0", bearer], 415),
      ] {
        let answer = try #require(try Client.ask(port: server.port, head(server, headers)))
        #expect(answer.status == expected, "\(headers)")
      }
      let elsewhere = ["POST /predict HTTP/1.1", "Host: evil.example:\(server.port)", length, bearer]
      #expect(try Client.ask(port: server.port, elsewhere)?.status == 421)
      // A form says where it is from to this server only, which is how it is told from a stranger's.
      let page = try Client.get(port: server.port, "/predict", headers: [bearer])
      #expect(page.status == 200 && page.headers["referrer-policy"] == "same-origin")
    }
  }

  // MARK: The thread

  @Test func workIsDoneInTurnAndFewWait() throws {
    let thread = WorkThread(name: "test", limit: 2)
    defer { thread.stop() }
    #expect(try thread.run(isGone: { false }) { 6 * 7 } == 42)
    #expect(throws: CocoaError.self) {
      try thread.run(isGone: { false }) { throw CocoaError(.featureUnsupported) }
    }
    let gate = DispatchSemaphore(value: 0)
    let begun = DispatchSemaphore(value: 0)
    try thread.begin {
      begun.signal()
      gate.wait()
    }
    begun.wait()
    try thread.begin {}
    // Whoever has left leaves room.
    #expect(throws: RequestProblem.self) { try thread.run(isGone: { true }) { 1 } }
    try thread.begin {}
    let problem = #expect(throws: RequestProblem.self) { try thread.run(isGone: { false }) { 1 } }
    #expect(problem?.status == 503 && problem?.headers["Retry-After"] != nil)
    gate.signal()
    gate.signal()
    var last: Int?
    for _ in 0..<100 where last == nil {
      last = try? thread.run(isGone: { false }) { 2 }
      if last == nil { usleep(20_000) }
    }
    #expect(last == 2)
  }
}
