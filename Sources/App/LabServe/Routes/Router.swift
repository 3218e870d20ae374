import Foundation
import LabCore
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// Finds what a request asks for, after all checks of who asks.
struct Router: Sendable {
  let window: Window
  let access: Access

  /// The response to a request.
  ///
  /// - Parameter isGone: whether the client has left.
  func response(to request: Request, isGone: () -> Bool) -> Response {
    do {
      try access.check(request)
      // The style sheet and the script tell nothing, and the page that refuses needs them.
      if request.path.first == "assets" { return try conditional(Assets.response(request.path), request) }
      switch access.decision(request) {
      case .granted: break
      case .redirected(let target, let cookie):
        return Response(
          status: 303, type: "text/plain; charset=utf-8",
          headers: [("Location", target), ("Set-Cookie", cookie), ("Cache-Control", "no-store")],
          body: .data(Data("go on at \(target)\n".utf8)))
      case .refused:
        // Whoever guesses waits, and holds nobody else up.
        usleep(200_000)
        throw Router.missingToken
      }
      return try conditional(withoutLoss { try respond(to: request, isGone: isGone) }, request)
    } catch {
      return failure(error, request)
    }
  }

  private func respond(to request: Request, isGone: () -> Bool) throws -> Response {
    if let run = window.onlyRun, request.path.isEmpty, request.isReading {
      return .redirection(to: "/runs/\(run.short)/predict")
    }
    let (route, values) = try route(of: request)
    return try withoutActuallyEscaping(isGone) { isGone in
      let call = Call(route: route, request: request, values: values, window: window, isGone: isGone)
      try call.checkParameters()
      if !request.isReading, let receive = route.receive { return try receive(call) }
      guard let respond = route.respond else { throw Router.otherMethod(route) }
      let response = try route.isWaiting ? respond(call) : window.kept(call.keptTarget) { try respond(call) }
      return window.sent(response, of: call.keptTarget, to: request)
    }
  }

  /// The route of a request's address, and what stands for the names in it.
  ///
  /// - Throws: ``RequestProblem`` where there is none, or not by this method.
  private func route(of request: Request) throws(RequestProblem) -> (Route, [String: String]) {
    for (route, parts) in Routes.addresses {
      guard let values = Route.match(parts, request.path) else { continue }
      guard window.shows(route, values) else { break }
      guard route.methods.contains(request.method) else { throw Router.otherMethod(route) }
      return (route, values)
    }
    guard request.isReading else { throw Router.otherMethod(nil) }
    throw RequestProblem(status: 404, description: "there is no page of this address")
  }

  private static func otherMethod(_ route: Route?) -> RequestProblem {
    let methods = route?.methods ?? ["GET", "HEAD"]
    return RequestProblem(
      status: 405,
      description: route?.receive == nil
        ? "this server is for reading: it takes GET and HEAD only"
        : "this address takes \(methods.joined(separator: ", ")) only",
      headers: ["Allow": methods.joined(separator: ", ")],
      endsConnection: true)
  }

  /// Why what somebody wants to send is not even read; nil where it is.
  func refusal(of request: Request) -> Response? {
    do {
      try access.check(request)
      guard access.decision(request) == .granted else { throw Router.missingToken }
      _ = try route(of: request)
      return nil
    } catch {
      return failure(error, request)
    }
  }

  private static let missingToken = RequestProblem(
    status: 401,
    description: "this server wants its token: open the address with ?token=… that labrun serve has printed, or send "
      + "the header Authorization: Bearer …", headers: ["WWW-Authenticate": "Bearer"])

  /// Runs `body`, once more where the database was replaced meanwhile.
  private func withoutLoss(_ body: () throws -> Response) throws -> Response {
    do {
      return try body()
    } catch is StoreError {
      return try body()
    }
  }

  /// The response, or nothing where the client has the same already.
  private func conditional(_ response: Response, _ request: Request) -> Response {
    guard response.status == 200, let tag = response.header("ETag"), let known = request.headers["if-none-match"] else {
      return response
    }
    let tags = known.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    guard tags.contains(tag) || tags.contains("W/" + tag) else { return response }
    var same = response
    same.status = 304
    same.headers.removeAll { $0.name == "Content-Type" }
    same.body = .data(Data())
    return same
  }

  // MARK: What goes wrong

  private func failure(_ error: any Error, _ request: Request) -> Response {
    let problem = Router.problem(error)
    let isForPrograms = request.path.first == "api" && request.path.count > 1
    // A form of a page wants a page.
    let isForm = request.headers["content-type"]?.lowercased().hasPrefix("multipart/form-data") == true
    if isForPrograms || !(request.isReading || isForm) || problem.status == 421 { return .json(problem) }
    var response = Frame.problem(problem, isAlone: window.onlyRun != nil)
    response.headers += problem.headers.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    return response
  }

  /// What an error is for a client.
  static func problem(_ error: any Error) -> RequestProblem {
    switch error {
    case let problem as RequestProblem: problem
    case let problem as SentImages.Problem:
      RequestProblem(
        status: problem.kind == .tooMany ? 413 : problem.kind == .foreign ? 415 : 422,
        description: problem.description)
    case let error as WorkbenchError:
      RequestProblem(status: error.kind == .noInput ? 404 : 400, description: "\(error)")
    case RunStoreError.unknownRun, RunStoreError.unknownSweep: RequestProblem(status: 404, description: "\(error)")
    case StoreError.noSweeps: RequestProblem(status: 404, description: "\(error)")
    case is RunStoreError, is ReportError, is PlotError, is FigureError:
      RequestProblem(status: 400, description: "\(error)")
    case is StoreError: RequestProblem(status: 503, description: "\(error)")
    default: RequestProblem(status: 500, description: "\(error)")
    }
  }
}
