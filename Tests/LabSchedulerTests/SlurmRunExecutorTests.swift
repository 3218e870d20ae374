import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Synchronization
import Testing

/// Runs that Slurm has, where Slurm says whatever a test wants it to say.
@Suite struct SlurmRunExecutorTests {
  /// In place of Slurm's commands.
  private final class FakeSlurm: Sendable {
    struct State {
      /// What sbatch was given.
      var submissions: [[String]] = []
      /// Slurm's word for the tasks of each array, and why.
      var words: [Int: String] = [:]
      var cancelled: [String] = []
      /// How often scancel was called.
      var cancellations = 0
      /// The comments of arrays.
      var comments: [Int: String] = [:]
      /// What sbatch answers, before it takes anything.
      var refusals: [String] = []
      var isAway = false
      var accounting: [Int: String] = [:]
      /// What happens when an array is taken: its number and its folder.
      var whenTaken: @Sendable (Int, SlurmFolder) throws -> Void = { _, _ in }
    }

    let state = Mutex(State())

    var client: SlurmClient { SlurmClient { [self] in try answer($0) } }

    private func answer(_ words: [String]) throws -> SlurmClient.Answer {
      switch words[0] {
      case "sbatch": return try take(words)
      case "squeue":
        return state.withLock { state in
          if state.isAway { return .init(status: 1, errors: "squeue: error: Unable to contact slurm controller") }
          let lines = state.words.flatMap { job, word in
            (0..<8).map { "\(job)|\($0)|\(word)|None|node7|\(state.comments[job] ?? "")\n" }
          }
          return .init(status: 0, output: lines.joined())
        }
      case "scancel":
        state.withLock { state in
          state.cancellations += 1
          state.cancelled += words.dropFirst()
          for word in words.dropFirst() { state.words[Int(word.prefix { $0 != "_" }) ?? 0] = "CANCELLED" }
        }
        return .init(status: 0)
      case "sacct":
        let job = Int(words.last?.split(separator: "=").last?.prefix { $0 != "_" } ?? "") ?? 0
        let word = state.withLock { $0.accounting[job] }
        return word.map { .init(status: 0, output: "\($0)|node7\n") }
          ?? .init(status: 1, errors: "Slurm accounting storage is disabled")
      default: return .init(status: 1, errors: "no \(words[0]) here")
      }
    }

    private func take(_ words: [String]) throws -> SlurmClient.Answer {
      let (number, refusal) = state.withLock { state -> (Int, String?) in
        if !state.refusals.isEmpty { return (0, state.refusals.removeFirst()) }
        state.submissions.append(words)
        let number = state.submissions.count
        state.words[number] = "RUNNING"
        state.comments[number] = words.first { $0.hasPrefix("--comment=") }.map { String($0.dropFirst(10)) }
        return (number, nil)
      }
      if let refusal { return .init(status: 1, errors: "sbatch: error: \(refusal)\n") }
      let happens = state.withLock { $0.whenTaken }
      try happens(number, SlurmFolder(script: words.last ?? ""))
      return .init(status: 0, output: "\(number)\n")
    }

    func set(_ job: Int, _ word: String?) { state.withLock { $0.words[job] = word } }
  }

  /// The folder of a submission, as its tasks see it.
  private struct SlurmFolder: Sendable {
    let script: String

    func tasks() throws -> [[CapsuleFolder]] {
      let path = (script as NSString).deletingLastPathComponent + "/tasks.json"
      return try JSONDecoder().decode([[String]].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
        .map { $0.map(CapsuleFolder.init) }
    }

    /// What tasks tell that have nothing to train.
    func complete() throws {
      for capsule in try tasks().joined() {
        try SlurmRunExecutorTests.tell([start] + epochs + [completed], to: capsule)
      }
    }
  }

  private struct Subject {
    let sweep: ScheduledSweep
    let results = FileManager.default.temporaryDirectory.path + "/slurm-\(UUID().uuidString)"
    let slurm = FakeSlurm()
    let leaving = LeavingPolicy()
    let said = Log()

    init(levels: [String] = ["a"], seeds: [UInt64] = [0]) throws {
      sweep = try ScheduledSweep(levels: levels, seeds: seeds)
    }

    func remove() { try? FileManager.default.removeItem(atPath: results) }

