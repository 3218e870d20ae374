import Foundation
import LabCore

/// The REST interface of an MLflow server, as far as exports need it.
///
/// - Source: MLflow, "REST API", mlflow.org.
struct MLflowClient: Sendable {
  /// A run that the server has.
  struct KnownRun: Sendable {
    var id: String
    /// Where its files are kept.
    var artifacts: String
    var tags: [String: String]
  }

  /// A number at a time and a step.
  struct Metric: Sendable {
    var name: String
    var value: Double
    /// Milliseconds since 1970.
    var timestamp: Int
    var step: Int

    fileprivate var json: JSONValue {
      // JSON has no word for what is not finite, and the server takes these.
      let number: JSONValue =
        value.isNaN ? .string("NaN") : value.isFinite ? .number(value) : .string(value > 0 ? "Infinity" : "-Infinity")
      return .object([
        "key": .string(name), "value": number, "timestamp": .integer(timestamp), "step": .integer(step),
      ])
    }
  }

  typealias Pair = (key: String, value: String)

  /// The most of each that the server takes in one request, and the most bytes of a request, with room for the rest of it.
  private static let limits = (metrics: 1000, parameters: 100, tags: 100, bytes: 900_000)

  private static let absence = "RESOURCE_DOES_NOT_EXIST"
  private static let presence = "RESOURCE_ALREADY_EXISTS"

  private let service: HTTPService

  init(_ address: MLflowAddress, patience: HTTPService.Patience = .command) {
    service = HTTPService(address, patience: patience)
  }

  /// Where the server is, without credentials.
  var address: String { service.address.text }

  // MARK: Experiments

  /// The experiment of a name, which is made where there is none.
  func experiment(named name: String) throws -> String {
    if let id = try knownExperiment(named: name) { return id }
    do {
      return try text(post("experiments/create", ["name": .string(name)], but: Self.presence), "experiment_id")
    } catch let refusal as HTTPService.Refusal {
      // Somebody else was faster, or an answer was lost.
      guard let id = try knownExperiment(named: name) else { throw failure(refusal, "experiments/create") }
      return id
    }
  }

  private func knownExperiment(named name: String) throws -> String? {
    do {
      let found = try translating("experiments/get-by-name", but: Self.absence) {
        try value(service.answer("GET", "api/2.0/mlflow/experiments/get-by-name", query: ["experiment_name": name]))
      }
      guard found[path: "experiment.lifecycle_stage"]?.stringValue != "deleted" else {
        throw ExchangeError.service(
          "the experiment \"\(name)\" of \(address) is deleted; restore it there (`mlflow experiments restore`), or export "
            + "a sweep of another name")
      }
      return try text(found, "experiment.experiment_id")
    } catch is HTTPService.Refusal {
      return nil
    }
  }

  /// The runs of an experiment that have a tag of a value.
  func runs(in experiment: String, tag: String, value: String) throws -> [KnownRun] {
    var runs: [KnownRun] = []
    var page: String?
    repeat {
      var request: [String: JSONValue] = [
        "experiment_ids": .array([.string(experiment)]), "filter": .string("tags.`\(tag)` = '\(value)'"),
        "max_results": .integer(500),
      ]
      if let page { request["page_token"] = .string(page) }
      let answer = try post("runs/search", request)
      for run in answer["runs"]?.arrayValue ?? [] {
        let tags = (run[path: "data.tags"]?.arrayValue ?? []).compactMap { tag in
          tag["key"]?.stringValue.flatMap { key in tag["value"]?.stringValue.map { (key, $0) } }
        }
        runs.append(
          KnownRun(
            id: try text(run, "info.run_id"), artifacts: run[path: "info.artifact_uri"]?.stringValue ?? "",
            tags: Dictionary(tags) { _, last in last }))
      }
      page = answer["next_page_token"]?.stringValue
    } while page?.isEmpty == false
    return runs
  }

  // MARK: Runs

