import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Synchronization
import Testing

/// Waits for a stop request as a training loop does.
private func waitForStop(_ context: RunContext) -> StopRequest {
  let deadline = ContinuousClock.now + .seconds(60)
  while context.stopRequest == .none, ContinuousClock.now < deadline { usleep(1000) }
  return context.stopRequest
}

@Suite struct SchedulerSharingTests {
  @Test func aStopRequestInterruptsWhatRunsAndStartsNothingMore() throws {
    let sweep = try ScheduledSweep()
    let stop = StopSignal()
    let started = Gate()
    let executor = ScriptedExecutor { _, context in
      started.open()
      return .interrupted(reason: "stopped: \(waitForStop(context))")
    }
    let log = EventLog()
    DispatchQueue.global().async {
      started.wait()
      started.wait()
      stop.escalate()
    }
    let report = sweep.run(executor, options: Scheduler.Options(workers: 2), stop: stop, observer: log)
    #expect(Set(executor.order) == ["a/0", "b/0"])
    #expect(report.stopRequest == .afterStep)
    #expect(report.count(.interrupted) == 2)
    #expect(report.results[sweep.identity("c", 0)] == .notStarted)
    #expect(log.events.contains { if case .stopping(.afterStep) = $0 { true } else { false } })
    let resumed = ScriptedExecutor()
    #expect(sweep.run(resumed).isComplete)
    #expect(resumed.order.count == 6)
    #expect(try sweep.store.run(sweep.identity("a", 0))?.attempts == 2)
  }

