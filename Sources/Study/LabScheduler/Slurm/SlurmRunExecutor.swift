import Foundation
import LabCore
import LabRecords
import Synchronization

/// Hands runs to Slurm, as tasks of arrays, and follows them by their capsules.
///
/// Jobs outlive this process: what is submitted is found again by its capsule, whoever comes next.
public final class SlurmRunExecutor: RunExecutor {
  let maker: CapsuleMaker
  let queue: SlurmQueue
  let options: SlurmOptions
  let leaving: LeavingPolicy
  private let client: SlurmClient
  private let name: String
  private let results: String
  private let command: String
  private let expect: @Sendable (RunIdentity) -> RunExpectation
  private let say: @Sendable (String) -> Void

  private struct State {
    /// Jobs that Slurm does not have yet, in their order.
    var waiting: [SlurmJob] = []
    /// When those are offered again that Slurm did not take.
    var nextOffer = ContinuousClock.now
    var hasComplained = false
    var largestArray: Int?
    /// Tasks that are followed.
    var followed: Set<SlurmTaskName> = []
    /// Tasks that Slurm was asked to end.
    var cancelled: Set<SlurmTaskName> = []
    /// How often the memory of a run was doubled.
    var doublings: [RunIdentity: Int] = [:]
  }

  private let state = Mutex(State())

  /// Creates an executor.
  ///
  /// - Parameters:
  ///   - maker: what makes the capsules of runs.
  ///   - name: the sweep's name, which jobs carry.
  ///   - results: the results folder.
  ///   - options: what is asked of Slurm.
  ///   - command: the words that train a task, in a shell's form; the folder of its submission and its index follow.
  ///   - leaving: what becomes of jobs where the sweep is stopped.
  ///   - client: what asks Slurm.
  ///   - expect: what the plan expects of a run.
  ///   - say: is told what a person should know.
  public init(
    _ maker: CapsuleMaker, name: String, results: String, options: SlurmOptions, command: String,
    leaving: LeavingPolicy, client: SlurmClient = SlurmClient(),
    expect: @escaping @Sendable (RunIdentity) -> RunExpectation, say: @escaping @Sendable (String) -> Void
  ) {
    self.maker = maker
    self.name = name
    self.results = results.absolutePath
    self.options = options
    self.command = command
    self.leaving = leaving
    self.client = client
    self.expect = expect
    self.say = say
    queue = SlurmQueue(client, interval: .milliseconds(Int(options.pollSeconds * 1000)), say: say)
    SlurmSubmission.removeDone(results: self.results)
  }

  public var startsAtOnce: Bool { false }
  public var pollInterval: Duration { .milliseconds(Int(min(options.pollSeconds, 1) * 1000)) }

