import Foundation
import LabCore

/// What is sent back.
struct Response: Sendable {
  /// What the response consists of.
  enum Body: Sendable {
    case data(Data)
    /// A file of a known length.
    case file(path: String, length: Int)

    var length: Int {
      switch self {
      case .data(let data): data.count
      case .file(_, let length): length
      }
    }
  }

  /// The status.
  var status: Int
  /// The headers in their order, without those that every response has.
  var headers: [(name: String, value: String)]
  /// The body.
  var body: Body
  /// Whether more will be known soon, though the store stays the same.
  var isProvisional = false

  init(status: Int = 200, type: String, headers: [(name: String, value: String)] = [], body: Body) {
    self.status = status
    self.headers = [("Content-Type", type)] + headers
    self.body = body
  }

  /// A page.
  static func page(_ html: String, status: Int = 200) -> Response {
    Response(status: status, type: "text/html; charset=utf-8", body: .data(Data(html.utf8)))
  }

  /// The way to another address, to be read there.
  static func redirection(to address: String) -> Response {
    Response(
      status: 303, type: "text/plain; charset=utf-8", headers: [("Location", address), ("Cache-Control", "no-store")],
      body: .data(Data("go on at \(address)\n".utf8)))
  }

  /// A page that is made anew for everybody who asks, and followed by their browsers all the same.
  ///
  /// - Parameters:
  ///   - html: the page.
  ///   - version: the version of what there is that it is of.
  ///   - hasForm: whether it has a form that sends something here.
  static func page(_ html: String, version: Int, hasForm: Bool) -> Response {
    var response = hasForm ? form(html) : page(html)
    response.headers.append(("Labrun-Version", "\(version)"))
    return response
  }

  /// A page with a form that sends something here.
  ///
  /// Browsers then say which page a form is of only to where it is sent; without that, they would say of no form where it
  /// comes from.
  static func form(_ html: String) -> Response {
    var response = page(html)
    response.headers.append(("Referrer-Policy", "same-origin"))
    return response
  }

  /// A value in JSON, written as commands print it.
  static func json(_ value: JSONValue, status: Int = 200) -> Response {
    Response(status: status, type: "application/json", body: .data(Data(value.printableText.utf8)))
  }

  /// A problem in JSON, in one sentence.
  static func json(_ problem: RequestProblem) -> Response {
    var response = json(
      ["error": .string(problem.description), "status": .integer(problem.status)], status: problem.status)
    response.headers += problem.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return response
  }

  /// The value of a header.
  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// The first line and the headers, with those that keep a browser from doing more with a page than showing it.
  ///
  /// - Parameter keepsAlive: whether the connection stays open.
  func head(keepsAlive: Bool) -> Data {
    var head: [UInt8] = []
    head.reserveCapacity(1024)
    func add(_ line: String) {
      // Values are this program's own, or escaped; a line end in one would begin another header.
      for byte in line.utf8 where byte >= 0x20 && byte != 0x7f { head.append(byte) }
      head.append(13)
      head.append(10)
    }
    add("HTTP/1.1 \(status) \(Response.phrases[status] ?? "Status")")
    for (name, value) in headers { add("\(name): \(value)") }
    for (name, line) in Response.protectionLines where header(name) == nil { head += line }
    if header("Cache-Control") == nil { add("Cache-Control: private, no-cache") }
    // A response without a body by its status has no length either.
    if status != 304 { add("Content-Length: \(body.length)") }
    add("Connection: \(keepsAlive ? "keep-alive" : "close")")
    add("")
    return Data(head)
  }

  /// Scripts and styles are files of this server, nothing else is loaded, nobody frames a page or reads it from elsewhere.
  static let protections = [
    (
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
        + "form-action 'self'; frame-ancestors 'none'"
    ),
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"), ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
  ]

  /// The same as lines of a head, which nearly every response has.
  private static let protectionLines = protections.map { ($0.0, Array("\($0.0): \($0.1)\r\n".utf8)) }

  private static let phrases = [
    200: "OK", 303: "See Other", 304: "Not Modified", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden",
    404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout", 411: "Length Required",
    413: "Content Too Large", 414: "URI Too Long", 415: "Unsupported Media Type", 417: "Expectation Failed",
    421: "Misdirected Request", 422: "Unprocessable Content", 431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable", 505: "HTTP Version Not Supported",
  ]
}