    func run(
      _ options: [String: JSONValue] = [:], retries: Int = 0, stop: StopSignal = StopSignal(),
      expect: RunExpectation = .init(), observer: (any SchedulerObserver)? = nil
    ) throws -> SchedulerReport {
      var members = options
      members["poll_seconds"] = 0.02
      let executor = SlurmRunExecutor(
        CapsuleMaker(store: sweep.store, results: results, trainer: .engine(nil)), name: "study", results: results,
        options: try SlurmOptions(.object(members)), command: "labrun train-task", leaving: leaving,
        client: slurm.client,
        expect: { _ in expect }, say: { [said] in said.add($0) })
      return sweep.run(
        executor, options: Scheduler.Options(workers: 100, retries: retries), stop: stop, observer: observer)
    }

    func reason(_ level: String = "a") throws -> String? { try sweep.store.run(sweep.identity(level, 0))?.reason }
    func left(_ name: String) -> [String] {
      (try? FileManager.default.contentsOfDirectory(atPath: "\(results)/\(name)")) ?? []
    }
  }

  private final class Log: Sendable {
    private let stored = Mutex<[String]>([])
    var lines: [String] { stored.withLock { $0 } }
    func add(_ line: String) { stored.withLock { $0.append(line) } }
  }

  private static let start = CapsuleEvent.Content.start(RunStoreSamples.provenance(), epoch: 0, step: 0)
  private static let epochs = (0..<4).map { CapsuleEvent.Content.epoch(RunStoreSamples.epoch($0)) }
  private static var completed: CapsuleEvent.Content {
    var record = RunStoreSamples.final()
    record.bestEpoch = nil
    return .final(.completed(record), epochs: 4)
  }

  private static func tell(_ contents: [CapsuleEvent.Content], to capsule: CapsuleFolder) throws {
    let writer = try CapsuleWriter(capsule)
    for content in contents { try writer.append(content) }
  }

  // MARK: Submitting

  @Test func runsGoTogetherAndWhatTheyTellIsStored() throws {
    let subject = try Subject(levels: ["a", "b", "c"], seeds: [0, 1])
    defer { subject.remove() }
    subject.slurm.state.withLock { $0.whenTaken = { try $1.complete() } }
    let log = EventLog()
    let report = try subject.run(
      [
        "partition": "gpu", "gpus": 2, "cpus": 3, "max_running": 4, "time": "01:00:00", "memory": "4G",
        "options": ["--account=vision"],
      ], observer: log)
    #expect(report.isComplete && report.trainedCount == 6)
    let submissions = subject.slurm.state.withLock { $0.submissions }
    #expect(submissions.count == 1)
    let words = try #require(submissions.first)
    for word in [
      "--array=0-5%4", "--job-name=labrun-study", "--requeue", "--partition=gpu", "--gpus=2", "--cpus-per-task=3",
      "--mem=4G",
      "--time=60", "--signal=B:USR1@120", "--account=vision",
    ] {
      #expect(words.contains(word), "\(word): \(words)")
    }
    #expect(log.events.count { if case .submitted = $0 { true } else { false } } == 6)
    #expect(log.events.count { if case .started = $0 { true } else { false } } == 6)
    #expect(subject.said.lines == ["submitted 6 runs to Slurm as job 1"])
    #expect(subject.left("capsules").isEmpty && subject.left("slurm").isEmpty)
  }

  /// A sweep that is killed between the two leaves the submission of capsules that are gone; the next one removes it.
  @Test func submissionsWithoutCapsulesGo() throws {
    let subject = try Subject()
    defer { subject.remove() }
    let capsule = CapsuleFolder("\(subject.results)/capsules/another-1")
    try AtomicFile.createFolder(capsule.path)
    try Data("{}".utf8).write(to: URL(fileURLWithPath: capsule.runPath))
    for (name, tasks) in [("done", ["\(subject.results)/capsules/gone-1"]), ("alive", [capsule.path])] {
      try AtomicFile.createFolder("\(subject.results)/slurm/\(name)")
      try JSONEncoder().encode([tasks]).write(
        to: URL(fileURLWithPath: "\(subject.results)/slurm/\(name)/tasks.json"))
    }
    subject.slurm.state.withLock { $0.whenTaken = { try $1.complete() } }
    #expect(try subject.run().isComplete)
    #expect(subject.left("slurm") == ["alive"])
  }

  /// Small runs share a task, large ones do not wait for each other; what is expected is asked for.
  @Test func whatAPlanExpectsIsAskedFor() throws {
    let subject = try Subject(levels: ["a", "b", "c"], seeds: [0, 1])
    defer { subject.remove() }
    subject.slurm.state.withLock { $0.whenTaken = { try $1.complete() } }
    let expected = RunExpectation(bytes: 1 << 30, seconds: 100)
    let report = try subject.run(["max_running": 2], expect: expected)
    #expect(report.isComplete)
    let words = try #require(subject.slurm.state.withLock { $0.submissions.first })
    // Six runs in two tasks of three: 3 × 100 s × 4, and ten minutes.
    #expect(words.contains("--array=0-1%2") && words.contains("--time=30") && words.contains("--mem=1792M"), "\(words)")
  }

