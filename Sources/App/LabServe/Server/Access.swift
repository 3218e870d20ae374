import Foundation
import LabCore

/// Who may ask this server for something: a request for one of its own names, from one of its own pages, with the token
/// where there is one.
package struct Access: Sendable {
  /// The names that the server goes by, in lower case, without a port.
  let names: Set<String>
  /// Whether the server listens on every address of the machine, so that any address may be its name.
  let isEverywhere: Bool
  /// The port.
  let port: Int
  /// What a client has to know; nil where everybody on this machine may ask.
  let token: String?

  package init(names: Set<String>, isEverywhere: Bool, port: Int, token: String?) {
    self.names = names
    self.isEverywhere = isEverywhere
    self.port = port
    self.token = token
  }

  /// The name of the cookie that stands for the token.
  ///
  /// Cookies belong to a name and not to a port, so that two servers of one machine need two.
  var cookieName: String { "labrun-\(port)" }

  /// The value of the cookie, from which nobody learns the token.
  private var cookieValue: String? { token.map { ContentHash(of: "labrun serve \(port) \($0)").hexadecimal } }

  /// Checks where a request goes to and where it comes from.
  ///
  /// A page of somebody else's whose name was made to point to this machine would send that name, and is refused by it. What
  /// is more than reading says which page it comes from, as browsers do; programs have no page.
  ///
  /// - Throws: ``RequestProblem``.
  package func check(_ request: Request) throws(RequestProblem) {
    guard let host = request.headers["host"] else {
      throw RequestProblem(status: 400, description: "the request has no header Host", endsConnection: true)
    }
    guard isOwn(authority: host) else {
      throw RequestProblem(
        status: 421,
        description: "this server does not go by that name and port: ask for the address that labrun serve has printed "
          + "(a tunnel needs the same port at both ends)")
    }
    guard request.method != "GET", request.method != "HEAD" else { return }
    if let origin = request.headers["origin"] {
      guard origin.hasPrefix("http://"), isOwn(authority: String(origin.dropFirst("http://".count))) else {
        throw RequestProblem(
          status: 403, description: "the request comes from a page of somebody else's", endsConnection: true)
      }
    }
    if let site = request.headers["sec-fetch-site"]?.lowercased(), site != "same-origin", site != "none" {
      throw RequestProblem(
        status: 403, description: "the request comes from a page of somebody else's", endsConnection: true)
    }
  }

  /// Whether a name with its port is this server.
  package func isOwn(authority: String) -> Bool {
    let text = authority.lowercased()
    var name = text
    var port = 80
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]") else { return false }
      name = String(text[text.index(after: text.startIndex)..<end])
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return false }
      if !rest.isEmpty {
        guard let number = Access.port(rest.dropFirst()) else { return false }
        port = number
      }
    } else if let colon = text.firstIndex(of: ":") {
      name = String(text[..<colon])
      guard let number = Access.port(text[text.index(after: colon)...]) else { return false }
      port = number
    }
    guard port == self.port else { return false }
    return names.contains(name) || (isEverywhere && ListeningAddress.isNumeric(name))
  }

  private static func port(_ text: Substring) -> Int? {
    text.utf8.allSatisfy { 0x30...0x39 ~= $0 } && text.utf8.count <= 5 ? Int(text) : nil
  }

  // MARK: The token

  /// What is done about a request's token.
  package enum Decision: Equatable {
    case granted
    /// The token stood in the address: a cookie takes its place, and the address forgets it.
    case redirected(target: String, cookie: String)
    case refused
  }

  /// Looks for the token in a request.
  package func decision(_ request: Request) -> Decision {
    guard let token, let cookieValue else { return .granted }
    if let given = request.query.first(where: { $0.name == "token" })?.value {
      guard Access.areEqual(given, token) else { return .refused }
      return .redirected(
        target: Access.withoutToken(request.target),
        cookie: "\(cookieName)=\(cookieValue); Path=/; HttpOnly; SameSite=Strict")
    }
    if let header = request.headers["authorization"] {
      let parts = header.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, parts[0].lowercased() == "bearer" else { return .refused }
      return Access.areEqual(String(parts[1]), token) ? .granted : .refused
    }
    guard let cookie = request.cookie(cookieName) else { return .refused }
    return Access.areEqual(cookie, cookieValue) ? .granted : .refused
  }

  /// The address without the parameter `token`.
  private static func withoutToken(_ target: String) -> String {
    let parts = target.split(separator: "?", maxSplits: 1)
    let query =
      parts.count > 1 ? parts[1].split(separator: "&").filter { !$0.hasPrefix("token=") && $0 != "token" } : []
    // Two slashes at the beginning would lead to another server.
    let path = "/" + parts[0].drop { $0 == "/" }
    return path + (query.isEmpty ? "" : "?" + query.joined(separator: "&"))
  }

  /// Whether two texts are equal, in a time that does not tell how much of them is.
  package static func areEqual(_ given: String, _ expected: String) -> Bool {
    // Digests have one length, whatever the texts have.
    let (one, other) = (ContentHash(of: given).hexadecimal.utf8, ContentHash(of: expected).hexadecimal.utf8)
    return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
  }

  /// The characters of a token, which stand for themselves in addresses and cookies.
  private static let tokenCharacters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~")

  /// Checks a token that somebody has chosen.
  ///
  /// - Throws: ``ServeError``.
  package static func check(token: String) throws(ServeError) {
    guard (8...200).contains(token.count), token.allSatisfy(tokenCharacters.contains) else {
      throw ServeError(
        kind: .usage,
        "a token has 8 to 200 letters, digits, hyphens, points, underscores and tildes; without --token, one is made")
    }
  }

  /// A token that nobody guesses.
  package static func randomToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<16).map { _ in
      let digits = String(UInt8.random(in: 0...255, using: &random), radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}
