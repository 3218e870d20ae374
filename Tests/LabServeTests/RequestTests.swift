import Foundation
import LabServe
import Testing

/// What is taken as a request, and what is refused.
@Suite struct RequestTests {
  private func request(_ lines: String...) throws -> Request {
    try Request(head: Array(lines.joined(separator: "\r\n").utf8))
  }

  private func status(_ lines: String...) -> Int? {
    do {
      _ = try Request(head: Array(lines.joined(separator: "\r\n").utf8))
      return nil
    } catch {
      return error.status
    }
  }

  @Test func aRequestIsTakenApart() throws {
    let request = try request(
      "GET /sweeps/a%20b%2Fc/table?by=conv&by=%E5%8D%B7&sort=n%3Aascending+x HTTP/1.1", "Host: localhost:80",
      "Cookie: a=1; labrun-80=xyz", "X-Other: \t value, \u{e9} \t")
    #expect(request.path == ["sweeps", "a b/c", "table"])
    #expect(request.query.map(\.name) == ["by", "by", "sort"])
    #expect(request.query.map(\.value) == ["conv", "卷", "n:ascending x"])
    #expect(request.headers["x-other"] == "value, \u{e9}")
    #expect(request.cookie("labrun-80") == "xyz" && request.cookie("b") == nil)
    #expect(request.keepsAlive)
    #expect(try self.request("GET / HTTP/1.0", "Host: a").keepsAlive == false)
    #expect(try self.request("GET / HTTP/1.1", "Connection: Close").keepsAlive == false)
    #expect(try self.request("GET / HTTP/1.1").path == [])
  }

  @Test func whatIsWrittenOtherwiseIsRefused() {
    #expect(status("") == 400)
    #expect(status("GET /") == 400)
    #expect(status("GET  / HTTP/1.1") == 400)
    #expect(status("GET / HTTP/1.1 ") == 400)
    #expect(status("G(T / HTTP/1.1") == 400)
    #expect(status("GET / HTTP/2.0") == 505)
    #expect(status("GET http://elsewhere/ HTTP/1.1") == 400)
    #expect(status("GET * HTTP/1.1") == 400)
    #expect(status("GET /\u{e9} HTTP/1.1") == 400)
    #expect(status("GET /%zz HTTP/1.1") == 400)
    #expect(status("GET /% HTTP/1.1") == 400)
    #expect(status("GET /%00 HTTP/1.1") == 400)
    #expect(status("GET /%0a HTTP/1.1") == 400)
    #expect(status("GET /%ff HTTP/1.1") == 400)
    #expect(status("GET /a/../b HTTP/1.1") == 404)
    #expect(status("GET /a/%2e%2E/b HTTP/1.1") == 404)
    #expect(status("GET //a HTTP/1.1") == 404)
    #expect(status("GET /a/ HTTP/1.1") == 404)
    #expect(status("GET / HTTP/1.1", "no colon") == 400)
    #expect(status("GET / HTTP/1.1", " folded: x") == 400)
    #expect(status("GET / HTTP/1.1", "Name : x") == 400)
    #expect(status("GET / HTTP/1.1", "Host: a", "Host: b") == 400)
    #expect(status("GET / HTTP/1.1", "A: b\nC: d") == 400)
    #expect(status("GET / HTTP/1.1", "A: b\rC: d") == 400)
    #expect(status("GET / HTTP/1.1", "A: b\r") == 400)
    #expect(status("GET / HTTP/1.1", "A\u{e9}: b") == 400)
    #expect(status("GET / HTTP/1.1", ": b") == 400)
    #expect(status("GET / HTTP/1.1", "A: \u{7f}") == 400)
    #expect(status("GET / HTTP/1.1", "A: \u{0}") == 400)
    #expect(status("GET /" + String(repeating: "a", count: 5000) + " HTTP/1.1") == 414)
    let many = ["GET / HTTP/1.1"] + (0..<101).map { "H\($0): x" }
    #expect(throws: RequestProblem.self) { try Request(head: Array(many.joined(separator: "\r\n").utf8)) }
  }
}