  @Test func aClusterThatIsBusyIsAskedAgain() throws {
    let subject = try Subject(levels: ["a", "b"])
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { try $1.complete() }
      $0.refusals = ["Batch job submission failed: Unable to contact slurm controller (connect failure)"]
    }
    let report = try subject.run()
    #expect(report.isComplete)
    #expect(
      subject.said.lines == [
        "Slurm does not take the jobs now (Batch job submission failed: Unable to contact slurm controller (connect failure)); "
          + "they are offered again", "submitted 2 runs to Slurm as job 1",
      ])
    #expect(subject.left("slurm").isEmpty)
  }

  /// Where only so many jobs may wait, fewer are submitted at a time.
  @Test func aLimitOnJobsIsKept() throws {
    let subject = try Subject(levels: ["a", "b", "c", "d"])
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { try $1.complete() }
      $0.refusals = ["Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size)"]
    }
    #expect(try subject.run().isComplete)
    let arrays = subject.slurm.state.withLock { $0.submissions.compactMap { $0.first { $0.hasPrefix("--array") } } }
    #expect(arrays == ["--array=0-1", "--array=0-1"])
  }

  @Test func whatIsRefusedForGoodEndsTheSweep() throws {
    let subject = try Subject(levels: ["a", "b"])
    defer { subject.remove() }
    subject.slurm.state.withLock { $0.refusals = ["Batch job submission failed: Invalid account"] }
    let report = try subject.run()
    #expect(
      report.endingError as? SlurmError == .refused(problem: "Batch job submission failed: Invalid account"),
      "\(String(describing: report.endingError))")
    #expect(report.count(.interrupted) == 2 && subject.left("capsules").isEmpty)
  }

  // MARK: Ending

  /// What becomes of a run of which the capsule tells nothing is Slurm's word.
  @Test(arguments: [
    ("CANCELLED", RunState.interrupted, "its job 1_0 was cancelled"),
    ("TIMEOUT", .failed, "its job 1_0 had not ended when its time was up"),
    ("NODE_FAIL", .failed, "its job 1_0 was lost with its machine, node7"),
    ("FAILED", .failed, "its job 1_0 ended early (FAILED)"),
    ("COMPLETED", .failed, "its job 1_0 ended early"),
    (
      "OUT_OF_MEMORY", .failed,
      "its job 1_0 was ended, since it used more memory than it had asked for; execution.executor.memory asks for more"
    ),
  ])
  func anEndWithoutAWordIsNamed(word: String, state: RunState, reason: String) throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock { $0.whenTaken = { [slurm = subject.slurm] job, _ in slurm.set(job, word) } }
    let report = try subject.run()
    #expect(report.count(state) == 1)
    #expect(try subject.reason() == reason)
    #expect(subject.left("capsules").isEmpty && subject.left("slurm").isEmpty)
  }

  /// What the queue has forgotten, accounting may know.
  @Test(arguments: [
    ("NODE_FAIL", "its job 1_0 was lost with its machine, node7"),
    (nil, "its job 1_0 is no longer known to Slurm, and has not told how it ended"),
  ])
  func aForgottenJobIsAskedOfAccounting(word: String?, reason: String) throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.accounting[1] = word
      $0.whenTaken = { [slurm = subject.slurm] job, _ in slurm.set(job, nil) }
    }
    _ = try subject.run()
    #expect(try subject.reason() == reason)
  }

  /// A controller that has lost its memory gives numbers a second time: another's job is not taken for the run's own.
  @Test func anotherJobOfTheSameNumberIsNotItsOwn() throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { [slurm = subject.slurm] job, folder in
        if job > 1 { return try folder.complete() }
        slurm.state.withLock { $0.comments[job] = "labrun:another" }
      }
    }
    #expect(try subject.run(retries: 1).isComplete)
    #expect(subject.slurm.state.withLock { $0.submissions.count } == 2)
  }

  /// A lost node is a reason to try again; to make room for others does not count.
  @Test func aPreemptedRunIsLinedUpAgainHoweverOften() throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { [slurm = subject.slurm] job, folder in
        if job < 4 { slurm.set(job, "PREEMPTED") } else { try folder.complete() }
      }
    }
    let report = try subject.run(retries: 0)
    #expect(report.isComplete)
    #expect(subject.slurm.state.withLock { $0.submissions.count } == 4)
  }

  @Test func moreMemoryIsAskedForAfterItRanOut() throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { [slurm = subject.slurm] job, folder in
        if job == 1 { slurm.set(job, "OUT_OF_MEMORY") } else { try folder.complete() }
      }
    }
    let report = try subject.run(retries: 1, expect: .init(bytes: 1 << 30))
    #expect(report.isComplete)
    let memory = subject.slurm.state.withLock { $0.submissions.compactMap { $0.first { $0.hasPrefix("--mem") } } }
    #expect(memory == ["--mem=1792M", "--mem=3584M"])
  }

  /// A task that Slurm starts again tells more after it was interrupted.
  @Test func whatIsInterruptedIsWaitedForWhileItIsQueued() throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { [slurm = subject.slurm] job, folder in
        slurm.set(job, "PENDING")
        let capsule = try folder.tasks()[0][0]
        let half = [SlurmRunExecutorTests.start] + SlurmRunExecutorTests.epochs.prefix(2)
        try SlurmRunExecutorTests.tell(
          half + [.final(.interrupted(reason: "stopped on request"), epochs: 2)], to: capsule)
        Thread.detachNewThread {
          Thread.sleep(forTimeInterval: 0.4)
          let rest =
            [.start(RunStoreSamples.provenance(), epoch: 2, step: 10)] + SlurmRunExecutorTests.epochs.suffix(2)
            + [SlurmRunExecutorTests.completed]
          try? SlurmRunExecutorTests.tell(rest, to: capsule)
        }
      }
    }
    let report = try subject.run()
    #expect(report.isComplete)
    #expect(try subject.sweep.store.epochs(of: subject.sweep.identity("a", 0)).map(\.epoch) == [0, 1, 2, 3])
  }

  @Test func aControllerThatIsAwayIsSaidOnce() throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.slurm.state.withLock {
      $0.whenTaken = { [slurm = subject.slurm] job, folder in
        slurm.state.withLock { $0.isAway = true }
        Thread.detachNewThread {
          Thread.sleep(forTimeInterval: 0.3)
          slurm.state.withLock { $0.isAway = false }
          Thread.sleep(forTimeInterval: 0.2)
          try? folder.complete()
        }
      }
    }
    #expect(try subject.run().isComplete)
    #expect(
      Array(subject.said.lines.dropFirst()) == [
        "Slurm does not say which jobs there are (Unable to contact slurm controller); runs go on, and it is asked again",
        "Slurm answers again",
      ])
  }

  // MARK: Leaving

  /// What was left is found by its capsule, also where whoever submitted it could not note its number.
  @Test(arguments: [true, false]) func whatWasLeftIsFollowedOn(isNoted: Bool) throws {
    let subject = try Subject()
    defer { subject.remove() }
    subject.leaving.choice = .leaveAtOnce
    let left = try subject.run()
    #expect(left.count(.interrupted) == 1)
    #expect(try subject.reason() == "left to Slurm as job 1_0; the next start follows it on")
    #expect(subject.left("capsules").count == 1)
    let submission = try #require(subject.left("slurm").first)
    if !isNoted { unlink("\(subject.results)/slurm/\(submission)/job.txt") }
    try SlurmFolder(script: "\(subject.results)/slurm/\(submission)/job.sh").complete()
    subject.leaving.choice = .leave
    let followed = try subject.run()
    #expect(followed.isComplete)
    // Without a number nobody can tell that it runs, but what it has told counts.
    #expect(subject.slurm.state.withLock { $0.submissions.count } == 1)
    #expect(subject.left("capsules").isEmpty && subject.left("slurm").isEmpty)
  }

  @Test func aRequestToStopLeavesOrCancels() throws {
    for choice in [LeavingPolicy.Choice.leave, .cancel] {
      let subject = try Subject(levels: ["a", "b"])
      defer { subject.remove() }
      let stop = StopSignal()
      subject.leaving.choice = choice
      subject.slurm.state.withLock { $0.whenTaken = { _, _ in stop.raise(to: .afterStep) } }
      let report = try subject.run(stop: stop)
      #expect(report.count(.interrupted) == 2)
      #expect(subject.slurm.state.withLock { $0.cancelled } == (choice == .cancel ? ["1_0", "1_1"] : []))
      #expect(subject.slurm.state.withLock { $0.cancellations } == (choice == .cancel ? 1 : 0))
      #expect(subject.left("capsules").count == (choice == .cancel ? 0 : 2))
    }
  }
}
