import Foundation
import LabCore
import LabRecords
import LabStore
import Testing

/// What is wrong about a sweep on a cluster without any.
@Suite struct SlurmUsageTests {
  private func errors(_ options: String..., spec: String = Labrun.spec()) throws -> (Int32, String) {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(spec, to: "Experiments/tiny.json")
    let result = try labrun.run(["sweep", "tiny"] + options)
    #expect(!FileManager.default.fileExists(atPath: labrun.folder.appendingPathComponent("Results").path))
    return (result.status, result.errors)
  }

  @Test(arguments: [
    (["--detach", "--cancel"], "--detach submits jobs, and --cancel ends them."),
    (["--cancel", "--fresh"], "--cancel ends jobs and starts none, so --fresh has nothing to do beside it."),
    (["--detach", "--dry-run"], "--dry-run submits nothing, so there is nothing to leave by --detach."),
  ])
  func optionsThatDoNothingTogetherAreRefused(options: [String], sentence: String) throws {
    let (status, text) = try errors(options[0], options[1])
    #expect(status == 64 && text.contains(sentence), "\(text)")
  }

  @Test func anExecutorOfThisMachineLeavesNothing() throws {
    let (status, text) = try errors("--detach", "--executor", "process")
    #expect(
      status == 64 && text.contains("--detach is about jobs of a cluster, and the executor \"process\""), "\(text)")
  }

  /// Options are looked at before anything is kept, also in a dry run.
  @Test func optionsOfTheExecutorAreChecked() throws {
    let spec = Labrun.spec().replacing(
      "\"workers\": 2", with: "\"executor\": { \"name\": \"slurm\", \"time\": \"soon\" }")
    let (status, text) = try errors("--dry-run", spec: spec)
    #expect(status == 65 && text.contains("execution.executor.time: expected minutes, or a time such as"), "\(text)")
  }
}

