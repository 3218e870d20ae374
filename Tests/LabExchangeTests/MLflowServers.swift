import Foundation
import LabCore
import LabTesting
import Testing

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// A server of a script of the fixtures, which ends with the test.
final class ScriptedServer {
  let address: String
  private let process = Process()
  private let input = Pipe()

  /// Starts a script and waits until it prints its address.
  init(_ script: String, _ arguments: [String] = [], python: String) throws {
    let (output, errors) = (Pipe(), Pipe())
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [python, fixture(script)] + arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    var line = Data()
    while line.last != UInt8(ascii: "\n") {
      let data = output.fileHandleForReading.availableData
      guard !data.isEmpty else {
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        throw ServerFailure(description: "\(script) does not start: \(text.suffix(2000))")
      }
      line.append(data)
    }
    address = String(decoding: line.dropLast(), as: UTF8.self)
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }
}

struct ServerFailure: Error, CustomStringConvertible {
  var description: String
}

/// A server that keeps runs as MLflow's does, and fails as it is told to.
final class FaultyMLflow {
  static let python = PythonPackages.interpreter(importing: "http.server")
  static let reason: Comment = "no Python is there, and LABRUN_TEST_PYTHON names none"

  private let server: ScriptedServer
  var address: String { server.address }

  init() throws { server = try ScriptedServer("faulty_mlflow.py", python: FaultyMLflow.python ?? "python3") }

  /// Says what happens to requests from now on.
  ///
  /// - Parameters:
  ///   - plan: to the next ones.
  ///   - then: to all behind them.
  func control(
    _ plan: [String] = [], then: String = "ok", artifacts: String = "mlflow-artifacts:/", reset: Bool = false
  ) throws {
    let told: JSONValue = [
      "plan": .array(plan.map { .string($0) }), "then": .string(then), "artifacts": .string(artifacts),
      "reset": .boolean(reset), "requests": [],
    ]
    _ = try ask("control", told.canonicalText)
  }

  /// Waits some seconds until what was told has happened.
  func waitForPlan() throws {
    for _ in 0..<200 {
      if try state["plan"] == [] { return }
      Thread.sleep(forTimeInterval: 0.05)
    }
  }

  /// All that the server has.
  var state: JSONValue { get throws { try JSONValue(parsing: ask("state", "")) } }

  /// The paths that were asked for since the last time that the server was told something.
  var requests: [[String]] {
    get throws {
      (try state["requests"]?.arrayValue ?? []).map { ($0.arrayValue ?? []).map { $0.stringValue ?? "" } }
    }
  }

  /// The runs that are not deleted, by their numbers.
  var runs: [String: JSONValue] {
    get throws { (try state["runs"]?.objectValue ?? [:]).filter { $0.value["deleted"] == false } }
  }

  /// What is there beyond numbers that differ from one time to another: runs by their names, with those that they are below.
  var content: [String: JSONValue] {
    get throws {
      let runs = try runs
      var content: [String: JSONValue] = [:]
      for (_, run) in runs {
        var run = run
        let parent = run["tags"]?["mlflow.parentRunId"]?.stringValue
        if let parent { run[path: "parent"] = runs[parent]?["name"] ?? "gone" }
        run["tags"]?["mlflow.parentRunId"] = nil
        let name = run["name"]?.stringValue ?? ""
        #expect(content[name] == nil, "\(name) is there twice")
        content[name] = run
      }
      return content
    }
  }

  private func ask(_ path: String, _ query: String) throws -> String {
    var parts = try #require(URLComponents(string: "\(address)/\(path)"))
    parts.query = query
    return String(decoding: try Data(contentsOf: #require(parts.url)), as: UTF8.self)
  }
}