  /// Makes a run.
  func makeRun(
    in experiment: String, name: String, tags: [String: String], startMilliseconds: Int
  ) throws -> KnownRun {
    let answer = try post(
      "runs/create",
      [
        "experiment_id": .string(experiment), "run_name": .string(name), "start_time": .integer(startMilliseconds),
        "tags": Self.json(tags.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }[...]),
      ])
    return KnownRun(
      id: try text(answer, "run.info.run_id"), artifacts: answer[path: "run.info.artifact_uri"]?.stringValue ?? "",
      tags: tags)
  }

  /// Removes a run, which the server keeps among its deleted ones.
  func delete(_ run: String) throws {
    do { _ = try post("runs/delete", ["run_id": .string(run)], but: Self.absence) } catch is HTTPService.Refusal {}
  }

  /// Adds numbers, settings and tags to a run, as many at once as the server takes.
  ///
  /// What is there already is not added again by the server.
  func log(
    _ metrics: ArraySlice<Metric> = [], parameters: [Pair] = [], tags: [Pair] = [], to run: String
  ) throws {
    func send(_ name: String, _ part: JSONValue) throws {
      _ = try post("runs/log-batch", ["run_id": .string(run), name: part])
    }
    for part in Self.batches(parameters, most: Self.limits.parameters) { try send("params", Self.json(part)) }
    for start in stride(from: metrics.startIndex, to: metrics.endIndex, by: Self.limits.metrics) {
      let part = metrics[start..<min(start + Self.limits.metrics, metrics.endIndex)]
      try send("metrics", .array(part.map(\.json)))
    }
    for part in Self.batches(tags, most: Self.limits.tags) { try send("tags", Self.json(part)) }
  }

  /// Takes a tag from a run, if it has it.
  func removeTag(_ key: String, from run: String) throws {
    do {
      _ = try post("runs/delete-tag", ["run_id": .string(run), "key": .string(key)], but: Self.absence)
    } catch is HTTPService.Refusal {}
  }

  /// Says how a run stands.
  ///
  /// - Parameter endMilliseconds: when it ended, in milliseconds since 1970; nil where it has not.
  func update(_ run: String, status: String, endMilliseconds: Int?) throws {
    var members: [String: JSONValue] = ["run_id": .string(run), "status": .string(status)]
    if let endMilliseconds { members["end_time"] = .integer(endMilliseconds) }
    _ = try post("runs/update", members)
  }

  /// Where the server stores files of a run for its clients; nil where it leaves that to them.
  func folder(of run: KnownRun) -> String? {
    guard let parts = URLComponents(string: run.artifacts), parts.scheme == "mlflow-artifacts",
      // Where a host is named, files go to another server than runs.
      parts.host?.isEmpty ?? true
    else { return nil }
    return parts.path
  }

  /// Stores a file through the server.
  func store(_ data: Data, as name: String, type: String, in folder: String) throws {
    _ = try translating("the file \(name)") {
      try service.answer("PUT", "api/2.0/mlflow-artifacts/artifacts\(folder)/\(name)", body: data, type: type)
    }
  }

  // MARK: Requests

  private static func json(_ pairs: ArraySlice<Pair>) -> JSONValue {
    .array(pairs.map { .object(["key": .string($0.key), "value": .string($0.value)]) })
  }

  /// Parts of a list that fit into a request each.
  private static func batches(_ pairs: [Pair], most: Int) -> [ArraySlice<Pair>] {
    var parts: [ArraySlice<Pair>] = []
    var (start, bytes) = (0, 0)
    for (index, pair) in pairs.enumerated() {
      // An escaped character may take six bytes.
      let size = 6 * (pair.key.utf8.count + pair.value.utf8.count) + 32
      if index - start == most || (index > start && bytes + size > limits.bytes) {
        parts.append(pairs[start..<index])
        (start, bytes) = (index, 0)
      }
      bytes += size
    }
    if start < pairs.count { parts.append(pairs[start...]) }
    return parts
  }

  private func post(
    _ path: String, _ members: [String: JSONValue], but answer: String? = nil
  ) throws -> JSONValue {
    let body = Data(JSONValue.object(members).canonicalText.utf8)
    return try translating(path, but: answer) {
      try value(service.answer("POST", "api/2.0/mlflow/\(path)", body: body))
    }
  }

  /// Says what a refusal means, but for the one that is an answer.
  private func translating<R>(_ what: String, but answer: String? = nil, _ body: () throws -> R) throws -> R {
    do { return try body() } catch let refusal as HTTPService.Refusal where answer == nil || refusal.code != answer {
      throw failure(refusal, what)
    }
  }

  private func failure(_ refusal: HTTPService.Refusal, _ what: String) -> ExchangeError {
    let status = refusal.status
    if let location = refusal.location {
      return .service(
        "\(address) sends on to \(location) (status \(status)): where that is the same server, give its address there")
    }
    if status == 401 || status == 403 {
      return .service(
        "\(address) wants to know who asks (status \(status)): set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, "
          + "or MLFLOW_TRACKING_TOKEN")
    }
    let text = refusal.message.split(whereSeparator: \.isNewline).joined(separator: " ")
    return .service(
      "\(address) refuses \(what) (status \(status))" + (text.isEmpty ? "" : ": \(text.prefix(300))"))
  }

  private func value(_ data: Data) throws -> JSONValue {
    if data.isEmpty { return .object([:]) }
    guard let value = try? JSONValue(parsing: String(decoding: data, as: UTF8.self)) else {
      throw ExchangeError.service("\(address) answers, but not as an MLflow server does; check the address")
    }
    return value
  }

  private func text(_ value: JSONValue, _ path: String) throws -> String {
    guard let text = value[path: path]?.stringValue else {
      throw ExchangeError.service("\(address) answers without \(path), which MLflow servers give; check the address")
    }
    return text
  }
}
