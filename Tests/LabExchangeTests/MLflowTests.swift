import Foundation
import LabCore
import LabExchange
import LabRecords
import LabStats
import LabStore
import LabTesting
import Testing

/// Exports to a server that keeps runs as MLflow's does, and fails as it is told to.
@Suite(.enabled(if: FaultyMLflow.python != nil, FaultyMLflow.reason))
struct MLflowTests {
  private let folder: ExchangeFolder
  private let server: FaultyMLflow
  private let sweep: Sweep

  init() throws {
    folder = try ExchangeFolder()
    server = try FaultyMLflow()
    sweep = try ExchangeSample.imported(folder)
  }

  /// Exports what the store has, with changes.
  private func export(_ change: (inout ExportedResults) throws -> Void = { _ in }) throws -> [String] {
    var results = ExportedResults(sweep, in: try folder.store())
    try change(&results)
    return try ExportFormats.named("mlflow").export(results, to: server.address, options: .init())
  }

  private func problem(of body: () throws -> Void) -> String {
    let error = #expect(throws: ExchangeError.self) { try body() }
    return error.map { "\($0)" } ?? ""
  }

  // MARK: What is sent

  @Test func everythingIsThereOnce() throws {
    let store = try folder.store()
    let last = sweep.runs[2].identity
    let withNaN: (inout ExportedResults) throws -> Void = { results in
      results.epochs = { run in
        var epochs = try store.epochs(of: run)
        if run == last { epochs[0].metrics["train_loss"] = .nan }
        return epochs
      }
    }
    #expect(try export(withNaN) == ["\(server.address): experiment sample, 3 runs exported, 0 there already"])
    let content = try server.content
    #expect(
      Set(content.keys) == ["baseline", "width=32", "b", "baseline, seed 0", "width=32, seed 0", "b, seed 0"])
    let run = try #require(content["baseline, seed 0"])
    #expect(run["parent"] == "baseline" && run["status"] == "FINISHED")
    #expect(run["params"]?["conv"] == "a" && run["params"]?["width"] == "16" && run["params"]?["seed"] == "0")
    let loss = run["metrics"]?.arrayValue?.compactMap(\.arrayValue).filter { $0[0] == "train_loss" } ?? []
    #expect(loss.map { Array($0[1...2]) } == [[1, 0.9123456789012345], [2, 0.5]])
    // Epochs follow each other by the time that they took, in milliseconds.
    #expect(loss.compactMap { $0[3].integerValue }.reduce(0) { $1 - $0 } == 1250)
    let other = content["b, seed 0"]?["metrics"]?.arrayValue?.compactMap(\.arrayValue) ?? []
    #expect(other.contains { $0.prefix(3) == ["train_loss", 1, "NaN"] })
    #expect(other.contains { $0.prefix(3) == ["train_loss", 2, "Infinity"] })

