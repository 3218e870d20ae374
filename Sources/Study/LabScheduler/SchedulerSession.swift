import Dispatch
import Foundation
import LabCore
import LabRecords

/// One call of a scheduler: which runs its workers have, and what became of the others.
///
/// It belongs to one thread, which sleeps while there is nothing to start and nothing to look at.
struct SchedulerSession {
  /// A run that a worker has.
  private struct Activity {
    var run: ScheduledRun
    var lease: RunLease
    var job: any RunJob
    var start: ContinuousClock.Instant
  }

  /// How long a stop request can be overlooked.
  private static let longestWait = Duration.milliseconds(200)

  private let scheduler: Scheduler
  private let runs: [ScheduledRun]
  private let sweep: Int64
  private let stop: StopSignal
  private let leases: LeaseKeeper
  private let events: EventChannel
  private let wakeUp = DispatchSemaphore(value: 0)

  private var queue: RunQueue
  private var results: [RunIdentity: SchedulerReport.Result]
  /// What each worker has, by its index.
  private var activities: [Int: Activity] = [:]
  /// No worker before this one is free: of those that a cluster has there may be thousands.
  private var firstFreeWorker = 0
  private var nextRecheck: ContinuousClock.Instant
  private var announcedBusy = Set<RunIdentity>()
  private var announcedStop = StopRequest.none
  /// The first error of the machine that concerned one run only.
  private var machineError: (any Error)?
  /// How many runs in a row the machine has interrupted.
  private var machineErrorCount = 0
  private var hasFailedFast = false
  /// Why no further run is started.
  private var refusal: (any Error)?
  /// How often each run was tried again.
  private var retryCounts: [RunIdentity: Int] = [:]
  /// Runs at a time; fewer than the options have, once the system has run out of memory.
  private var workerCount: Int

  init(
    scheduler: Scheduler, runs: [ScheduledRun], sweep: Int64, stop: StopSignal, leases: LeaseKeeper,
    events: EventChannel
  ) {
    self.scheduler = scheduler
    self.sweep = sweep
    self.stop = stop
    self.leases = leases
    self.events = events
    queue = RunQueue(runs, budgetBytes: scheduler.options.memoryBudgetBytes, passLimit: 4 * scheduler.workerCount)
    self.runs = queue.remaining
    workerCount = scheduler.workerCount
    results = Dictionary(uniqueKeysWithValues: self.runs.map { ($0.identity, .notStarted) })
    nextRecheck = .now + scheduler.options.recheckInterval
    events.emit(.began(runs: self.runs.count, workers: scheduler.workerCount))
  }

  private var stopRequest: StopRequest { max(stop.request, leases.ownStop.request) }

  /// Works until nothing is left to do.
  mutating func work() {
    while true {
      announceStop()
      if stopRequest == .none, refusal == nil { startRuns() }
      let isIdle = activities.isEmpty
      if isIdle, stopRequest != .none || refusal != nil || !queue.hasRuns { return announceStop() }
      sleep()
      lookAtJobs()
    }
  }

  /// Ends the session after the last run.
  func conclude() -> SchedulerReport {
    let report = SchedulerReport(
      runs: runs, results: results, stopRequest: stopRequest, endingError: leases.endingError,
      machineError: refusal ?? machineError, hasFailedFast: hasFailedFast)
    events.emit(.finished(report))
    events.drain()
    return report
  }

  private mutating func announceStop() {
    guard stopRequest > announcedStop else { return }
    announcedStop = stopRequest
    events.emit(.stopping(announcedStop))
  }

  /// Waits for a job that asks for a look, or until it is time for one.
  private func sleep() {
    var wait = min(SchedulerSession.longestWait, scheduler.executor.pollInterval)
    if !queue.postponed.isEmpty { wait = min(wait, max(.zero, nextRecheck - .now)) }
    guard wakeUp.wait(timeout: .now() + wait.dispatchInterval) == .success else { return }
    // All that have asked meanwhile are looked at together.
    while wakeUp.wait(timeout: .now()) == .success {}
  }

  // MARK: Starting

