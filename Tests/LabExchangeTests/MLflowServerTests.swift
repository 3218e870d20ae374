import Foundation
import LabCore
import LabExchange
import LabRecords
import LabStats
import LabStore
import LabTesting
import Testing

/// The server of the package mlflow of Python on this machine, and its own client.
@Suite struct MLflowServerTests {
  static let python = PythonPackages.interpreter(importing: "mlflow.server")
  static let reason = Comment(rawValue: PythonPackages.missing("mlflow"))

  /// What MLflow's own client finds in an experiment.
  private func reading(_ experiment: String, of server: ScriptedServer) throws -> [JSONValue] {
    let result = try PythonPackages.run(
      Self.python ?? "python3", [fixture("read_mlflow.py"), server.address, experiment])
    #expect(result.status == 0, "\(result.errors.suffix(2000))")
    return try JSONValue(parsing: result.output).arrayValue ?? []
  }

  @Test(.enabled(if: python != nil, reason))
  func mlflowHasWhatIsSent() throws {
    let folder = try ExchangeFolder()
    let server = try ScriptedServer("serve_mlflow.py", [folder.path], python: Self.python ?? "python3")
    let sweep = try ExchangeSample.imported(folder)
    let store = try folder.store()
    var results = ExportedResults(sweep, in: store)
    let first = sweep.runs[0].identity
    let format = try ExportFormats.named("mlflow")
    // A run that has not ended, and then has.
    results.sweep.variants[0].runs[0].state = .running
    let last = sweep.runs[2].identity
    let epochs: @Sendable (RunIdentity) throws -> [EpochRecord] = { run in
      var epochs = try store.epochs(of: run)
      if run == last { epochs[0].metrics["train_loss"] = .nan }
      return epochs
    }
    results.epochs = { run in Array(try epochs(run).prefix(run == first ? 1 : 2)) }
    results.final = { run in run == first ? nil : try store.finalRecord(of: run) }
    let written = try format.export(results, to: server.address, options: .init())
    #expect(written == ["\(server.address): experiment sample, 3 runs exported, 0 there already"])
    results = ExportedResults(sweep, in: store)
    results.epochs = epochs
    results.final = { identity in
      var final = try store.finalRecord(of: identity)
      if identity == first { final?.confusion = try ConfusionMatrix(classCount: 2, counts: [3, 1, 0, 4]) }
      return final
    }
    let more = try format.export(results, to: server.address, options: .init())
    #expect(more == ["\(server.address): experiment sample, 0 runs exported, 1 continued, 2 there already"])
    let again = try format.export(results, to: server.address + "/", options: .init())
    #expect(again == ["\(server.address): experiment sample, 0 runs exported, 3 there already"])

    let read = try reading("sample", of: server)
    #expect(read.count == 6)
    let parents = read.filter { $0["tags"]?["labrun.role"] == "variant" }
    #expect(Set(parents.compactMap { $0["name"]?.stringValue }) == ["baseline", "width=32", "b"])
    let run = try #require(read.first { $0["name"] == "baseline, seed 0" })
    let parent = parents.first { $0["name"] == "baseline" }
    #expect(parent?["id"] != nil && run["tags"]?["mlflow.parentRunId"] == parent?["id"])
    #expect(run["status"] == "FINISHED")
    #expect(run["params"]?["conv"] == "a" && run["params"]?["width"] == "16" && run["params"]?["seed"] == "0")
    #expect(run["tags"]?["labrun.imported"]?.stringValue?.hasPrefix("sample.csv (SHA-256") ?? false)
    // Numbers in double precision, with epochs as steps.
    #expect(run["metrics"]?["train_loss"] == [[1, 0.9123456789012345], [2, 0.5]])
    #expect(run["metrics"]?["final_test_accuracy"] == [[2, 0.625]])
    #expect(run["files"] == ["configuration.json", "confusion.png"])
    let odd = try #require(read.first { $0["name"] == "b, seed 0" })
    #expect(odd["metrics"]?["test_accuracy"]?.arrayValue?.last == [2, 0.3333333333333333])
    // MLflow's database has the largest number for what is infinite.
    let losses = odd["metrics"]?["train_loss"]?.arrayValue?.compactMap(\.arrayValue) ?? []
    #expect(losses.first == [1, "nan"])
    #expect(losses.last?.last == "inf" || losses.last?.last?.doubleValue == .greatestFiniteMagnitude, "\(losses)")

    // Names as odd as levels can have them, and many numbers.
    let text =
      "a:b,a;b,../c,long,seed,test_accuracy\nx,1,u,\(String(repeating: "é", count: 7000)),0,0.5\ny,2,v,s,0,0.75\n"
    var other = try folder.stored(folder.read(text, as: "odd.csv", .init(factors: ["a:b", "a;b", "../c", "long"])))
    other.variants[0].label = String(repeating: "é", count: 7000)
    results = ExportedResults(other, in: store)
    let template = try store.epochs(of: first)[0]
    results.epochs = { _ in
      (0..<300).map { index in
        var epoch = template
        epoch.epoch = index
        return epoch
      }
    }
    let sentences = try format.export(results, to: server.address, options: .init())
    #expect(
      sentences.dropFirst() == [
        "Longer than MLflow takes, and cut there: labrun.variant, levels.long, long, the names of runs."
      ])
    #expect(try format.export(results, to: server.address, options: .init())[0].contains("0 runs exported, 2 there"))
    let named = try reading("odd", of: server)
    let cut = try #require(named.first { $0["params"]?["a_b"] == "x" && $0["params"]?["seed"] != nil })
    #expect(cut["params"]?["a_b_2"] == "1" && cut["params"]?["__/c"] == "u")
    #expect(cut["params"]?["long"]?.stringValue?.count == 6000)
    #expect(cut["metrics"]?["train_loss"]?.arrayValue?.count == 300)

    // What is trained is there at its end as an export makes it.
    try MirroredTraining.check(address: server.address)
  }
}