    let before = try server.state["runs"]
    try server.control()
    #expect(try export(withNaN) == ["\(server.address): experiment sample, 0 runs exported, 3 there already"])
    #expect(try server.state["runs"] == before)
    // It only looks: at the experiment, at the runs of variants and at those of seeds, by pages.
    #expect(try server.requests.count == 5)
  }

  @Test func aRunThatGoesOnIsContinuedInItsPlace() throws {
    let first = sweep.runs[0].identity
    var running = sweep
    running.variants[0].runs[0].state = .running
    let store = try folder.store()
    let half = try export { results in
      results.sweep = running
      results.epochs = { run in Array(try store.epochs(of: run).prefix(run == first ? 1 : 2)) }
      results.final = { run in run == first ? nil : try store.finalRecord(of: run) }
    }
    #expect(half[0].contains("3 runs exported, 0 there"))
    let before = try #require(try server.runs.first { $0.value["name"] == "baseline, seed 0" })
    #expect(before.value["status"] == "RUNNING" && before.value["end"] == .null)
    try server.control()
    #expect(
      try export() == ["\(server.address): experiment sample, 0 runs exported, 1 continued, 2 there already"])
    let after = try #require(try server.runs[before.key])
    #expect(after["status"] == "FINISHED")
    let (old, new) = (before.value["metrics"]?.arrayValue ?? [], after["metrics"]?.arrayValue ?? [])
    #expect(new.starts(with: old) && new.count > old.count)
    #expect(try server.requests.count { $0[1].hasSuffix("runs/create") } == 0)
    // It is what a single export makes.
    let continued = try server.content
    try server.control(reset: true)
    _ = try export()
    #expect(try server.content == continued)
  }

  @Test func otherNumbersMakeAnotherRunInItsPlace() throws {
    _ = try export()
    let before = Set(try server.runs.keys)
    let first = sweep.runs[0].identity
    let store = try folder.store()
    let sentences = try export { results in
      results.epochs = { run in
        var epochs = try store.epochs(of: run)
        if run == first { epochs[0].metrics["train_loss"] = 0.75 }
        return epochs
      }
    }
    #expect(sentences == ["\(server.address): experiment sample, 1 runs exported, 2 there already"])
    let after = Set(try server.runs.keys)
    #expect(after.count == 6 && before.subtracting(after).count == 1)
    let metrics = try #require(try server.content["baseline, seed 0"]?["metrics"]?.arrayValue?.compactMap(\.arrayValue))
    #expect(metrics.filter { $0[0] == "train_loss" }.map { $0[2] } == [0.75, 0.5])
  }

  /// Names that become the same one are told apart, and what is cut is named.
  @Test func namesAndLengthsAreThoseThatTheServerTakes() throws {
    let long = String(repeating: "é", count: 7000)
    let text = "a:b,a;b,../c,long,seed,test_accuracy\nx,1,u,\(long),0,0.5\ny,2,v,short,0,0.75\n"
    var odd = try folder.stored(
      folder.read(text, as: "odd.csv", .init(factors: ["a:b", "a;b", "../c", "long"])))
    odd.variants[0].label = long
    let sentences = try export { [odd] in $0.sweep = odd }
    #expect(
      sentences.dropFirst() == [
        "Longer than MLflow takes, and cut there: labrun.variant, levels.long, long, the names of runs."
      ])
    let run = try #require(try server.runs.values.first { $0["params"]?["a_b"] == "x" && $0["params"]?["seed"] != nil })
    #expect(run["params"]?["a_b_2"] == "1" && run["params"]?["__/c"] == "u")
    #expect(run["params"]?["long"]?.stringValue?.count == 6000)
  }

  @Test func manyNumbersGoInParts() throws {
    let store = try folder.store()
    let first = sweep.runs[0].identity
    _ = try export { results in
      results.epochs = { run in
        let epochs = try store.epochs(of: run)
        guard run == first else { return epochs }
        return (0..<400).map { index in
          var epoch = epochs[0]
          epoch.epoch = index
          return epoch
        }
      }
    }
    let run = try #require(try server.content["baseline, seed 0"])
    let steps = run["metrics"]?.arrayValue?.compactMap(\.arrayValue).filter { $0[0] == "train_loss" }.map { $0[1] }
    #expect(steps == (1...400).map { .integer($0) })
  }

  @Test func filesGoThroughTheServerWhereItTakesThem() throws {
    let store = try folder.store()
    let first = sweep.runs[0].identity
    let withConfusion: (inout ExportedResults) throws -> Void = { results in
      results.final = { run in
        var final = try store.finalRecord(of: run)
        if run == first { final?.confusion = try ConfusionMatrix(classCount: 2, counts: [3, 1, 0, 4]) }
        return final
      }
    }
    #expect(try export(withConfusion).count == 1)
    let names = try server.state["files"]?.objectValue?.keys.map { ($0 as NSString).lastPathComponent } ?? []
    #expect(names.sorted() == ["configuration.json", "configuration.json", "configuration.json", "confusion.png"])
    try server.control(artifacts: "file:///somewhere/", reset: true)
    let sentences = try export(withConfusion)
    #expect(sentences.count == 2 && sentences[1].hasPrefix("The server keeps no files for its clients"))
    #expect(try server.state["files"] == [:])
    #expect(try export(withConfusion).dropFirst() == sentences.dropFirst())
  }

  // MARK: Servers that fail

  @Test func whatFailsForAMomentIsAskedAgain() throws {
    _ = try export()
    let expected = try server.content
    for failure in ["500", "503", "429", "close", "half", "lost"] {
      try server.control(["ok", "ok", failure, "ok", "ok", "ok", failure, "ok", failure], reset: true)
      #expect(try export()[0].contains("3 runs exported"), "\(failure)")
      #expect(try server.requests.count { $0[3] == failure } == 3)
      // An answer that is lost may have made a run; the next export removes it.
      _ = try export()
      #expect(try server.content == expected, "\(failure)")
    }
  }

  /// Wherever an answer is lost, nothing is there twice in the end.
  @Test func whatWasDoneWithoutAnAnswerIsNotThereTwice() throws {
    _ = try export()
    let expected = try server.content
    let count = try server.requests.count
    for done in 0..<count {
      try server.control(Array(repeating: "ok", count: done) + ["lost"], reset: true)
      _ = try export()
      _ = try export()
      #expect(try server.content == expected, "lost after \(done) requests")
    }
  }

  /// Wherever an export ends, the next one makes what one that never ended makes.
  @Test func anExportThatEndsMidwayIsMadeWhole() throws {
    _ = try export()
    let expected = try server.content
    let count = try server.requests.count
    #expect(count > 20)
    for done in 0..<count {
      try server.control(Array(repeating: "ok", count: done), then: "400", reset: true)
      let text = problem { _ = try export() }
      #expect(text.contains("refuses ") && text.contains("(status 400): told to answer 400 on two lines"), "\(text)")
      try server.control()
      _ = try export()
      #expect(try server.content == expected, "ended after \(done) requests")
      #expect(try export()[0].contains("0 runs exported, 3 there already"))
    }
  }

  @Test func failuresAreOneSentence() throws {
    try server.control(then: "502")
    #expect(problem { _ = try export() }.contains("refuses experiments/get-by-name (status 502)"))
    #expect(try server.requests.count == 4)
    try server.control(then: "junk")
    #expect(problem { _ = try export() }.contains("answers, but not as an MLflow server does"))
    for status in ["401", "403"] {
      try server.control(then: status)
      #expect(problem { _ = try export() }.contains("set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD"))
    }
    #expect(try server.requests.count == 1)
  }

  @Test func credentialsGoToTheServerThatIsNamedOnly() throws {
    let other = try FaultyMLflow()
    try server.control(then: "moved \(other.address)")
    let results = ExportedResults(sweep, in: try folder.store())
    let address = server.address.replacing("http://", with: "http://na%20me:s%3Acret@")
    let text = problem {
      _ = try ExportFormats.named("mlflow").export(results, to: address, options: .init())
    }
    #expect(text.contains("sends on to \(other.address)/") && !text.contains("cret"), "\(text)")
    #expect(try other.requests.isEmpty)
    let expected = "Basic " + Data("na me:s:cret".utf8).base64EncodedString()
    #expect(try server.requests.map { $0[2] } == [expected])
  }

  @Test func aServerThatIsDownIsOneSentence() throws {
    let results = try ExportedResults(sweep, in: folder.store())
    let format = try ExportFormats.named("mlflow")
    // Nobody listens at the port of nothing.
    let text = problem { _ = try format.export(results, to: "http://name:secret@127.0.0.1:1", options: .init()) }
    #expect(text.hasPrefix("no server answers at http://127.0.0.1:1 (") && text.contains("mlflow server"), "\(text)")
    #expect(!text.contains("secret"))
    for (address, part) in [
      ("mlruns", "such as http://localhost:5000, but \"mlruns\" was given"), ("ftp://host", "was given"),
      ("http://", "was given"), ("http://name:secret@host/?a=b", "goes on behind it"),
    ] {
      let text = problem { _ = try format.export(results, to: address, options: .init()) }
      #expect(text.contains(part) && !text.contains("secret"), "\(text)")
    }
  }
}

