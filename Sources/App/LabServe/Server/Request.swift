import Foundation

/// A request as this server takes it: a method, a path of names, parameters and headers, all of them decoded and checked.
package struct Request: Sendable {
  /// The method, such as `GET`.
  package var method: String
  /// What was asked for as it was written, path and parameters.
  package var target: String
  /// The parts of the path, decoded; empty for `/`.
  package var path: [String]
  /// The parameters in their order, decoded.
  package var query: [(name: String, value: String)]
  /// The headers by their names in lower case.
  package var headers: [String: String]
  /// Whether the client wants another request on the same connection.
  package var keepsAlive: Bool

  /// What follows the head; empty where nothing does, and until it has been read.
  var body = Data()

  /// Whether only the head of the response is asked for.
  var isHead: Bool { method == "HEAD" }

  /// The value of a cookie; nil where there is none of the name.
  package func cookie(_ name: String) -> String? {
    for pair in (headers["cookie"] ?? "").split(separator: ";") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name {
        return parts[1].trimmingCharacters(in: .whitespaces)
      }
    }
    return nil
  }
}

/// Why a request is not answered: a status and one sentence for whoever sent it.
package struct RequestProblem: Error, Equatable, CustomStringConvertible {
  /// The status of the response.
  package var status: Int
  /// One sentence.
  package var description: String
  /// Headers that go along.
  package var headers: [String: String] = [:]
  /// Whether the rest of the connection cannot be understood, so that it ends.
  var endsConnection = false
}

extension Request {
  /// The most bytes of a head, the most of its first line's target, and the most headers and parameters.
  static let headLimit = 16_384
  static let targetLimit = 4_096
  static let countLimit = 100

  /// Reads a head, which is whatever stands before the first empty line.
  ///
  /// Whatever is not written exactly as the standard (RFC 9112) says is refused: two programs that read one request
  /// differently are how requests are smuggled.
  ///
  /// - Parameter head: the bytes without the empty line.
  /// - Throws: ``RequestProblem``.
  package init(head: [UInt8]) throws(RequestProblem) {
    guard String(validating: head, as: UTF8.self) != nil,
      head.allSatisfy({ ($0 >= 0x20 && $0 != 0x7f) || $0 == 13 || $0 == 10 || $0 == 9 })
    else { throw Request.malformed("its head has bytes that no head has") }
    let lines = try Request.lines(head)
    let words = lines[0].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3, Request.isToken(words[0]) else {
      throw Request.malformed("its first line is no method, target and version")
    }
    let first = words.map { String(decoding: $0, as: UTF8.self) }
    guard first[2] == "HTTP/1.1" || first[2] == "HTTP/1.0" else {
      throw RequestProblem(status: 505, description: "this server speaks HTTP/1.1", endsConnection: true)
    }
    method = first[0]
    target = first[1]
    guard target.utf8.count <= Request.targetLimit else {
      throw RequestProblem(
        status: 414, description: "the address is longer than \(Request.targetLimit) bytes", endsConnection: true)
    }
    guard target.hasPrefix("/"), target.utf8.allSatisfy({ 0x21..<0x7f ~= $0 }) else {
      throw Request.malformed("its target is no path of this server")
    }
    headers = try Request.headers(lines.dropFirst())
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = try Request.path(parts[0])
    query = try parts.count > 1 ? Request.query(parts[1]) : []
    let connection = headers["connection"]?.lowercased() ?? ""
    keepsAlive = first[2] == "HTTP/1.1" ? !connection.contains("close") : connection.contains("keep-alive")
  }

  private static func malformed(_ problem: String) -> RequestProblem {
    RequestProblem(status: 400, description: "the request cannot be understood: \(problem)", endsConnection: true)
  }

  /// The lines of a head: bytes, since texts of characters take several times as long, for every request of every client.
  private static func lines(_ head: [UInt8]) throws(RequestProblem) -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = 0
    var index = 0
    while index < head.count {
      let byte = head[index]
      if byte == 13, index + 1 < head.count, head[index + 1] == 10 {
        lines.append(head[start..<index])
        index += 2
        start = index
      } else if byte == 13 || byte == 10 {
        throw malformed("a line of its head ends otherwise than by CR and LF")
      } else {
        index += 1
      }
    }
    lines.append(head[start...])
    return lines
  }

  private static let tokenMarks = Set("!#$%&'*+-.^_`|~".utf8)

  private static func isToken(_ text: ArraySlice<UInt8>) -> Bool {
    !text.isEmpty && text.count <= 64
      && text.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
          true
        default: tokenMarks.contains(byte)
        }
      }
  }

  /// The text without spaces and tabs around it.
  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 9 }
    var text = text.drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }

  private static func headers(_ lines: ArraySlice<ArraySlice<UInt8>>) throws(RequestProblem) -> [String: String] {
    guard lines.count <= countLimit else {
      throw RequestProblem(
        status: 431, description: "the request has more than \(countLimit) headers", endsConnection: true)
    }
    var headers: [String: String] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")), isToken(line[..<colon]) else {
        throw malformed("a header has no name")
      }
      let name = String(decoding: line[..<colon], as: UTF8.self).lowercased()
      let value = String(decoding: trimmed(line[(colon + 1)...]), as: UTF8.self)
      if let earlier = headers[name] {
        guard !["host", "origin", "authorization", "content-length", "transfer-encoding"].contains(name) else {
          throw malformed("it has the header \(name) twice")
        }
        headers[name] = earlier + (name == "cookie" ? "; " : ", ") + value
      } else {
        headers[name] = value
      }
    }
    return headers
  }

  /// The parts of a path.
  ///
  /// They only ever name sweeps, runs and files that a store knows; none becomes part of a file's path.
  private static func path(_ text: Substring) throws(RequestProblem) -> [String] {
    let parts = text.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    guard parts != [""] else { return [] }
    var path: [String] = []
    for part in parts {
      let name = try decoded(part)
      guard !name.isEmpty, name != ".", name != ".." else {
        throw RequestProblem(status: 404, description: "there is no page of this address")
      }
      path.append(name)
    }
    return path
  }

  private static func query(_ text: Substring) throws(RequestProblem) -> [(name: String, value: String)] {
    let pairs = text.split(separator: "&")
    guard pairs.count <= countLimit else { throw malformed("it has more than \(countLimit) parameters") }
    var query: [(name: String, value: String)] = []
    for pair in pairs {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let value = try parts.count > 1 ? decoded(parts[1], isQuery: true) : ""
      query.append((try decoded(parts[0], isQuery: true), value))
    }
    return query
  }

  /// The text behind percent signs, which is one without control characters.
  private static func decoded(_ text: Substring, isQuery: Bool = false) throws(RequestProblem) -> String {
    // Most are as they are written; what a target consists of has been checked.
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
          throw malformed("a % of its address has no two digits behind it")
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where isQuery: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard let decoded = String(validating: bytes, as: UTF8.self),
      decoded.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f..<0xa0 ~= $0.value) })
    else { throw malformed("its address has characters that no name has") }
    return decoded
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
