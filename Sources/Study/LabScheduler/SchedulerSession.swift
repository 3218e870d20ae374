import Dispatch
import Foundation
import LabCore
import LabRecords
import Synchronization

/// The state that the workers of one scheduler's call share.
final class SchedulerSession: Sendable {
  /// A run that a worker trains at the moment.
  private struct ActiveRun {
    var lease: RunLease
    var stop: StopSignal
    var isLost = false
  }

  private struct State {
    var queue: RunQueue
    var results: [RunIdentity: SchedulerReport.Result]
    var active: [Int: ActiveRun] = [:]
    /// Workers that have taken a run from the queue and not yet learned whether they get it.
    var claiming = 0
    var nextRecheck: ContinuousClock.Instant
    var announcedBusy = Set<RunIdentity>()
    var announcedStop = StopRequest.none
    var endingError: (any Error)?
    /// The first error of the machine that concerned one run only.
    var machineError: (any Error)?
    /// How many runs in a row the machine has interrupted.
    var machineErrorCount = 0
    var hasFailedFast = false
  }

  /// What a worker does next.
  private enum Assignment {
    case claim(ScheduledRun)
    case reject(ScheduledRun)
    case wait(Duration)
    case leave
  }

  /// How long a waiting worker can overlook a stop request.
  private static let longestWait = Duration.milliseconds(200)

  private let scheduler: Scheduler
  private let runs: [ScheduledRun]
  private let sweep: Int64
  private let stop: StopSignal
  /// Raised by a failure that ends the work, not by the caller.
  private let ownStop = StopSignal()
  private let observer: (any SchedulerObserver)?
  private let observerQueue = DispatchQueue(label: "labrun.observer")
  private let wakeUps: [DispatchSemaphore]
  private let state: Mutex<State>

  init(
    scheduler: Scheduler, runs: [ScheduledRun], sweep: Int64, stop: StopSignal, observer: (any SchedulerObserver)?
  ) {
    let workers = max(1, scheduler.options.workers)
    let queue = RunQueue(runs, budgetBytes: scheduler.options.memoryBudgetBytes, passLimit: 4 * workers)
    self.scheduler = scheduler
    self.runs = queue.remaining
    self.sweep = sweep
    self.stop = stop
    self.observer = observer
    wakeUps = (0..<workers).map { _ in DispatchSemaphore(value: 0) }
    let results = queue.remaining.map { ($0.identity, SchedulerReport.Result.notStarted) }
    state = Mutex(
      State(
        queue: queue, results: Dictionary(uniqueKeysWithValues: results),
        nextRecheck: .now + scheduler.options.recheckInterval))
    emit(.began(runs: self.runs.count, workers: workers))
  }

  /// Works until nothing is left to do.
  func work(as worker: Int) {
    while true {
      switch nextAssignment() {
      case .claim(let run): claimAndTrain(run, worker: worker)
      case .reject(let run): rejectTooLarge(run, worker: worker)
      case .wait(let duration): _ = wakeUps[worker].wait(timeout: .now() + duration.dispatchInterval)
      case .leave: return
      }
    }
  }

  /// Gives a sign of life for every running run, and stops those that were taken over.
  func beat() {
    for (worker, run) in state.withLock({ $0.active }) {
      do {
        try scheduler.store.heartbeat(run.lease)
      } catch RunStoreError.leaseLost {
        state.withLock {
          guard $0.active[worker]?.lease == run.lease else { return }
          $0.active[worker]?.isLost = true
        }
        run.stop.raise(to: .now)
      } catch let error as RunStoreError where error.endsSweep {
        return endWork(with: error)
      } catch {
        emit(.warning("no sign of life could be stored for run \(run.lease.run.short): \(error)"))
      }
    }
  }

  /// Ends the session after the last worker has left.
  func conclude() -> SchedulerReport {
    let report = state.withLock {
      SchedulerReport(
        runs: runs, results: $0.results, stopRequest: max(stop.request, ownStop.request), endingError: $0.endingError,
        machineError: $0.machineError, hasFailedFast: $0.hasFailedFast)
    }
    emit(.finished(report))
    observerQueue.sync {}
    return report
  }

  // MARK: Choosing

  private func nextAssignment() -> Assignment {
    let request = max(stop.request, ownStop.request)
    return state.withLock { state in
      if request != .none {
        if request > state.announcedStop {
          state.announcedStop = request
          emit(.stopping(request))
        }
        return .leave
      }
      if !state.queue.postponed.isEmpty, ContinuousClock.now >= state.nextRecheck {
        state.queue.reconsiderPostponed()
        state.nextRecheck = .now + scheduler.options.recheckInterval
      }
      switch state.queue.next() {
      case .start(let run):
        state.claiming += 1
        return .claim(run)
      case .tooLarge(let run):
        state.claiming += 1
        return .reject(run)
      case .wait: return .wait(SchedulerSession.longestWait)
      case .empty where !state.queue.postponed.isEmpty:
        return .wait(min(state.nextRecheck - .now, SchedulerSession.longestWait))
      case .empty: return state.claiming == 0 ? .leave : .wait(SchedulerSession.longestWait)
      }
    }
  }

