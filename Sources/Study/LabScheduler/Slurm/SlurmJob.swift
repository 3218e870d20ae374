import Foundation
import LabCore
import LabRecords
import Synchronization

/// A run that Slurm has, followed by its capsule: what the capsule tells counts, and what Slurm says is asked for where the
/// capsule tells nothing.
final class SlurmJob: RunJob, @unchecked Sendable {
  // Sendable since a job is only ever touched by the thread of its scheduler.
  private enum Stage {
    case waiting
    case submitted(SlurmTaskName, SlurmSubmission)
  }

  let run: ClaimedRun
  let context: RunContext
  private(set) var folder: CapsuleFolder
  private unowned let executor: SlurmRunExecutor
  private let files: any RunFiles
  private var maker: CapsuleMaker { executor.maker }
  /// The attempt that the capsule was made for; an earlier one where its job is followed on.
  private var attempt: Int
  private var stage = Stage.waiting
  private var ingestion: CapsuleIngestion?
  private var isStarted = false
  /// The outcome of a capsule that was whole before anything was submitted.
  private var early: RunOutcome?
  private var endings = 0
  private var lastEnding: ContinuousClock.Instant?
  private var garbage: CapsuleError?
  /// Whether somebody must let the job go, which was said.
  private var isHeld = false
  private(set) var wasPreempted = false

  init(run: ClaimedRun, context: RunContext, executor: SlurmRunExecutor, files: any RunFiles) {
    self.run = run
    self.context = context
    self.executor = executor
    self.files = files
    attempt = run.lease.attempt
    folder = executor.maker.shelf.capsule(of: run.lease)
  }

  // MARK: Beginning

  /// Finds the job that the run has already, or makes a capsule for one.
  ///
  /// - Returns: whether the run is to be submitted.
  func prepare() throws -> Bool {
    for (attempt, capsule) in maker.shelf.left(before: run.lease) {
      if let (task, submission) = try living(capsule) {
        (self.attempt, folder, stage) = (attempt, capsule, .submitted(task, submission))
        try maker.store.log(.note, "job \(task) of Slurm is followed on", lease: run.lease)
        try follow(task)
        return false
      }
      let place = capsule.slurmPlace
      early = try maker.takeOver(capsule, ofAttempt: attempt, lease: run.lease, files: files)
      place.map { SlurmSubmission($0.submission).removeIfDone() }
      if early != nil { return false }
    }
    try maker.make(folder, of: run, context: context, files: files)
    return true
  }

  /// The task that may still write into a capsule; nil where none does.
  private func living(_ capsule: CapsuleFolder) throws -> (SlurmTaskName, SlurmSubmission)? {
    guard let place = capsule.slurmPlace else { return nil }
    let submission = SlurmSubmission(place.submission)
    let snapshot = try executor.queue.current()
    // Whoever submitted it may have died before it could note the number.
    guard let job = submission.job ?? snapshot.jobs[submission.comment] else { return nil }
    let task = SlurmTaskName(job: job, index: place.task)
    guard let state = snapshot.state(of: task, in: submission), state.phase != .ended else { return nil }
    return (task, submission)
  }

  /// Is told that Slurm has the run.
  func wasSubmitted(as task: SlurmTaskName, _ submission: SlurmSubmission) {
    stage = .submitted(task, submission)
  }

  private func follow(_ task: SlurmTaskName) throws {
    executor.follow(task)
    ingestion = try CapsuleIngestion(
      folder, attempt: attempt, into: maker.store, lease: run.lease, files: files, isShared: true)
  }

  // MARK: Following

  func poll() throws -> RunOutcome? {
    if let early { return early }
    guard case .submitted(let task, let submission) = stage else { return try pollWaiting() }
    if ingestion == nil { try follow(task) }
    try takeIn()
    if let garbage {
      try settle(submission)
      return .failed(reason: "\(garbage)")
    }
    if let outcome = try told(submission) { return outcome }
    switch executor.leaving.choice {
    case .leaveAtOnce: return left(task)
    case .leave where context.stopRequest != .none: return left(task)
    case .cancel where context.stopRequest != .none: executor.cancelAll()
    default: break
    }
    return try asked(task, submission)
  }

  private func pollWaiting() throws -> RunOutcome? {
    guard context.stopRequest == .none else {
      executor.withdraw(self)
      try folder.remove()
      return .interrupted(reason: "stopped before Slurm had it")
    }
    try executor.offer()
    return nil
  }