  @Test func aSecondRequestReachesARunThatIsFinishingItsStep() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let stop = StopSignal()
    let executor = ScriptedExecutor { _, context in
      stop.escalate()
      #expect(context.stopRequest == .afterStep)
      stop.escalate()
      return .interrupted(reason: "\(context.stopRequest)")
    }
    let report = sweep.run(executor, stop: stop)
    #expect(report.stopRequest == .now)
    #expect(try sweep.store.run(sweep.identity("a", 0))?.reason == "now")
    stop.raise(to: .afterStep)
    #expect(stop.request == .now, "a request cannot be taken back")
  }

  @Test func runsOfAnotherProcessAreSkippedWaitedForAndShared() throws {
    let sweep = try ScheduledSweep()
    let foreign = try claim(sweep, "a", 0)
    let abandoned = try claim(sweep, "b", 0)
    let log = EventLog()
    let executor = ScriptedExecutor { run, _ in
      if run.run.name == "c/1" {
        try sweep.store.finish(foreign, .completed(RunStoreSamples.final()))
        try sweep.store.finish(abandoned, .interrupted(reason: "stopped elsewhere"))
      }
      return .completed(RunStoreSamples.final())
    }
    let report = sweep.run(
      executor, options: Scheduler.Options(recheckInterval: .milliseconds(20)), observer: log)
    #expect(executor.order == ["c/0", "a/1", "b/1", "c/1", "b/0"])
    #expect(report.isComplete)
    #expect(report.results[sweep.identity("a", 0)] == .reused(.completed))
    let busy = log.events.compactMap { if case .busy(let run, let owner) = $0 { (run.label, owner) } else { nil } }
    #expect(busy.map(\.0) == ["a", "b"], "each is announced once, however often it is looked at")
    #expect(busy[0].1 == RunStoreSamples.foreignProcess())
  }

  @Test func aStopRequestEndsTheWaitForAnotherProcess() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    _ = try claim(sweep, "a", 0)
    let stop = StopSignal()
    let log = EventLog()
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.05) { stop.escalate() }
    let report = sweep.run(ScriptedExecutor(), stop: stop, observer: log)
    #expect(report.results == [sweep.identity("a", 0): .notStarted])
  }

  @Test func aRunThatIsTakenOverStopsAndItsOutcomeIsNotRecorded() throws {
    let clock = ManualClock()
    let store = InMemoryRunStore(patienceSeconds: 60, now: { clock.now })
    let registration = RunStoreSamples.sweep(levels: ["a"], seeds: [0])
    let id = try store.register(registration).id
    let identity = registration.variants[0].runs[0].identity
    let thief = StolenLeaseStore(base: store)
    let executor = ScriptedExecutor { run, context in
      thief.steal(run.lease)
      return .interrupted(reason: "\(waitForStop(context))")
    }
    let stop = StopSignal()
    let log = EventLog()
    let observer = StopWhenLost(stop: stop, log: log)
    let report = Scheduler(
      store: thief, executor: executor, options: Scheduler.Options(heartbeatInterval: .milliseconds(10))
    ).run(
      [ScheduledRun(identity: identity, label: "a", seed: 0)], sweep: id, stop: stop, observer: observer)
    #expect(report.results == [identity: .lost])
    #expect(try store.run(identity)?.state == .running, "the successor's state is left alone")
    #expect(log.events.contains { if case .lost = $0 { true } else { false } })
  }

  @Test func heartbeatsArriveWhileARunIsUnderWay() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let counting = CountingStore(base: sweep.store)
    let executor = ScriptedExecutor { _, _ in
      #expect(counting.beats.wait())
      #expect(counting.beats.wait())
      return .completed(RunStoreSamples.final())
    }
    let report = Scheduler(
      store: counting, executor: executor, options: Scheduler.Options(heartbeatInterval: .milliseconds(5))
    ).run(sweep.runs, sweep: sweep.id)
    #expect(report.isComplete)
  }

  /// What runs tell between two signs of life is written with the second one, and only the last of it.
  @Test func progressIsWrittenWithSignsOfLife() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let counting = CountingStore(base: sweep.store)
    let executor = ScriptedExecutor { run, context in
      for step in 1...50 {
        context.report(RunProgress(epoch: 0, epochs: 2, step: step, stepsPerEpoch: 50, loss: Double(step)))
      }
      while counting.progress.last?.step != 50 { try #require(counting.beats.wait()) }
      let stored = try sweep.store.run(run.run.identity)?.progress
      #expect(stored?.step == 50 && stored?.loss == 50 && (stored?.remainingSeconds ?? -1) >= 0)
      // With nothing new to tell, signs of life tell nothing.
      let count = counting.progress.count
      #expect(counting.beats.wait() && counting.beats.wait() && counting.beats.wait())
      #expect(counting.progress.count == count)
      return .completed(RunStoreSamples.final())
    }
    let log = EventLog()
    let report = Scheduler(
      store: counting, executor: executor, options: Scheduler.Options(heartbeatInterval: .milliseconds(5))
    ).run(sweep.runs, sweep: sweep.id, observer: log)
    #expect(report.isComplete)
    #expect(try sweep.store.run(sweep.runs[0].identity)?.progress == nil)
    let told = log.events.compactMap { if case .progress(_, let progress, _) = $0 { progress } else { nil } }
    #expect(told.count == 50 && told[0].remainingSeconds == nil && told[49].remainingSeconds != nil)
  }

  @Test(arguments: 0..<20) func schedulersThatWorkAtOnceTrainNothingTwice(trial: Int) throws {
    let sweep = try ScheduledSweep(levels: ["a", "b", "c", "d"], seeds: [0, 1, 2])
    let executor = ScriptedExecutor { _, _ in
      usleep(200)
      return .completed(RunStoreSamples.final())
    }
    let reports = Mutex<[SchedulerReport]>([])
    DispatchQueue.concurrentPerform(iterations: 3) { _ in
      let report = sweep.run(
        executor, options: Scheduler.Options(workers: 2, recheckInterval: .milliseconds(1)))
      reports.withLock { $0.append(report) }
    }
    #expect(executor.order.count == 12)
    #expect(Set(executor.order).count == 12)
    #expect(reports.withLock { $0.allSatisfy(\.isComplete) })
    #expect(reports.withLock { $0.reduce(0) { $0 + $1.trainedCount } } == 12)
  }

  private func claim(_ sweep: ScheduledSweep, _ level: String, _ seed: UInt64) throws -> RunLease {
    let result = try sweep.store.claim(
      sweep.identity(level, seed), sweep: sweep.id, owner: RunStoreSamples.foreignProcess(), policy: .unfinished)
    guard case .claimed(let claimed) = result else { throw RunStoreError.unknownRun("\(level)/\(seed)") }
    return claimed.lease
  }
}

/// Raises a stop signal once a run was lost, so that the scheduler does not wait for the thief.
private struct StopWhenLost: SchedulerObserver {
  let stop: StopSignal
  let log: EventLog

  func observe(_ event: SchedulerEvent) {
    log.observe(event)
    if case .lost = event { stop.raise(to: .afterStep) }
  }
}

@Suite struct ClaimPolicyTests {
  private let early = Date(timeIntervalSince1970: 0)
  private let late = Date(timeIntervalSince1970: 10)

  @Test func everyPolicyTakesUnfinishedRuns() {
    for policy in [ClaimPolicy.unfinished, .retryingFailed(endedBefore: early), .fresh(endedBefore: early)] {
      for state in [RunState.pending, .interrupted, .running] {
        #expect(policy.decision(state: state, isRetriable: false, lastAttemptAt: late) == .resume)
      }
    }
  }

  @Test func freshDiscardsOnlyWhatIsOlder() {
    for state in RunState.allCases where state != .pending {
      let policy = ClaimPolicy.fresh(endedBefore: late)
      #expect(policy.decision(state: state, isRetriable: false, lastAttemptAt: early) == .discard)
      let expected: ClaimPolicy.Decision = state.isTerminal ? .leave : .resume
      #expect(policy.decision(state: state, isRetriable: false, lastAttemptAt: late) == expected)
    }
  }
}
