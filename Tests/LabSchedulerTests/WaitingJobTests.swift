import Foundation
import LabRecords
import LabScheduler
import LabTesting
import Synchronization
import Testing

/// Runs that wait elsewhere: jobs that no thread of this process trains.
@Suite struct WaitingJobTests {
  /// Starts nothing before it is told that no run follows for now, and then ends all that it was given.
  private final class Batches: RunExecutor {
    struct Job: RunJob {
      let executor: Batches
      let context: RunContext

      func poll() throws -> RunOutcome? {
        _ = executor.state.withLock { $0.threads.insert(ObjectIdentifier(Thread.current)) }
        if context.stopRequest != .none { return .interrupted(reason: "stopped on request") }
        return executor.state.withLock { $0.handedOver } ? .completed(RunStoreSamples.final()) : nil
      }
    }

    let state = Mutex(
      (submitted: 0, atFlush: [Int](), handedOver: false, threads: Set<ObjectIdentifier>(), wake: [RunContext]()))
    private let stopsInstead: StopSignal?

    init(stopsInstead: StopSignal? = nil) { self.stopsInstead = stopsInstead }

    // Without a job that asks for a look, a test would take minutes.
    var pollInterval: Duration { .seconds(60) }

    func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
      state.withLock {
        $0.submitted += 1
        $0.wake.append(context)
      }
      return Job(executor: self, context: context)
    }

    func flush() throws {
      let contexts = state.withLock { state in
        state.atFlush.append(state.submitted)
        state.handedOver = stopsInstead == nil
        defer { state.wake = [] }
        return state.wake
      }
      stopsInstead?.raise(to: .afterStep)
      contexts.forEach { $0.wake() }
    }
  }

  @Test func hundredsAreHandedOverTogetherAndNeedOneThread() throws {
    let sweep = try ScheduledSweep(levels: (0..<50).map { "v\($0)" }, seeds: Array(0..<10))
    let executor = Batches()
    let report = sweep.run(executor, options: Scheduler.Options(workers: 500))
    #expect(report.isComplete && report.trainedCount == 500)
    #expect(executor.state.withLock { $0.atFlush } == [500])
    #expect(executor.state.withLock { $0.threads.count } == 1)
  }

  @Test func aRequestToStopReachesThoseThatWait() throws {
    let sweep = try ScheduledSweep()
    let stop = StopSignal()
    let report = sweep.run(Batches(stopsInstead: stop), options: Scheduler.Options(workers: 4), stop: stop)
    #expect(report.count(.interrupted) == 4 && report.results.values.count { $0 == .notStarted } == 2)
  }
}