  private func left(_ task: SlurmTaskName) -> RunOutcome {
    .interrupted(reason: "left to Slurm as job \(task); the next start follows it on")
  }

  private func takeIn() throws {
    do {
      try ingestion?.advance(
        progress: { progress in
          noteStart()
          context.report(progress)
        }, remark: context.warn)
    } catch let error as CapsuleError {
      garbage = error
    }
  }

  private func noteStart() {
    guard !isStarted else { return }
    isStarted = true
    context.noteStart()
  }

  /// The outcome that the capsule tells; nil where it tells none that is final.
  private func told(_ submission: SlurmSubmission) throws -> RunOutcome? {
    guard let end = ingestion?.end else { return nil }
    if case .interrupted = end.outcome {
      // Who was asked to stop is started again, or not, by Slurm.
      guard let refusal = ingestion?.refusal else { return nil }
      // What the machine has refused to the process, it would refuse to the next one.
      try settle(submission)
      throw refusal
    }
    let outcome: RunOutcome
    do {
      outcome = try maker.completion(end, files: files) ?? end.outcome
    } catch let error as any RunFailure where !error.endsSweep {
      try settle(submission)
      throw error
    }
    noteStart()
    let check = Result {
      if case .completed = outcome { try maker.checkEnd(of: run, in: folder, context: context, files: files) }
    }
    // What does not count is not to be found by the next attempt.
    try settle(submission)
    try check.get()
    return outcome
  }

  /// Keeps what was printed, and removes the capsule.
  private func settle(_ submission: SlurmSubmission) throws {
    maker.keepOutput(of: folder, attempt: attempt, files: files)
    try folder.remove()
    submission.removeIfDone()
  }

  // MARK: Asking Slurm

  /// What Slurm's word makes of a run of which nothing final is told; nil while it is under way.
  private func asked(_ task: SlurmTaskName, _ submission: SlurmSubmission) throws -> RunOutcome? {
    guard let snapshot = executor.queue.snapshot else { return nil }
    let state = snapshot.state(of: task, in: submission)
    if state?.phase == .running { noteStart() }
    if let state, state.isHeld, !isHeld {
      context.warn("its job \(task) is held (\(state.reason)); scontrol release \(task) lets it go")
    }
    isHeld = state?.isHeld ?? false
    guard state == nil || state?.phase == .ended else {
      endings = 0
      return nil
    }
    // What was written last may be seen a moment after Slurm knows of the end, and what was submitted a moment after that.
    if snapshot.instant != lastEnding {
      lastEnding = snapshot.instant
      endings += 1
    }
    guard endings >= SlurmJob.sureEndings else { return nil }
    return try outcome(of: state ?? executor.recorded(task), task, submission)
  }

  /// Answers of Slurm that say the same before it is believed.
  private static let sureEndings = 3

  private func outcome(
    of state: SlurmTaskState?, _ task: SlurmTaskName, _ submission: SlurmSubmission
  ) throws -> RunOutcome {
    let wasAsked = context.stopRequest != .none && executor.leaving.choice == .cancel
    let hasBegun = FileManager.default.fileExists(atPath: folder.processPath)
    let said = (hasBegun ? folder.lastLines(20) : submission.lastLines(20, ofTask: task.index))
    if ingestion?.end == nil, !maker.isOfEngine {
      try UnheardReports.tell(folder)
      try takeIn()
    }
    let told = ingestion?.end?.outcome
    try settle(submission)
    if wasAsked || state?.isCancelled == true {
      return .interrupted(reason: wasAsked ? "stopped on request" : "its job \(task) was cancelled")
    }
    let clause = state?.clause ?? "is no longer known to Slurm, and has not told how it ended"
    var reason = "its job \(task) \(clause)"
    if let state, state.isOutOfMemory {
      if executor.noteOutOfMemory(run.lease.run) { return .failed(reason: reason, isRetriable: true) }
      return .failed(reason: "\(reason); execution.executor.memory asks for more")
    }
    // It has stopped by itself, to go on another time.
    if let told, state?.word == "COMPLETED" { return told }
    // It has written a checkpoint, and goes on from there.
    if state?.isPreempted == true || told != nil {
      wasPreempted = true
      return .failed(reason: reason, isRetriable: true)
    }
    for line in said { try maker.store.log(.warning, "its job said: \(line)", lease: run.lease) }
    if let line = said.last { reason += "; it said last: \(line)" }
    return .failed(reason: reason, isRetriable: true)
  }
}
