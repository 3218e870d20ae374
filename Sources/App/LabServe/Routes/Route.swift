import LabCore

/// A page, or a resource of the interface for programs: its address, what it takes, and what makes it.
///
/// A further one is one file with a route, and its line in ``Routes/all``.
package struct Route: Sendable {
  /// Whom it is for.
  package enum Kind: Sendable {
    /// People, in HTML.
    case page
    /// Programs, in JSON.
    case resource
  }

  /// A parameter behind the question mark.
  package struct Parameter: Sendable {
    package var name: String
    /// What it is, in a sentence without a full stop.
    var summary: String
    /// Whether it may be given several times.
    var isRepeated = false
  }

  /// Whom it is for.
  package var kind: Kind
  /// The address, with names in braces for what is looked up.
  package var path: String
  /// What it shows, in a sentence without a full stop.
  var summary: String
  /// The command that prints the same JSON; nil where none does.
  var command: String?
  /// What may stand behind the question mark.
  package var parameters: [Parameter] = []
  /// Whether it waits for something, so that it is neither kept nor counted among those that compute.
  var isWaiting = false
  /// Whether it is one of those by which a single model is asked.
  var isOfPredictions = false
  /// Makes the response; nil where there is nothing to read.
  var respond: (@Sendable (Call) throws -> Response)?
  /// Makes the response to what is sent here (`POST`); nil where nothing may be sent.
  var receive: (@Sendable (Call) throws -> Response)?

  /// The methods that are taken here.
  package var methods: [String] { (respond == nil ? [] : ["GET", "HEAD"]) + (receive == nil ? [] : ["POST"]) }

  /// Whether the page draws courses.
  var takesCurves: Bool { parameters.contains { $0.name == "smooth" } }

  /// The names in braces of the address.
  package var names: [String] {
    parts.compactMap { if case .name(let name) = $0 { name } else { nil } }
  }

  /// A part of an address.
  enum Part: Equatable {
    case text(String)
    /// A name in braces, for which anything may stand.
    case name(String)
  }

  /// The parts of the address.
  var parts: [Part] {
    path.split(separator: "/").map { part in
      part.hasPrefix("{") ? .name(String(part.dropFirst().dropLast())) : .text(String(part))
    }
  }

  /// What stands for each name in braces; nil for another address.
  ///
  /// - Parameters:
  ///   - parts: the address's parts, which are taken apart once for all requests.
  ///   - path: what was asked for.
  static func match(_ parts: [Part], _ path: [String]) -> [String: String]? {
    guard parts.count == path.count else { return nil }
    var values: [String: String] = [:]
    for (part, given) in zip(parts, path) {
      switch part {
      case .name(let name): values[name] = given
      case .text(let text): guard text == given else { return nil }
      }
    }
    return values
  }

  /// The parameters by which courses are drawn, which a page's script reads and writes.
  static let curveParameters: [Parameter] = [
    .init(name: "smooth", summary: "how much courses are smoothed, from 0 to 0.99; scripts draw them"),
    .init(name: "log", summary: "true for courses on a logarithmic scale"),
    .init(name: "epochs", summary: "the first and the last epoch of courses, as 3-10"),
  ]

  /// The parameters by which tables are asked for, those of `labrun table`.
  static let tableParameters: [Parameter] = [
    .init(name: "layout", summary: "the layout, such as components"),
    .init(name: "by", summary: "a factor whose levels have marginal means", isRepeated: true),
    .init(name: "metric", summary: "a metric to show", isRepeated: true),
    .init(name: "sort", summary: "the column to sort by, with :ascending or :descending"),
    .init(name: "filter", summary: "only variants with this level, as factor=level", isRepeated: true),
    .init(name: "baseline", summary: "the variant that others are compared with"),
    .init(name: "holm", summary: "true for p-values that are adjusted for the number of comparisons"),
    .init(name: "per-comparison", summary: "true for intervals that hold each by itself"),
  ]
}

/// A request that has found its route.
struct Call {
  let route: Route
  let request: Request
  /// What stands for the names in braces of the route's address.
  let values: [String: String]
  let window: Window
  /// Whether the client has left.
  let isGone: () -> Bool

  /// What stands for a name in braces.
  subscript(name: String) -> String { values[name] ?? "" }

  /// All values of a parameter.
  func all(_ name: String) -> [String] { request.query.filter { $0.name == name }.map(\.value) }

  /// The value of a parameter.
  func first(_ name: String) -> String? { all(name).first }

  /// Whether a parameter says yes.
  ///
  /// - Throws: ``RequestProblem`` for anything but `true` and `false`.
  func isTrue(_ name: String) throws(RequestProblem) -> Bool {
    switch first(name) {
    case nil, "false"?: return false
    case "true"?: return true
    case let value?:
      throw RequestProblem(
        status: 400, description: "the parameter \(name) is true or false, but \"\(value)\" was given")
    }
  }

  /// What the server's answer depends on: the address without what only a script of the page reads.
  var keptTarget: String {
    let parts = request.target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, route.takesCurves else { return request.target }
    let pairs = parts[1].split(separator: "&").filter { pair in
      !Route.curveParameters.contains { $0.name == pair.prefix { $0 != "=" } }
    }
    return parts[0] + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
  }

  /// Checks what only a script of the page reads.
  ///
  /// - Throws: ``RequestProblem``.
  private func checkCurves() throws(RequestProblem) {
    _ = try isTrue("log")
    if let text = first("smooth"), Double(text).map({ (0...0.99).contains($0) }) != true {
      throw RequestProblem(
        status: 400, description: "smooth is a number from 0 to 0.99, but \"\(text)\" was given")
    }
    guard let text = first("epochs") else { return }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], 0 <= first, first < last else {
      throw RequestProblem(
        status: 400, description: "epochs are two numbers, the lower one first, as 3-10, but \"\(text)\" was given")
    }
  }

  /// Checks that the route takes the parameters.
  ///
  /// - Throws: ``RequestProblem``.
  func checkParameters() throws(RequestProblem) {
    var seen: Set<String> = []
    for (name, _) in request.query {
      guard let parameter = route.parameters.first(where: { $0.name == name }) else {
        let names = route.parameters.map(\.name)
        let hint = NearestName.hint(for: name, among: names)
        let choices = names.isEmpty ? "; it takes none" : "; it takes \(names.joined(separator: ", "))"
        throw RequestProblem(
          status: 400, description: "this address takes no parameter \"\(name)\"\(hint.isEmpty ? choices : hint)")
      }
      guard parameter.isRepeated || seen.insert(name).inserted else {
        throw RequestProblem(
          status: 400, description: "the parameter \(name) is given twice, and there is room for one")
      }
    }
    if route.takesCurves { try checkCurves() }
  }
}