  /// Claims a run, or notes why it is not this scheduler's to train.
  private func claim(_ run: ScheduledRun) -> ClaimedRun? {
    let result: ClaimResult
    do {
      result = try scheduler.store.claim(
        run.identity, sweep: sweep, owner: .current, policy: scheduler.options.policy)
    } catch {
      endWork(with: error)
      return nil
    }
    switch result {
    case .claimed(let claimed): return claimed
    case .finished(let reached):
      state.withLock { $0.results[run.identity] = .reused(reached) }
      emit(.reused(run, reached))
    case .busy(let owner, _):
      let isNew = state.withLock {
        $0.queue.postpone(run)
        return $0.announcedBusy.insert(run.identity).inserted
      }
      if isNew { emit(.busy(run, owner: owner)) }
    }
    return nil
  }

  // MARK: Training

  private func claimAndTrain(_ run: ScheduledRun, worker: Int) {
    let claimed = claim(run)
    let runStop = StopSignal()
    state.withLock {
      $0.claiming -= 1
      if let claimed { $0.active[worker] = ActiveRun(lease: claimed.lease, stop: runStop) }
    }
    if let claimed { train(run, claimed, worker: worker, runStop: runStop) }
    state.withLock { $0.queue.release(run) }
    wakeUps.forEach { $0.signal() }
  }

  private func train(_ run: ScheduledRun, _ claimed: ClaimedRun, worker: Int, runStop: StopSignal) {
    emit(
      .started(run, worker: worker, attempt: claimed.lease.attempt, recordedEpochs: claimed.recordedEpochs))
    let warn: @Sendable (String) -> Void = { [self] in emit(.warning("\(run.label) · seed \(run.seed): \($0)")) }
    claimed.remarks.forEach(warn)
    let context = RunContext(
      store: scheduler.store, worker: worker, threads: scheduler.options.threadsPerRun,
      stopSignals: [stop, ownStop, runStop],
      progress: { [self] in emit(.progress(run, $0, worker: worker)) }, remark: warn)
    let start = ContinuousClock.now
    var outcome: RunOutcome
    do {
      outcome = try scheduler.executor.execute(claimed, context: context)
    } catch RunStoreError.leaseLost(claimed.lease) {
      outcome = .interrupted(reason: "taken over by another process")
      state.withLock { $0.active[worker]?.isLost = true }
    } catch {
      if (error as? any RunFailure)?.endsSweep == true {
        endWork(with: error)
        outcome = .interrupted(reason: "\(error)")
      } else if isOfMachine(error) {
        note(machineError: error)
        outcome = .interrupted(reason: "\(error)")
      } else {
        outcome = .failed(reason: "\(error)", isRetriable: (error as? any RunFailure)?.isRetriable ?? false)
      }
    }
    if outcome.state == .completed { state.withLock { $0.machineErrorCount = 0 } }
    let isLost = state.withLock { $0.active.removeValue(forKey: worker)?.isLost ?? false }
    settle(run, claimed.lease, outcome, worker: worker, isLost: isLost, duration: .now - start)
  }

  private func rejectTooLarge(_ run: ScheduledRun, worker: Int) {
    let claimed = claim(run)
    state.withLock { $0.claiming -= 1 }
    if let claimed {
      let style = ByteCountFormatStyle(style: .memory, locale: Locale(identifier: "en_GB"))
      let needed = style.format(Int64(run.plannedBytes))
      let budget = style.format(Int64(scheduler.options.memoryBudgetBytes ?? 0))
      settle(
        run, claimed.lease,
        .failed(reason: "needs \(needed) of memory, more than the budget of \(budget)", isRetriable: true),
        worker: worker, isLost: false, duration: .zero)
    }
    wakeUps.forEach { $0.signal() }
  }

  /// Records how an attempt ended.
  private func settle(
    _ run: ScheduledRun, _ lease: RunLease, _ proposed: RunOutcome, worker: Int, isLost: Bool, duration: Duration
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
      state.withLock {
        $0.results[run.identity] = .lost
        $0.queue.postpone(run)
      }
      emit(.lost(run, worker: worker, .takenOver))
      return
    } catch {
      // The run stays in state running; the next sweep finds its process dead and goes on from its checkpoint.
      endWork(with: error)
      state.withLock { $0.results[run.identity] = .lost }
      emit(.lost(run, worker: worker, .notStored(error)))
      return
    }
    state.withLock { $0.results[run.identity] = .ended(outcome) }
    emit(.ended(run, worker: worker, outcome: outcome, duration: duration))
    if scheduler.options.failsFast, outcome.state == .failed || outcome.state == .diverged {
      state.withLock { $0.hasFailedFast = true }
      ownStop.raise(to: .afterStep)
    }
  }

  /// Whether an error of a run lies outside its configuration.
  ///
  /// Spec and data were checked and the run's folder was made before: whatever the file system refuses now, be it a folder
  /// that has vanished, is the machine's doing.
  private func isOfMachine(_ error: any Error) -> Bool { error is FileError || error.isErrorOfMachine }

  /// Lets the other runs go on, until so many in a row are interrupted that none can be expected to do better.
  private func note(machineError error: any Error) {
    let isHopeless = state.withLock { state in
      if state.machineError == nil { state.machineError = error }
      state.machineErrorCount += 1
      return state.machineErrorCount >= max(1, scheduler.options.workers) + 2
    }
    if isHopeless { endWork(with: error) }
  }

  private func endWork(with error: any Error) {
    state.withLock { if $0.endingError == nil { $0.endingError = error } }
    ownStop.raise(to: .afterStep)
  }

  private func emit(_ event: SchedulerEvent) {
    guard let observer else { return }
    observerQueue.async { observer.observe(event) }
  }
}