/// Sweeps on a real cluster, which takes their machines away in every way that it has.
@Suite(.serialized, .enabled(if: SlurmCluster.shared != nil, SlurmCluster.reason)) struct SlurmTests {
  private let cluster: SlurmCluster
  private let reservation: SlurmCluster.Reservation

  init() async throws {
    cluster = try #require(SlurmCluster.shared)
    reservation = await SlurmCluster.reserve()
  }

  /// A sweep of two runs that take some seconds each.
  private static func spec(epochs: Int = 24, options: String = "") -> String {
    Labrun.spec(trainCount: 430, epochs: epochs).replacing(
      "\"workers\": 2", with: "\"executor\": { \"name\": \"slurm\", \"poll_seconds\": 0.3\(options) }")
  }

  /// What an undisturbed sweep on this machine stores.
  private func reference(epochs: Int = 24) throws -> [String: StoredResult] {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write(Self.spec(epochs: epochs), to: "Experiments/tiny.json")
    let result = try labrun.run("sweep", "tiny", "--executor", "thread")
    #expect(result.status == 0, "\(result.errors)")
    return try labrun.storedResults()
  }

  private func sweep(_ labrun: Labrun, _ options: String...) throws -> Labrun.Result {
    try labrun.run(["sweep", "tiny"] + options, variables: cluster.variables)
  }

  private func folder(_ spec: String) throws -> Labrun {
    let labrun = try Labrun()
    try labrun.write(spec, to: "Experiments/tiny.json")
    return labrun
  }

  /// Waits until tasks run that have something to go on from.
  private func waitForCheckpoints(_ labrun: Labrun) throws -> [String] {
    let capsules = labrun.folder.appendingPathComponent("Results/capsules").path
    for _ in 0..<3000 {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: capsules)) ?? []
      let running = try cluster.running()
      let begun = names.count {
        ((try? String(contentsOfFile: "\(capsules)/\($0)/events.jsonl", encoding: .utf8)) ?? "").contains("artifact")
      }
      if !running.isEmpty, begun >= min(running.count, names.count), begun > 0 { return running }
      Thread.sleep(forTimeInterval: 0.1)
    }
    Issue.record("no task runs")
    return []
  }

  private func expectNothingLeft(_ labrun: Labrun) throws {
    for name in ["capsules", "slurm"] {
      let path = labrun.folder.appendingPathComponent("Results/\(name)").path
      #expect((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] == [], "\(name)")
    }
    let examined = try labrun.run("doctor", "--check", "--results", labrun.results)
    #expect(examined.status == 0, "\(examined.output)\(examined.errors)")
    #expect(try cluster.running() == [])
  }

  @Test func jobsAreLeftAndFollowedOn() throws {
    let labrun = try folder(Self.spec())
    defer { labrun.remove() }
    let left = try sweep(labrun, "--detach")
    #expect(left.status == 0, "\(left.errors)")
    #expect(left.errors.contains("submitted 2 runs to Slurm as job "), "\(left.errors)")
    #expect(left.errors.contains("2 runs are left to the cluster; follow them: labrun sweep tiny"), "\(left.errors)")
    // Nobody else trains what the cluster has.
    let other = try sweep(labrun, "--executor", "thread")
    #expect(
      other.status != 0 && other.errors.contains("was handed to Slurm, which may be training it"), "\(other.errors)")
    let listed = try labrun.run("list", "tiny", variables: cluster.variables).output
    #expect(listed.contains(/[0-9]+_0, [a-z]+/) && listed.contains(/[0-9]+_1, [a-z]+/), "\(listed)")
    let followed = try sweep(labrun)
    #expect(followed.status == 0, "\(followed.errors)")
    #expect(!followed.errors.contains("submitted"), "\(followed.errors)")
    #expect(try labrun.storedResults() == reference())
    try expectNothingLeft(labrun)
    let run = try #require(try labrun.storedResults().keys.first)
    #expect(try labrun.run("show", run).output.contains(/\n +job +slurm [0-9]+_[01]\n/))
  }

  /// A task that has to make room is started again by Slurm, and goes on bit for bit, also where nobody follows it.
  @Test(arguments: [false, true]) func aPreemptedTaskGoesOn(isFollowed: Bool) throws {
    let labrun = try folder(Self.spec(epochs: 60))
    defer { labrun.remove() }
    let started = isFollowed ? try labrun.start(["sweep", "tiny"], variables: cluster.variables) : nil
    if !isFollowed { _ = try sweep(labrun, "--detach") }
    _ = try waitForCheckpoints(labrun)
    let cores = ProcessInfo.processInfo.activeProcessorCount
    try cluster.run(
      "sbatch", "--partition=high", "--cpus-per-task=\(cores)", "--mem=100", "--output=/dev/null", "--wrap=true")
    if let started {
      _ = started.output.fileHandleForReading.readDataToEndOfFile()
      let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      started.process.waitUntilExit()
      #expect(started.process.terminationStatus == 0, "\(errors)")
    } else {
      let followed = try sweep(labrun)
      #expect(followed.status == 0, "\(followed.errors)")
    }
    #expect(try labrun.storedResults() == reference(epochs: 60))
    let store = try StudyStore(reading: labrun.folder.appendingPathComponent(labrun.results).path)
    let runs = try store.sweep(#require(store.sweeps().first).id).runs
    #expect(try runs.contains { try store.events(of: $0.identity).contains { $0.kind == .resumed } })
    try expectNothingLeft(labrun)
  }

  /// The notice before the time limit ends in a checkpoint, and in the one task being queued again.
  @Test func aTaskWhoseTimeIsUpIsQueuedAgain() throws {
    let labrun = try folder(Self.spec(epochs: 60))
    defer { labrun.remove() }
    _ = try sweep(labrun, "--detach")
    let task = try #require(try waitForCheckpoints(labrun).first)
    try cluster.run("scancel", "--batch", "--signal=USR1", task)
    var restarts = ""
    for _ in 0..<3000 where !restarts.contains("Restarts=1") {
      restarts = try cluster.run("scontrol", "show", "job", task)
      Thread.sleep(forTimeInterval: 0.1)
    }
    #expect(restarts.contains("Restarts=1"), "\(restarts)")
    let followed = try sweep(labrun)
    #expect(followed.status == 0, "\(followed.errors)")
    #expect(try labrun.storedResults() == reference(epochs: 60))
    try expectNothingLeft(labrun)
  }

  @Test func aCancelledJobIsInterruptedAndGoesOn() throws {
    let labrun = try folder(Self.spec(epochs: 60))
    defer { labrun.remove() }
    let started = try labrun.start(["sweep", "tiny"], variables: cluster.variables)
    let task = try #require(try waitForCheckpoints(labrun).first)
    try cluster.run("scancel", try #require(task.split(separator: "_").first.map(String.init)))
    _ = started.output.fileHandleForReading.readDataToEndOfFile()
    let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    started.process.waitUntilExit()
    #expect(started.process.terminationStatus == 1, "\(errors)")
    #expect(errors.contains("its job \(task) was cancelled"), "\(errors)")
    let again = try sweep(labrun)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try labrun.storedResults() == reference(epochs: 60))
    try expectNothingLeft(labrun)
  }

  @Test func jobsAreCancelledOnRequest() throws {
    let labrun = try folder(Self.spec(epochs: 60))
    defer { labrun.remove() }
    _ = try sweep(labrun, "--detach")
    _ = try waitForCheckpoints(labrun)
    let cancelled = try sweep(labrun, "--cancel")
    #expect(cancelled.status == 0 && cancelled.errors.contains("cancelled 2 runs of tiny"), "\(cancelled.errors)")
    for _ in 0..<1200 where try !cluster.running().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
    #expect(try sweep(labrun, "--cancel").errors.contains("Slurm has no job of tiny"))
    let again = try sweep(labrun)
    #expect(again.status == 0, "\(again.errors)")
    #expect(again.errors.contains("submitted 2 runs"), "\(again.errors)")
    #expect(try labrun.storedResults() == reference(epochs: 60))
    try expectNothingLeft(labrun)
  }

  /// What the cluster will never take ends the sweep with its own words, and trains nothing.
  @Test func whatIsRefusedIsSaid() throws {
    let labrun = try folder(Self.spec(options: ", \"partition\": \"none-such\""))
    defer { labrun.remove() }
    let refused = try sweep(labrun)
    #expect(refused.status != 0)
    #expect(
      refused.errors.contains("Slurm does not take the jobs: ") && refused.errors.contains("Invalid partition name"),
      "\(refused.errors)")
    #expect(try labrun.storedResults().values.allSatisfy { $0.state == .interrupted })
  }

  /// The controller may be away: runs go on, and are taken in when they are done.
  @Test func aControllerMayBeAway() throws {
    let labrun = try folder(Self.spec())
    defer { labrun.remove() }
    let started = try labrun.start(["sweep", "tiny"], variables: cluster.variables)
    _ = try waitForCheckpoints(labrun)
    try cluster.setController(isRunning: false)
    Thread.sleep(forTimeInterval: 3)
    try cluster.setController(isRunning: true)
    try cluster.awaitController()
    _ = started.output.fileHandleForReading.readDataToEndOfFile()
    let errors = String(decoding: started.errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    started.process.waitUntilExit()
    #expect(started.process.terminationStatus == 0, "\(errors)")
    #expect(try labrun.storedResults() == reference())
  }

  /// Sweep, jobs and controller are killed at random instants: nothing is lost, nothing is there twice.
  @Test func whateverIsKilledTheSameIsStored() throws {
    let labrun = try folder(
      Self.spec(epochs: 30).replacing("\"checkpoint_every", with: "\"retries\": 50, \"checkpoint_every"))
    defer { labrun.remove() }
    let stream = RandomStream(seed: 5, name: "kill slurm")
    for attempt in 0..<9 {
      let started = try labrun.start(["sweep", "tiny"], variables: cluster.variables)
      Thread.sleep(forTimeInterval: 0.3 + 2.5 * Double(stream.uniform(UInt64(attempt))))
      switch attempt % 3 {
      case 0: break
      case 1: for task in try cluster.running() { try cluster.run("scancel", "--full", "--signal=KILL", task) }
      default:
        try cluster.setController(isRunning: false)
        Thread.sleep(forTimeInterval: 0.3)
        try cluster.setController(isRunning: true)
      }
      if attempt % 3 == 1 { Thread.sleep(forTimeInterval: 2) }
      kill(started.process.processIdentifier, SIGKILL)
      _ = started.errors.fileHandleForReading.readDataToEndOfFile()
      started.process.waitUntilExit()
      try cluster.awaitController()
    }
    let last = try sweep(labrun, "--retry-failed")
    #expect(last.status == 0, "\(last.errors)")
    #expect(try labrun.storedResults() == reference(epochs: 30))
    try expectNothingLeft(labrun)
  }

  /// Somebody's program is trained by the cluster like any run.
  @Test func aProgramRunsInSlurm() throws {
    let labrun = try Labrun()
    defer { labrun.remove() }
    try labrun.write("echo \"job $SLURM_ARRAY_JOB_ID\"; echo \"accuracy: $1\"\n", to: "Experiments/train.sh")
    try labrun.write(
      """
      {
        "name": "tiny",
        "program": {
          "command": ["sh", "train.sh", "{rate}"], "sources": ["train.sh"], "pattern": "accuracy: {test_accuracy}",
          "metrics": { "test_accuracy": { "better": "higher" } }, "timeout_minutes": 5
        },
        "parameters": { "rate": 0.5 },
        "factors": { "rate": [0.5, 0.25] }, "baseline": { "rate": 0.5 }, "seeds": 2,
        "execution": { "executor": { "name": "slurm", "poll_seconds": 0.3, "runs_per_job": 2, "setup": ["export SET=1"] } }
      }
      """, to: "Experiments/tiny.json")
    let result = try sweep(labrun)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.errors.contains(/submitted 4 runs to Slurm as job [0-9]+ \(2 tasks\)/), "\(result.errors)")
    let stored = try labrun.storedResults()
    #expect(stored.values.map { $0.test?["test_accuracy"] ?? -1 }.sorted() == [0.25, 0.25, 0.5, 0.5])
    let run = try #require(stored.keys.first)
    #expect(try labrun.run("show", run, "--log").output.contains(/job [0-9]+/))
    try expectNothingLeft(labrun)
  }
}