  /// Gives runs to workers that have none, as far as memory allows.
  private mutating func startRuns() {
    if !queue.postponed.isEmpty, ContinuousClock.now >= nextRecheck {
      queue.reconsiderPostponed()
      nextRecheck = .now + scheduler.options.recheckInterval
    }
    var hasSubmitted = false
    next: while stopRequest == .none, refusal == nil, activities.count < workerCount,
      let worker = (firstFreeWorker..<scheduler.workerCount).first(where: { activities[$0] == nil })
    {
      firstFreeWorker = worker
      switch queue.next() {
      case .start(let run):
        if let claimed = claim(run) {
          submit(run, claimed, worker: worker)
          hasSubmitted = true
        } else {
          queue.release(run)
        }
      case .tooLarge(let run): rejectTooLarge(run, worker: worker)
      case .wait, .empty: break next
      }
    }
    guard hasSubmitted else { return }
    do { try scheduler.executor.flush() } catch { leases.endWork(with: error) }
  }

  /// Claims a run, or notes why it is not this scheduler's to train.
  private mutating func claim(_ run: ScheduledRun) -> ClaimedRun? {
    let result: ClaimResult
    do {
      result = try scheduler.store.claim(
        run.identity, sweep: sweep, owner: .current,
        // What is tried again goes on from its last checkpoint, whatever was asked for at first.
        policy: retryCounts[run.identity] == nil ? scheduler.options.policy : .unfinished)
    } catch {
      leases.endWork(with: error)
      return nil
    }
    switch result {
    case .claimed(let claimed): return claimed
    case .finished(let reached):
      results[run.identity] = .reused(reached)
      events.emit(.reused(run, reached))
    case .busy(let owner, _):
      queue.postpone(run)
      if announcedBusy.insert(run.identity).inserted { events.emit(.busy(run, owner: owner)) }
    }
    return nil
  }

  private mutating func submit(_ run: ScheduledRun, _ claimed: ClaimedRun, worker: Int) {
    let runStop = StopSignal()
    leases.keep(claimed.lease, worker: worker, stop: runStop)
    let started = SchedulerEvent.started(
      run, worker: worker, attempt: claimed.lease.attempt, recordedEpochs: claimed.recordedEpochs)
    events.emit(scheduler.executor.startsAtOnce ? started : .submitted(run, worker: worker))
    let warn: @Sendable (String) -> Void = { [events] in
      events.emit(.warning("\(run.label) · seed \(run.seed): \($0)"))
    }
    claimed.remarks.forEach(warn)
    let context = RunContext(
      store: scheduler.store, worker: worker, threads: scheduler.options.threadsPerRun,
      stopSignals: [stop, leases.ownStop, runStop],
      progress: { [events, leases] in
        events.emit(.progress(run, leases.note($0, lease: claimed.lease, worker: worker), worker: worker))
      }, remark: warn,
      wakeUp: { [wakeUp] in wakeUp.signal() }, started: { [events] in events.emit(started) })
    let start = ContinuousClock.now
    do {
      let job = try scheduler.executor.submit(claimed, context: context)
      activities[worker] = Activity(run: run, lease: claimed.lease, job: job, start: start)
    } catch {
      end(run, claimed.lease, outcome(of: error, claimed.lease, worker: worker), worker: worker, duration: .now - start)
    }
  }

  private mutating func rejectTooLarge(_ run: ScheduledRun, worker: Int) {
    guard let claimed = claim(run) else { return }
    let style = ByteCountFormatStyle(style: .memory, locale: Locale(identifier: "en_GB"))
    let needed = style.format(Int64(run.plannedBytes))
    let budget = style.format(Int64(scheduler.options.memoryBudgetBytes ?? 0))
    settle(
      run, claimed.lease,
      .failed(reason: "needs \(needed) of memory, more than the budget of \(budget)", isRetriable: true),
      worker: worker, isLost: false, mayRetry: false, duration: .zero)
  }

  // MARK: Ending

  /// Takes in what has come of the running runs, and records the outcomes of those that have ended.
  private mutating func lookAtJobs() {
    for (worker, activity) in activities.sorted(by: { $0.key < $1.key }) {
      let outcome: RunOutcome
      do {
        guard let ended = try activity.job.poll() else { continue }
        outcome = ended
      } catch {
        outcome = self.outcome(of: error, activity.lease, worker: worker)
      }
      activities[worker] = nil
      firstFreeWorker = min(firstFreeWorker, worker)
      if activity.job.ranOutOfMemory { takeLessMemory() }
      // What was taken away for others does not count against the run.
      if activity.job.wasPreempted { retryCounts[activity.run.identity, default: 0] -= 1 }
      end(activity.run, activity.lease, outcome, worker: worker, duration: .now - activity.start)
    }
  }

