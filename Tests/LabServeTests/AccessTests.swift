import Foundation
import LabServe
import Testing

/// Who may ask: names, origins, the token.
@Suite struct AccessTests {
  private let local = Access(names: ["localhost", "127.0.0.1", "::1"], isEverywhere: false, port: 8080, token: nil)
  private let guarded = Access(names: ["10.0.0.5"], isEverywhere: false, port: 8080, token: "secret-token")

  private func request(_ line: String = "GET / HTTP/1.1", _ headers: String...) throws -> Request {
    try Request(head: Array(([line] + headers).joined(separator: "\r\n").utf8))
  }

  private func status(_ access: Access, _ request: Request) -> Int? {
    do {
      try access.check(request)
      return nil
    } catch {
      return error.status
    }
  }

  @Test func onlyOwnNamesWithThePortAreTaken() {
    for name in ["localhost:8080", "LOCALHOST:8080", "127.0.0.1:8080", "[::1]:8080"] {
      #expect(local.isOwn(authority: name), "\(name)")
    }
    for name in [
      "localhost", "localhost:80", "localhost:8081", "evil.example:8080", "localhost.evil.example:8080",
      "127.0.0.2:8080",
      "[::1]", "[::1", "::1:8080", "[::1]x:8080", "localhost:+8080", "localhost:", "localhost:8080:8080", "", ":8080",
      "user@localhost:8080", "localhost:08080000",
    ] {
      #expect(!local.isOwn(authority: name), "\(name)")
    }
    let everywhere = Access(names: ["lab"], isEverywhere: true, port: 80, token: "12345678")
    #expect(everywhere.isOwn(authority: "192.168.1.7") && everywhere.isOwn(authority: "[fe80::1]:80"))
    #expect(everywhere.isOwn(authority: "lab:80") && !everywhere.isOwn(authority: "evil.example"))
  }

  @Test func otherMethodsAndStrangersPagesAreRefused() throws {
    #expect(status(local, try request("GET / HTTP/1.1", "Host: localhost:8080", "Origin: http://evil.example")) == nil)
    // A program has no page.
    #expect(status(local, try request("POST / HTTP/1.1", "Host: localhost:8080")) == nil)
    #expect(
      status(local, try request("POST / HTTP/1.1", "Host: localhost:8080", "Origin: http://localhost:8080")) == nil)
    for (site, expected) in [("same-origin", nil), ("none", nil), ("cross-site", 403), ("same-site", 403)] {
      #expect(
        status(local, try request("POST / HTTP/1.1", "Host: localhost:8080", "Sec-Fetch-Site: \(site)")) == expected)
    }
    for origin in ["http://evil.example", "null", "https://localhost:8080", "http://localhost:8081"] {
      #expect(
        status(local, try request("POST / HTTP/1.1", "Host: localhost:8080", "Origin: \(origin)")) == 403, "\(origin)")
    }
    #expect(status(local, try request("GET / HTTP/1.1", "Host: evil.example:8080")) == 421)
    #expect(status(local, try request("GET / HTTP/1.1")) == 400)
  }

  @Test func theTokenIsWanted() throws {
    #expect(local.decision(try request()) == .granted)
    #expect(guarded.decision(try request()) == .refused)
    #expect(guarded.decision(try request("GET /?token=secret-tokem HTTP/1.1")) == .refused)
    #expect(guarded.decision(try request("GET / HTTP/1.1", "Authorization: Bearer secret-token")) == .granted)
    #expect(guarded.decision(try request("GET / HTTP/1.1", "Authorization: bearer secret-token")) == .granted)
    for header in ["Bearer", "Bearer x", "Basic secret-token", "secret-token", "Bearer secret-token2"] {
      #expect(guarded.decision(try request("GET / HTTP/1.1", "Authorization: \(header)")) == .refused, "\(header)")
    }
    guard
      case .redirected(let target, let cookie) = guarded.decision(
        try request("GET //evil.example/x?a=1&token=secret-token&b=2 HTTP/1.1".replacing("//", with: "/")))
    else {
      Issue.record("the token is not taken")
      return
    }
    #expect(target == "/evil.example/x?a=1&b=2")
    #expect(cookie.hasSuffix("; Path=/; HttpOnly; SameSite=Strict"))
    #expect(!cookie.contains("secret-token"))
    let pair = try #require(cookie.split(separator: ";").first)
    #expect(guarded.decision(try request("GET / HTTP/1.1", "Cookie: other=1; \(pair)")) == .granted)
    #expect(guarded.decision(try request("GET / HTTP/1.1", "Cookie: \(pair)0")) == .refused)
    // The cookie of one server opens no other one.
    let other = Access(names: [], isEverywhere: false, port: 8081, token: "secret-token")
    #expect(
      other.decision(try request("GET / HTTP/1.1", "Cookie: \(pair.replacing("8080", with: "8081"))")) == .refused)
  }

  @Test func tokensAreCompared() {
    #expect(Access.areEqual("abc", "abc"))
    for text in ["abd", "ab", "abcd", "", "ABC"] { #expect(!Access.areEqual(text, "abc")) }
    #expect(Access.randomToken().count == 32 && Access.randomToken() != Access.randomToken())
    #expect(throws: ServeError.self) { try Access.check(token: "short") }
    #expect(throws: ServeError.self) { try Access.check(token: "with a space") }
    #expect(throws: Never.self) { try Access.check(token: Access.randomToken()) }
  }
}
