import Foundation
import LabCore
import LabExchange
import LabRecords
import LabTesting
import Synchronization
import Testing

/// Runs that are trained while a mirror follows them.
struct MirroredTraining {
  let store = InMemoryRunStore(now: { Date(timeIntervalSince1970: 1_700_000_000) })
  let sweep: StoredSweep
  let mirror: MLflowMirror
  let warnings: Warnings
  private let followed: MirroredRunStore

  final class Warnings: Sendable {
    private let state = Mutex<[String]>([])
    var all: [String] { state.withLock { $0 } }
    func add(_ text: String) { state.withLock { $0.append(text) } }
  }

  init(
    _ address: String, environment: [String: String] = [:],
    pauses: MLflowMirror.Pauses = .init(gatheringSeconds: 0.01, failureSeconds: 0.02...0.05)
  ) throws {
    let warnings = Warnings()
    self.warnings = warnings
    sweep = try store.register(RunStoreSamples.sweep(name: "trained", levels: ["static", "dynamic"], seeds: [0, 1]))
    mirror = MLflowMirror(
      try MLflowAddress(address, environment: environment), store: store, sweep: sweep.id, pauses: pauses,
      say: { warnings.add($0) })
    followed = MirroredRunStore(store, sweep: sweep.id, mirror: mirror, say: { warnings.add($0) })
  }

  /// Trains a run; nil as its end leaves it running.
  func train(
    _ level: String, _ seed: UInt64, epochs: Int = 4, pauseSeconds: Double = 0, end: RunOutcome?
  ) throws {
    let identity = RunStoreSamples.run(level: level, seed: seed).identity
    let claim = try followed.claim(identity, sweep: sweep.id, owner: .current, policy: .unfinished)
    guard case .claimed(let run) = claim else { throw ServerFailure(description: "\(claim)") }
    try followed.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: run.lease)
    for epoch in 0..<epochs {
      try followed.record(RunStoreSamples.epoch(epoch), lease: run.lease)
      Thread.sleep(forTimeInterval: pauseSeconds)
    }
    if let end { try followed.finish(run.lease, end) }
  }

  /// What an export says of the sweep.
  func export(to address: String) throws -> [String] {
    let store = store
    let results = ExportedResults(
      sweep: try store.sweep(sweep.id), epochs: { try store.epochs(of: $0) },
      final: { try store.finalRecord(of: $0) })
    return try ExportFormats.named("mlflow").export(results, to: address, options: .init())
  }

  /// Trains runs that end in all ways, after which an export finds everything there.
  static func check(address: String) throws {
    let training = try MirroredTraining(address)
    try training.train("static", 0, pauseSeconds: 0.05, end: .completed(RunStoreSamples.final()))
    try training.train("static", 1, epochs: 2, end: .interrupted(reason: "Ctrl-C"))
    try training.train("dynamic", 0, epochs: 1, end: .diverged(reason: "the loss is not finite"))
    #expect(training.mirror.close(waitingSeconds: 60) == nil && training.warnings.all == [])
    #expect(
      try training.export(to: address) == [
        "\(address): experiment trained, 0 runs exported, 3 there already", "1 runs have not begun, and are left out.",
      ])
  }
}

