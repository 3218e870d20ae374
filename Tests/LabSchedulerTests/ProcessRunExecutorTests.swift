import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Testing

/// Runs in processes of their own, which do what a shell script tells them.
@Suite struct ProcessRunExecutorTests {
  /// A sweep whose runs a script trains; the capsule is its `$1`.
  private struct Subject {
    let sweep: ScheduledSweep
    let results = FileManager.default.temporaryDirectory.path + "/process-\(UUID().uuidString)"
    let script: String

    init(_ script: String, levels: [String] = ["a"], seeds: [UInt64] = [0]) throws {
      self.script = script
      sweep = try ScheduledSweep(levels: levels, seeds: seeds)
    }

    func remove() { try? FileManager.default.removeItem(atPath: results) }

    func run(stop: StopSignal = StopSignal(), observer: (any SchedulerObserver)? = nil) -> SchedulerReport {
      let executor = ProcessRunExecutor(
        CapsuleMaker(store: sweep.store, results: results, trainer: .engine(nil)), program: "/bin/sh",
        command: .each { [script] in ["-c", script, "sh", $0.path] })
      return sweep.run(executor, options: Scheduler.Options(workers: 2), stop: stop, observer: observer)
    }

    func reason(_ level: String = "a") throws -> String? { try sweep.store.run(sweep.identity(level, 0))?.reason }