@Suite struct OtherFormatTests {
  @Test func formatsThatAreNotWrittenLeadToOthers() throws {
    for (name, part) in [("parquet", ".to_parquet("), ("wandb", "use --to csv")] {
      let error = #expect(throws: ExchangeError.self) { try ExportFormats.named(name) }
      #expect(error.map { "\($0)" }?.contains(part) ?? false)
    }
  }

  static let parquet = PythonPackages.interpreter(importing: "pandas, pyarrow")

  /// The line by which the guide makes Parquet of CSV.
  @Test(.enabled(if: parquet != nil, Comment(rawValue: PythonPackages.missing("pandas, pyarrow"))))
  func pandasMakesParquetOfWhatIsExported() throws {
    let folder = try ExchangeFolder()
    let results = try ExportedResults(ExchangeSample.imported(folder), in: folder.store())
    _ = try ExportFormats.named("csv").export(results, to: "\(folder.path)/runs.csv", options: .init())
    let line = #"pandas.read_csv("runs.csv").to_parquet("runs.parquet")"#
    let guide = try String(contentsOfFile: repositoryFile("Documentation/Import.md"), encoding: .utf8)
    #expect(guide.contains(line))
    let script = """
      import os, sys, pandas
      os.chdir(sys.argv[1])
      \(line)
      table = pandas.read_parquet("runs.parquet")
      print(list(table["conv"]), list(table["test_accuracy"]))
      """
    let read = try PythonPackages.run(Self.parquet ?? "python3", ["-c", script, folder.path])
    #expect(read.output == "['a', 'a', 'b'] [0.625, 0.7, 0.3333333333333333]\n", "\(read.errors)")
  }
}