@Suite(.enabled(if: FaultyMLflow.python != nil, FaultyMLflow.reason))
struct MLflowMirrorTests {
  @Test func whatIsTrainedIsThereAsAnExportMakesIt() throws {
    let server = try FaultyMLflow()
    try MirroredTraining.check(address: server.address)
    let content = try server.content
    #expect(
      Set(content.keys) == ["static", "dynamic", "static, seed 0", "static, seed 1", "dynamic, seed 0"])
    #expect(content["static, seed 1"]?["status"] == "KILLED" && content["dynamic, seed 0"]?["status"] == "FAILED")
    #expect(content["static, seed 1"]?["tags"]?["labrun.reason"] == "Ctrl-C")
    // Runs were there before they had ended, and went on where they were.
    #expect(try server.requests.count { $0[1].hasSuffix("runs/create") } == 5)
    #expect(try server.requests.count { $0[1].hasSuffix("runs/delete") } == 0)
  }

  @Test func aRunIsThereWhileItIsTrained() throws {
    let server = try FaultyMLflow()
    let training = try MirroredTraining(server.address)
    try training.train("static", 0, epochs: 2, end: nil)
    var run: JSONValue?
    for _ in 0..<200 {
      run = try server.content["static, seed 0"]
      if run?["tags"]?["labrun.content"] != nil, run?["metrics"]?.arrayValue?.count ?? 0 > 20 { break }
      Thread.sleep(forTimeInterval: 0.05)
    }
    #expect(run?["status"] == "RUNNING" && run?["end"] == .null)
    let steps = run?["metrics"]?.arrayValue?.compactMap(\.arrayValue).filter { $0[0] == "train_loss" }.map { $0[1] }
    #expect(steps == [1, 2])
    _ = training.mirror.close()
  }

  /// Somebody who trains never waits, and is told once.
  @Test(arguments: ["drip", "503", "400", "close", "junk"])
  func aServerThatFailsStopsAndSlowsNothing(_ failure: String) throws {
    let server = try FaultyMLflow()
    try server.control(then: failure)
    let training = try MirroredTraining(server.address)
    let start = ContinuousClock.now
    try training.train("static", 0, end: .completed(RunStoreSamples.final()))
    try training.train("static", 1, epochs: 2, end: .completed(RunStoreSamples.final()))
    // A request to a server that drips takes eight seconds.
    #expect(ContinuousClock.now - start < .seconds(5))
    let lack = training.mirror.close(waitingSeconds: failure == "drip" ? 0.5 : 30)
    #expect(lack == "\(server.address) does not have all of 2 runs")
    if failure == "drip" { #expect(ContinuousClock.now - start < .seconds(7)) }
    let warnings = training.warnings.all
    #expect(warnings.count <= 1 && (failure == "drip" || warnings.count == 1), "\(warnings)")
    #expect(warnings.allSatisfy { $0.hasPrefix("warning: ") && $0.hasSuffix("is sent again later") })
    // The command that is named at the end sends what is missing.
    try server.control()
    #expect(try training.export(to: server.address)[0].contains("2 runs exported, 0 there already"))
  }

  @Test func aServerThatComesBackGetsEverything() throws {
    let server = try FaultyMLflow()
    try server.control(["503", "close", "500", "ok", "ok", "ok", "ok", "503", "ok", "half", "lost"])
    let training = try MirroredTraining(server.address)
    for seed in [0, 1] as [UInt64] {
      try training.train("static", seed, pauseSeconds: 0.03, end: .completed(RunStoreSamples.final()))
    }
    // Failures in the end are followed by another try, as long as somebody waits.
    try server.waitForPlan()
    try training.train("dynamic", 0, end: .completed(RunStoreSamples.final()))
    #expect(training.mirror.close(waitingSeconds: 20) == nil)
    #expect(training.warnings.all.count == 1, "\(training.warnings.all)")
    let sentences = try training.export(to: server.address)
    #expect(sentences[0].contains("0 runs exported, 3 there already"), "\(sentences)")
  }

  /// Wherever something is refused, everything is there in the end, and once.
  @Test func aRefusalLeavesNoGap() throws {
    let server = try FaultyMLflow()
    var final = RunStoreSamples.final()
    // Debug builds take long to draw.
    final.confusion = nil
    func contents(failing plan: [String]) throws -> [String: JSONValue] {
      try server.control(plan, reset: true)
      let training = try MirroredTraining(server.address)
      try training.train("static", 0, epochs: 2, end: .completed(final))
      try server.waitForPlan()
      #expect(training.mirror.close(waitingSeconds: 20) == nil)
      return try server.content
    }
    let expected = try contents(failing: [])
    #expect(expected["static, seed 0"]?["params"]?["training.epochs"] == "4")
    // The first request for the experiment, up to the sign that the run is whole.
    for done in 0..<14 {
      for failure in ["400", "lost"] {
        let content = try contents(failing: Array(repeating: "ok", count: done) + [failure])
        #expect(content == expected, "\(failure) after \(done) requests")
      }
    }
  }

  /// What an earlier sweep left unsent goes along.
  @Test func runsThatEndedBeforeAreSentToo() throws {
    let server = try FaultyMLflow()
    try server.control(then: "503")
    let training = try MirroredTraining(server.address)
    try training.train("static", 0, end: .completed(RunStoreSamples.final()))
    #expect(training.mirror.close(waitingSeconds: 5) != nil)
    try server.control()
    let next = MLflowMirror(
      try MLflowAddress(server.address, environment: [:]), store: training.store, sweep: training.sweep.id,
      say: { _ in }
    )
    #expect(next.close() == nil)
    #expect(try server.content["static, seed 0"]?["status"] == "FINISHED")
  }

  /// Who asks is said as for MLflow's own clients.
  @Test(arguments: [
    (
      ["MLFLOW_TRACKING_USERNAME": "na", "MLFLOW_TRACKING_PASSWORD": "me", "MLFLOW_TRACKING_TOKEN": "x"],
      "Basic bmE6bWU="
    ),
    (["MLFLOW_TRACKING_USERNAME": "na", "MLFLOW_TRACKING_TOKEN": "x"], "Bearer x"),
    (["MLFLOW_TRACKING_TOKEN": ""], ""),
  ])
  func credentialsAreThoseOfTheEnvironment(_ environment: [String: String], _ expected: String) throws {
    let server = try FaultyMLflow()
    let training = try MirroredTraining(server.address, environment: environment)
    try training.train("static", 0, epochs: 1, end: .completed(RunStoreSamples.final()))
    #expect(training.mirror.close() == nil)
    #expect(Set(try server.requests.map { $0[2] }) == [expected])
  }
}
