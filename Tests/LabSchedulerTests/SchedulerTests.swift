import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Synchronization
import Testing

private struct ExecutorError: Error, CustomStringConvertible {
  var description: String { "the shapes do not fit" }
}

struct FullDisk: RunFailure, CustomStringConvertible {
  var endsSweep: Bool { true }
  var description: String { "no space left" }
}

@Suite struct SchedulerTests {
  @Test func trainsInThePlansOrder() throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor()
    let report = sweep.run(executor)
    #expect(executor.order == ["a/0", "b/0", "c/0", "a/1", "b/1", "c/1"])
    #expect(report.isComplete)
    #expect(report.trainedCount == 6)
    #expect(report.endingError == nil)
    #expect(try sweep.store.sweeps()[0].runCounts == [.completed: 6])
  }

  @Test(arguments: [1, 2, 5]) func usesEveryWorkerAtOnce(workers: Int) throws {
    let sweep = try ScheduledSweep(seeds: [0, 1, 2, 3])
    let arrivals = Mutex(0)
    let everyone = Gate()
    let executor = ScriptedExecutor { _, context in
      #expect(context.worker < workers)
      #expect(context.threads == 3)
      // The first runs go on only when as many as there are workers have begun.
      let arrived = arrivals.withLock {
        $0 += 1
        return $0
      }
      if arrived == workers { everyone.open(times: workers) }
      if arrived <= workers { #expect(everyone.wait()) }
      return .completed(RunStoreSamples.final())
    }
    let report = sweep.run(executor, options: Scheduler.Options(workers: workers, threadsPerRun: 3))
    #expect(report.isComplete)
    #expect(executor.mostAtOnce == workers)
    #expect(Set(executor.order).count == 12)
    #expect(executor.order.count == 12)
  }

  @Test func trainsNothingThatIsComplete() throws {
    let sweep = try ScheduledSweep()
    _ = sweep.run(ScriptedExecutor())
    let executor = ScriptedExecutor()
    let log = EventLog()
    let report = sweep.run(executor, observer: log)
    #expect(executor.order.isEmpty)
    #expect(report.reusedCount == 6)
    #expect(report.isComplete)
    #expect(log.events.count { if case .reused = $0 { true } else { false } } == 6)
    let fresh = ScriptedExecutor()
    _ = sweep.run(fresh, options: Scheduler.Options(policy: .fresh(endedBefore: .distantFuture)))
    #expect(fresh.order.count == 6)
  }

  @Test func aFailureConcernsNoOtherRun() throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor { run, _ in
      switch run.run.name {
      case "a/0": throw ExecutorError()
      case "b/0": .diverged(reason: "loss is nan at step 3")
      case "c/0": .failed(reason: "no such kernel")
      default: .completed(RunStoreSamples.final())
      }
    }
    let report = sweep.run(executor)
    #expect(executor.order.count == 6)
    #expect(report.count(.completed) == 3)
    #expect(report.count(.failed) == 2)
    #expect(report.count(.diverged) == 1)
    #expect(!report.isComplete)
    #expect(try sweep.store.run(sweep.identity("a", 0))?.reason == "the shapes do not fit")
    #expect(try sweep.store.run(sweep.identity("b", 0))?.reason == "loss is nan at step 3")
    let again = ScriptedExecutor()
    _ = sweep.run(again)
    #expect(again.order.isEmpty, "failed runs are not tried again by themselves")
    _ = sweep.run(again, options: Scheduler.Options(policy: .retryingFailed(endedBefore: .distantFuture)))
    #expect(again.order == ["a/0", "b/0", "c/0"])
  }

  @Test(arguments: [RunOutcome.failed(reason: "bad"), .diverged(reason: "nan")])
  func failingFastEndsTheSweep(outcome: RunOutcome) throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor { run, _ in run.run.name == "b/0" ? outcome : .completed(RunStoreSamples.final()) }
    let report = sweep.run(executor, options: Scheduler.Options(failsFast: true))
    #expect(executor.order == ["a/0", "b/0"])
    #expect(report.results[sweep.identity("c", 0)] == .notStarted)
    #expect(report.stopRequest == .afterStep)
    #expect(report.hasFailedFast)
  }

  @Test func failingFastStopsRunsThatAreUnderWay() throws {
    let sweep = try ScheduledSweep(levels: ["a", "b"], seeds: [0])
    let other = Gate()
    let executor = ScriptedExecutor { run, context in
      if run.run.name == "a/0" {
        #expect(other.wait())
        return .failed(reason: "bad")
      }
      other.open()
      let deadline = ContinuousClock.now + .seconds(60)
      while context.stopRequest == .none, ContinuousClock.now < deadline { usleep(1000) }
      return .interrupted(reason: "\(context.stopRequest)")
    }
    let report = sweep.run(executor, options: Scheduler.Options(workers: 2, failsFast: true))
    #expect(report.results[sweep.identity("b", 0)] == .ended(.interrupted(reason: "afterStep")))
  }

  @Test func aMachinesErrorEndsTheSweepAndLeavesTheRunToBeResumed() throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor { run, _ in
      if run.run.name == "b/0" { throw FullDisk() }
      return .completed(RunStoreSamples.final())
    }
    let report = sweep.run(executor)
    #expect(executor.order == ["a/0", "b/0"])
    #expect(report.endingError is FullDisk)
    #expect(try sweep.store.run(sweep.identity("b", 0))?.state == .interrupted)
    #expect(try sweep.store.run(sweep.identity("b", 0))?.reason == "no space left")
  }

  @Test func anOutcomeThatCannotBeStoredIsNotReportedAsReached() throws {
    let sweep = try ScheduledSweep()
    let executor = ScriptedExecutor()
    let report = Scheduler(store: UnfinishableStore(base: sweep.store), executor: executor)
      .run(sweep.runs, sweep: sweep.id)
    #expect(executor.order == ["a/0"])
    #expect(report.endingError is FullDisk)
    #expect(report.results[sweep.identity("a", 0)] == .lost)
    #expect(report.trainedCount == 0)
    #expect(!report.hasFailedFast)
  }

  @Test func aRunLargerThanTheBudgetFailsAlone() throws {
    let sweep = try ScheduledSweep(seeds: [0], bytes: ["a": 10, "b": 3_000_000_000, "c": 10])
    let executor = ScriptedExecutor()
    let report = sweep.run(executor, options: Scheduler.Options(memoryBudgetBytes: 1_000_000_000))
    #expect(executor.order == ["a/0", "c/0"])
    #expect(report.count(.failed) == 1)
    let reason = try #require(try sweep.store.run(sweep.identity("b", 0))?.reason)
    #expect(reason == "needs 2.79 GB of memory, more than the budget of 953.7 MB")
    let roomier = ScriptedExecutor()
    _ = sweep.run(roomier, options: Scheduler.Options(memoryBudgetBytes: 4_000_000_000))
    #expect(roomier.order == ["b/0"], "a larger budget gives it another chance")
  }

  @Test func runningRunsKeepWithinTheBudget() throws {
    let sweep = try ScheduledSweep(seeds: Array(0..<8), bytes: ["a": 60, "b": 50, "c": 30])
    let reserved = Mutex((now: 0, most: 0))
    let executor = ScriptedExecutor { run, _ in
      let bytes = ["a": 60, "b": 50, "c": 30][String(run.run.name.prefix(1))]!
      reserved.withLock {
        $0.now += bytes
        $0.most = max($0.most, $0.now)
      }
      usleep(500)
      reserved.withLock { $0.now -= bytes }
      return .completed(RunStoreSamples.final())
    }
    let report = sweep.run(executor, options: Scheduler.Options(workers: 4, memoryBudgetBytes: 100))
    #expect(report.isComplete)
    #expect(reserved.withLock { $0.most } <= 100)
    #expect(executor.order.count == 24)
  }

  @Test func reportsProgressInOrder() throws {
    let sweep = try ScheduledSweep(levels: ["a"], seeds: [0])
    let executor = ScriptedExecutor { run, context in
      for step in 0..<3 {
        context.report(
          RunProgress(epoch: 0, epochs: 1, step: step, stepsPerEpoch: 3, loss: Double(step)))
      }
      return .completed(RunStoreSamples.final())
    }
    let log = EventLog()
    _ = sweep.run(executor, observer: log)
    let names = log.events.map { event in
      switch event {
      case .began(let runs, let workers): "began \(runs) \(workers)"
      case .started(let run, let worker, let attempt, _): "started \(run.label) \(worker) \(attempt)"
      case .progress(_, let progress, _): "step \(progress.step)"
      case .ended(let run, _, let outcome, _): "ended \(run.label) \(outcome.state)"
      case .finished(let report): "finished \(report.trainedCount)"
      default: "\(event)"
      }
    }
    #expect(
      names == ["began 1 1", "started a 0 1", "step 0", "step 1", "step 2", "ended a completed", "finished 1"])
  }
}