  public func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
    let files = try maker.store.files(of: run.lease)
    let job = SlurmJob(run: run, context: context, executor: self, files: files)
    if try job.prepare() { state.withLock { $0.waiting.append(job) } }
    return job
  }

  public func flush() throws { try offer(isForced: true) }

  /// Offers Slurm what it does not have yet, unless it has refused that just now.
  func offer(isForced: Bool = false) throws {
    let jobs = state.withLock { state -> [SlurmJob] in
      guard isForced || ContinuousClock.now >= state.nextOffer else { return [] }
      defer { state.waiting = [] }
      return state.waiting
    }
    guard !jobs.isEmpty else { return }
    let largest = try largestArray()
    var rest = SlurmPacking(
      jobs.map { ($0, request(for: $0.run.lease.run)) }, options: options, largestArray: largest
    ).arrays[...]
    while let array = rest.popFirst() {
      guard try !submit(array) else { continue }
      state.withLock { state in
        state.waiting += array.tasks.joined() + rest.flatMap { $0.tasks.joined() }
        state.nextOffer = .now + .seconds(max(options.pollSeconds, 2) * 3)
      }
      return
    }
    state.withLock { $0.hasComplained = false }
  }

  /// Takes a run back that Slurm does not have yet.
  func withdraw(_ job: SlurmJob) { state.withLock { $0.waiting.removeAll { $0 === job } } }

  private func largestArray() throws -> Int {
    if let known = state.withLock({ $0.largestArray }) { return known }
    let size = client.largestArray()
    state.withLock { $0.largestArray = size }
    return size
  }

  // MARK: Submitting

  private func request(for run: RunIdentity) -> SlurmPacking<SlurmJob>.Request {
    let expected = expect(run)
    let doublings = state.withLock { $0.doublings[run] ?? 0 }
    // Beside what is planned: the program itself, and its libraries.
    let megabytes = expected.bytes.map { ($0 / 4 * 5 / 1_048_576 + 512) << doublings }
    return .init(megabytes: megabytes, seconds: expected.seconds)
  }

  /// Submits an array.
  ///
  /// - Returns: false where Slurm may take it later.
  /// - Throws: ``SlurmError`` where it will not.
  private func submit(_ array: SlurmPacking<SlurmJob>.Array) throws -> Bool {
    let submission = SlurmSubmission("\(SlurmSubmission.shelf(results: results))/\(UUID().uuidString)")
    try submission.create(tasks: array.tasks.map { $0.map(\.folder) }, script: script(submission))
    let threads = array.tasks.joined().map(\.context.threads).max() ?? 1
    let answer = try client.run(["sbatch"] + words(for: array, submission, threads: threads) + [submission.scriptPath])
    // A cluster of several adds its name behind a semicolon.
    let number = answer.output.split(whereSeparator: \.isNewline).last?.prefix { $0 != ";" }
      .trimmingCharacters(in: .whitespaces)
    guard answer.status == 0, let number, !number.isEmpty else {
      let problem = answer.problem
      guard SlurmRunExecutor.isPassing(problem) else { throw SlurmError.refused(problem: problem) }
      // It may have taken the array, and not been able to say so: then its tasks find nothing to do.
      try? FileManager.default.removeItem(atPath: submission.path)
      let isNew = state.withLock { state -> Bool in
        defer { state.hasComplained = true }
        if SlurmRunExecutor.isOfNumber(problem) { state.largestArray = max(1, array.tasks.count / 2) }
        return !state.hasComplained
      }
      if isNew { say("Slurm does not take the jobs now (\(problem)); they are offered again") }
      return false
    }
    try submission.note(job: number)
    for (index, jobs) in array.tasks.enumerated() {
      let task = SlurmTaskName(job: number, index: index)
      follow(task)
      for job in jobs { job.wasSubmitted(as: task, submission) }
    }
    let (tasks, runs) = (array.tasks.count, array.tasks.joined().count)
    say(
      "submitted \(runs) \(runs == 1 ? "run" : "runs") to Slurm as job \(number)"
        + (tasks == runs ? "" : " (\(tasks) \(tasks == 1 ? "task" : "tasks"))"))
    return true
  }

  /// The options of sbatch.
  private func words(
    for array: SlurmPacking<SlurmJob>.Array, _ submission: SlurmSubmission, threads: Int
  ) -> [String] {
    let throttle = array.maxRunning.map { "%\($0)" } ?? ""
    var words = [
      "--parsable", "--job-name=labrun-\(name)", "--comment=\(submission.comment)",
      "--array=0-\(array.tasks.count - 1)\(throttle)", "--requeue", "--open-mode=append",
      "--output=\(submission.outputPath(of: "%a"))", "--ntasks=1", "--cpus-per-task=\(options.cpus ?? threads)",
    ]
    if let partition = options.partition { words.append("--partition=\(partition)") }
    if let gpus = options.gpus { words.append("--gpus=\(gpus)") }
    if let memory = options.memory ?? array.megabytes.map({ "\($0)M" }) { words.append("--mem=\(memory)") }
    let minutes = options.timeMinutes ?? array.minutes
    if let minutes { words.append("--time=\(minutes)") }
    // Slurm may be a minute early with it.
    words.append("--signal=B:USR1@\(minutes.map { min(options.warningSeconds, $0 * 30) } ?? options.warningSeconds)")
    return words + options.options
  }

  private func script(_ submission: SlurmSubmission) -> String {
    // What labrun reads of its environment, also where a site does not pass environments on.
    let variables = ProcessInfo.processInfo.environment.filter {
      $0.key.hasPrefix("LABRUN_") && $0.key != "LABRUN_CAPSULE"
    }
    .sorted { $0.key < $1.key }.map { "export \($0.key)=\($0.value.shellQuoted)\n" }.joined()
    return """
      #!/bin/bash
      # A task of a sweep of labrun: it trains the runs whose capsules tasks.json names.
      set -e
      \(variables)\(options.setup.map { $0 + "\n" }.joined())exec \(command) \(submission.path.shellQuoted) "$SLURM_ARRAY_TASK_ID"

      """
  }

  /// Whether sbatch may do later what it does not do now.
  private static func isPassing(_ problem: String) -> Bool {
    let passing = [
      "Unable to contact slurm controller", "Socket timed out", "Connection refused", "Connection reset",
      "temporarily unable", "Resource temporarily unavailable", "Zero Bytes were transmitted", "Transport endpoint",
      "backup controller in standby", "not responding",
    ]
    return isOfNumber(problem) || passing.contains { problem.localizedCaseInsensitiveContains($0) }
  }

  /// Whether sbatch would take fewer jobs.
  private static func isOfNumber(_ problem: String) -> Bool {
    ["submit limit", "MaxSubmitJob", "MaxJobCount", "job limit"].contains {
      problem.localizedCaseInsensitiveContains($0)
    }
  }

  // MARK: Ending

  /// Notes that a task is followed.
  func follow(_ task: SlurmTaskName) { state.withLock { _ = $0.followed.insert(task) } }

  /// Asks Slurm to end all tasks that are followed, each once.
  func cancelAll() {
    let tasks = state.withLock { state in
      let tasks = state.followed.subtracting(state.cancelled)
      state.cancelled.formUnion(tasks)
      return tasks
    }
    guard !tasks.isEmpty else { return }
    do {
      try client.cancel(tasks.map(\.description).sorted())
    } catch {
      // It is asked again at the next look.
      state.withLock { $0.cancelled.subtract(tasks) }
    }
  }

  /// Notes that a run has used up its memory.
  ///
  /// - Returns: whether it gets more the next time.
  func noteOutOfMemory(_ run: RunIdentity) -> Bool {
    guard options.memory == nil, expect(run).bytes != nil else { return false }
    state.withLock { $0.doublings[run, default: 0] += 1 }
    return true
  }

  /// What Slurm's accounting says of a task that its queue has forgotten; nil where there is none.
  func recorded(_ task: SlurmTaskName) -> SlurmTaskState? {
    guard
      let answer = try? client.run(
        ["sacct", "--noheader", "--allocations", "--parsable2", "--format=State,NodeList", "--jobs=\(task)"]),
      answer.status == 0, let line = answer.output.split(separator: "\n").last
    else { return nil }
    let fields = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
    guard let word = fields.first?.split(separator: " ").first else { return nil }
    return SlurmTaskState(word: String(word), reason: "", node: fields.dropFirst().first ?? "")
  }
}