  /// What an error makes of a run.
  private mutating func outcome(of error: any Error, _ lease: RunLease, worker: Int) -> RunOutcome {
    if case RunStoreError.leaseLost(lease) = error {
      leases.lose(worker: worker)
      return .interrupted(reason: "taken over by another process")
    }
    if (error as? any RunFailure)?.endsSweep == true {
      leases.endWork(with: error)
    } else if error is any StartRefusal {
      if refusal == nil { events.emit(.warning("\(error)")) }
      refusal = refusal ?? error
    } else if RunOutcome.isOfMachine(error) {
      note(machineError: error)
    }
    return RunOutcome(of: error)
  }

  /// Gives a run's memory back, and records how its attempt ended.
  private mutating func end(
    _ run: ScheduledRun, _ lease: RunLease, _ outcome: RunOutcome, worker: Int, duration: Duration
  ) {
    if outcome.state == .completed { machineErrorCount = 0 }
    let isLost = leases.release(worker: worker)
    settle(run, lease, outcome, worker: worker, isLost: isLost, mayRetry: true, duration: duration)
    queue.release(run)
    retry(run)
  }

  /// Lines a run up again that failed for a reason outside its configuration.
  private mutating func retry(_ run: ScheduledRun) {
    guard case .ended(let outcome)? = results[run.identity], isRetried(run, outcome), stopRequest == .none else {
      return
    }
    let count = retryCounts[run.identity, default: 0]
    retryCounts[run.identity] = count + 1
    queue.postpone(run)
    let again = count < 0 ? "is lined up again" : "is tried again (\(count + 1) of \(scheduler.options.retries))"
    events.emit(.warning("\(run.label) · seed \(run.seed): \(again)"))
  }

  /// Trains fewer runs at a time from now on.
  private mutating func takeLessMemory() {
    guard workerCount > 1 else { return }
    workerCount -= 1
    events.emit(
      .warning(
        "the system ran out of memory: from now on, \(workerCount) \(workerCount == 1 ? "run is" : "runs are") trained at a time"
      ))
  }

  /// Records how an attempt ended.
  private mutating func settle(
    _ run: ScheduledRun, _ lease: RunLease, _ proposed: RunOutcome, worker: Int, isLost: Bool, mayRetry: Bool,
    duration: Duration
  ) {
    var outcome = proposed
    do {
      if isLost { throw RunStoreError.leaseLost(lease) }
      do {
        try scheduler.store.finish(lease, outcome)
      } catch let error as any RunFailure where !(error is RunStoreError) && !error.endsSweep {
        // What the run left does not fit together: that concerns this run only, and its next attempt mends it.
        outcome = .failed(reason: "\(error)", isRetriable: true)
        try scheduler.store.finish(lease, outcome)
      }
    } catch RunStoreError.leaseLost {
      results[run.identity] = .lost
      queue.postpone(run)
      events.emit(.lost(run, worker: worker, .takenOver))
      return
    } catch {
      // The run stays in state running; the next sweep finds its process dead and goes on from its checkpoint.
      leases.endWork(with: error)
      results[run.identity] = .lost
      events.emit(.lost(run, worker: worker, .notStored(error)))
      return
    }
    results[run.identity] = .ended(outcome)
    events.emit(.ended(run, worker: worker, outcome: outcome, duration: duration))
    // A failure ends the work once nothing more is tried.
    if scheduler.options.failsFast, !(mayRetry && isRetried(run, outcome)),
      outcome.state == .failed || outcome.state == .diverged
    {
      hasFailedFast = true
      leases.ownStop.raise(to: .afterStep)
    }
  }

  /// Whether a run is to be tried again after an outcome.
  private func isRetried(_ run: ScheduledRun, _ outcome: RunOutcome) -> Bool {
    guard case .failed(_, isRetriable: true) = outcome else { return false }
    return retryCounts[run.identity, default: 0] < scheduler.options.retries
  }

  /// Lets the other runs go on, until so many in a row are interrupted that none can be expected to do better.
  private mutating func note(machineError error: any Error) {
    if machineError == nil { machineError = error }
    machineErrorCount += 1
    if machineErrorCount >= scheduler.workerCount + 2 { leases.endWork(with: error) }
  }
}

extension Scheduler {
  fileprivate var workerCount: Int { max(1, options.workers) }
}