    func capsules() -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: CapsuleShelf(results: results).path)) ?? []
    }
  }

  /// Events, as lines for `printf`.
  private static func lines(_ contents: [CapsuleEvent.Content]) throws -> String {
    try contents.enumerated().map { index, content in
      let event = CapsuleEvent(sequence: index + 1, date: Date(timeIntervalSince1970: 1_700_000_000), content: content)
      return String(decoding: try CapsuleCoding.encoder.encode(event), as: UTF8.self) + "\n"
    }.joined()
  }

  /// A command that tells events.
  private static func telling(_ contents: [CapsuleEvent.Content]) throws -> String {
    "cat >> \"$1/events.jsonl\" <<'END'\n\(try lines(contents))END\n"
  }

  /// A result of the last weights, which needs no files of the best ones.
  private static var result: FinalRecord {
    var record = RunStoreSamples.final()
    record.bestEpoch = nil
    return record
  }

  private static let start = CapsuleEvent.Content.start(RunStoreSamples.provenance(), epoch: 0, step: 0)
  private static let epochs = (0..<4).map { CapsuleEvent.Content.epoch(RunStoreSamples.epoch($0)) }
  private static let completed = CapsuleEvent.Content.final(.completed(result), epochs: 4)

  @Test func whatAProcessTellsIsStored() throws {
    let subject = try Subject(
      Self.telling([Self.start] + Self.epochs + [.remark("look here"), Self.completed]), levels: ["a", "b", "c"])
    defer { subject.remove() }
    let log = EventLog()
    let report = subject.run(observer: log)
    #expect(report.isComplete && report.trainedCount == 3)
    for level in ["a", "b", "c"] {
      let run = subject.sweep.identity(level, 0)
      #expect(try subject.sweep.store.epochs(of: run).count == 4)
      #expect(try subject.sweep.store.finalRecord(of: run) == Self.result)
      #expect(try subject.sweep.store.attempts(at: run).map(\.provenance) == [RunStoreSamples.provenance()])
    }
    #expect(subject.capsules().isEmpty)
    #expect(log.events.count { if case .warning(let text) = $0 { text.hasSuffix(": look here") } else { false } } == 3)
  }

  /// A process that trains one capsule after another is started once for each worker, and again only where it died.
  @Test func aProcessTrainsOneRunAfterAnother() throws {
    let levels = (0..<9).map { "level-\($0)" }
    let sweep = try ScheduledSweep(levels: levels, seeds: [0])
    let results = FileManager.default.temporaryDirectory.path + "/in-turn-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: results) }
    try AtomicFile.createFolder(results)
    let doomed = sweep.identity("level-4", 0).short
    let script = """
      while IFS= read -r -d '' capsule; do
        echo $$ >> '\(results)/processes'
        case "$capsule" in *\(doomed)*) echo "no more of this" >> "$capsule/output.txt"; exit 9 ;; esac
        set -- "$capsule"
        \(try Self.telling([Self.start] + Self.epochs + [Self.completed]))
        printf '\\003' >&0
      done
      """
    let report = sweep.run(
      ProcessRunExecutor(
        CapsuleMaker(store: sweep.store, results: results, trainer: .engine(nil)), program: "/bin/bash",
        command: .inTurn(["-c", script])),
      options: Scheduler.Options(workers: 2))
    #expect(report.trainedCount == 8)
    for level in levels where level != "level-4" {
      #expect(try sweep.store.finalRecord(of: sweep.identity(level, 0)) == Self.result)
    }
    #expect(
      try sweep.store.run(sweep.identity("level-4", 0))?.reason
        == "its process ended early, with status 9; it said last: no more of this")
    let processes = try String(contentsOfFile: "\(results)/processes", encoding: .utf8).split(separator: "\n")
    #expect(processes.count == 9)
    // Two, and one for the one that died.
    #expect(Set(processes).count == 3, "\(processes)")
    // They end when nobody has anything for them.
    func left() -> [Substring] { Set(processes).filter { kill(pid_t($0) ?? 0, 0) == 0 } }
    for _ in 0..<250 where !left().isEmpty { usleep(20_000) }
    #expect(left().isEmpty)
  }

  /// Each of these ends its own run, and no other.
  @Test(arguments: [
    (
      "echo one; echo 'what is wrong' >&2; exit 3",
      "its process ended early, with status 3; it said last: what is wrong"
    ),
    ("exit 0", "its process ended early, with status 0"),
    ("kill -SEGV $$", "its process was ended by signal 11 (segmentation fault)"),
    ("kill -KILL $$", "its process was ended by signal 9 (killed)"),
    ("kill -ABRT $$", "its process was ended by signal 6 (aborted)"),
  ])
  func aCrashEndsOneRunWithItsReason(script: String, reason: String) throws {
    let subject = try Subject(
      "if grep -q '\"conv\":\"b\"' \"$1/run.json\"; then \(script); else\n"
        + Self.telling([Self.start] + Self.epochs + [Self.completed]) + "fi", levels: ["a", "b", "c"])
    defer { subject.remove() }
    let report = subject.run()
    #expect(report.count(.failed) == 1 && report.trainedCount == 2, "\(report)")
    #expect(try subject.reason("b") == reason)
    #expect(try subject.sweep.store.run(subject.sweep.identity("b", 0))?.isRetriable == true)
    #expect(try subject.reason("a") == nil && subject.reason("c") == nil)
    #expect(subject.capsules().isEmpty)
  }

  /// What the machine refuses to a process is not the run's fault, and a full disk ends the sweep as it does within one process.
  @Test(arguments: [true, false]) func aRefusalIsTheMachines(endsSweep: Bool) throws {
    let refusal = CapsuleRefusal(description: "there is no room", endsSweep: endsSweep)
    let subject = try Subject(
      "if grep -q '\"conv\":\"a\"' \"$1/run.json\"; then "
        + Self.telling([
          Self.start, .refusal(refusal), .final(.interrupted(reason: "there is no room"), epochs: 0),
        ]) + "else sleep 1\n" + Self.telling([Self.start] + Self.epochs + [Self.completed]) + "fi",
      levels: ["a", "b", "c", "d"])
    defer { subject.remove() }
    let report = subject.run()
    #expect(try subject.reason() == "there is no room")
    #expect("\(report.endingError.map { "\($0)" } ?? "")" == (endsSweep ? "there is no room" : ""))
    #expect((report.machineError == nil) == endsSweep && report.isComplete == false)
    if endsSweep { #expect(report.trainedCount <= 1) } else { #expect(report.trainedCount == 3) }
  }

  /// Where a process cannot even tell, its status does.
  @Test(arguments: [("there is no space left to write x", true), ("cannot read x: Input/output error", false)])
  func aStatusTellsOfARefusal(said: String, endsSweep: Bool) throws {
    let subject = try Subject("echo '\(said)'; exit 74", levels: ["a"])
    defer { subject.remove() }
    let report = subject.run()
    #expect(try subject.reason() == "its process ended early, with status 74; it said last: \(said)")
    #expect(report.count(.interrupted) == 1)
    #expect((report.endingError != nil) == endsSweep && (report.machineError != nil) == !endsSweep)
  }

  @Test func lastLinesOfAProcessAreKept() throws {
    let subject = try Subject("i=0; while [ $i -lt 50 ]; do echo line $i; i=$((i+1)); done; exit 1")
    defer { subject.remove() }
    _ = subject.run()
    let said = try subject.sweep.store.events(of: subject.sweep.identity("a", 0)).filter { $0.kind == .warning }
    #expect(said.map(\.message) == (30..<50).map { "its process said: line \($0)" })
  }

  @Test func garbageFailsItsRunWithTheLineNamed() throws {
    let subject = try Subject(
      Self.telling([Self.start] + Self.epochs) + "echo 'this is no event' >> \"$1/events.jsonl\"; sleep 60")
    defer { subject.remove() }
    let report = subject.run()
    #expect(report.count(.failed) == 1)
    let reason = try #require(try subject.reason())
    #expect(reason.contains("events.jsonl, line 6: "), "\(reason)")
    #expect(subject.capsules().isEmpty)
    // What stands before it was told, and counts.
    #expect(try subject.sweep.store.epochs(of: subject.sweep.identity("a", 0)).count == 4)
  }

  @Test func aRequestToStopReachesTheProcess() throws {
    let stop = StopSignal()
    let interrupted = CapsuleEvent.Content.final(.interrupted(reason: "stopped on request"), epochs: 4)
    let all = [Self.start] + Self.epochs + [interrupted]
    let end = try Self.lines(all).split(separator: "\n").last.map(String.init) ?? ""
    let subject = try Subject(
      Self.telling([Self.start] + Self.epochs)
        + "trap 'cat >> \"$1/events.jsonl\" <<END\n\(end)\nEND\nexit 0' TERM\n"
        + "while :; do sleep 0.05; done")
    defer { subject.remove() }
    let watcher = StopsAtEpochs(stop, store: subject.sweep.store, run: subject.sweep.identity("a", 0))
    let report = subject.run(stop: stop, observer: watcher)
    watcher.finish()
    #expect(report.count(.interrupted) == 1)
    #expect(try subject.sweep.store.epochs(of: subject.sweep.identity("a", 0)).count == 4)
    #expect(subject.capsules().isEmpty)
  }

  /// A program that does not listen is ended by the second request.
  @Test func aProcessThatDoesNotListenIsKilled() throws {
    let stop = StopSignal()
    let subject = try Subject(
      Self.telling([Self.start] + Self.epochs) + "trap '' TERM INT HUP\nwhile :; do sleep 0.05; done")
    defer { subject.remove() }
    let watcher = StopsAtEpochs(stop, store: subject.sweep.store, run: subject.sweep.identity("a", 0), request: .now)
    let start = ContinuousClock.now
    let report = subject.run(stop: stop, observer: watcher)
    watcher.finish()
    #expect(report.count(.interrupted) == 1 && ContinuousClock.now - start < .seconds(50))
    #expect(try subject.sweep.store.epochs(of: subject.sweep.identity("a", 0)).count == 4)
  }

  /// What somebody has left who died while it was removed goes with the next attempt.
  @Test func whatIsLeftOfARemovalGoes() throws {
    let subject = try Subject(Self.telling([Self.start] + Self.epochs + [Self.completed]))
    defer { subject.remove() }
    let run = subject.sweep.identity("a", 0)
    let claim = try subject.sweep.store.claim(
      run, sweep: subject.sweep.id, owner: RunStoreSamples.deadProcess, policy: .unfinished)
    guard case .claimed(let claimed) = claim else {
      Issue.record("the run is not free")
      return
    }
    let folder = CapsuleShelf(results: subject.results).capsule(of: claimed.lease)
    try folder.create(CapsuleRun(claimed, threads: 1, resumption: .init(), engine: nil))
    try FileManager.default.moveItem(atPath: folder.path, toPath: folder.path + ".gone")
    #expect(subject.run().isComplete)
    #expect(subject.capsules().isEmpty)
  }

  /// What a process had told when its sweep was killed is taken over by the next attempt, which trains nothing where it
  /// was all.
  @Test func aWholeCapsuleIsTakenOverWithoutTraining() throws {
    let subject = try Subject("exit 9")
    defer { subject.remove() }
    let run = subject.sweep.identity("a", 0)
    // An attempt that got no further than telling everything.
    guard
      case .claimed(let claimed) = try subject.sweep.store.claim(
        run, sweep: subject.sweep.id, owner: RunStoreSamples.deadProcess, policy: .unfinished)
    else {
      Issue.record("the run is not free")
      return
    }
    let folder = CapsuleShelf(results: subject.results).capsule(of: claimed.lease)
    try folder.create(CapsuleRun(claimed, threads: 1, resumption: .init(), engine: nil))
    let writer = try CapsuleWriter(folder)
    for content in [Self.start] + Self.epochs + [Self.completed] { try writer.append(content) }
    let report = subject.run()
    #expect(report.isComplete, "\(report)")
    #expect(try subject.sweep.store.epochs(of: run).count == 4)
    #expect(try subject.sweep.store.attempts(at: run).count == 2)
    #expect(subject.capsules().isEmpty)
  }
}

/// Asks for a stop once epochs are on record.
private final class StopsAtEpochs: SchedulerObserver, @unchecked Sendable {
  // Sendable since its thread only reads what never changes.
  private let thread: Thread
  private let done = Gate()

  init(_ stop: StopSignal, store: InMemoryRunStore, run: RunIdentity, request: StopRequest = .afterStep) {
    let done = done
    thread = Thread {
      for _ in 0..<1200 {
        if (try? store.epochs(of: run).count) ?? 0 > 0 { break }
        Thread.sleep(forTimeInterval: 0.02)
      }
      stop.raise(to: request)
      done.open()
    }
    thread.start()
  }

  func observe(_ event: SchedulerEvent) {}
  func finish() { done.wait() }
}
