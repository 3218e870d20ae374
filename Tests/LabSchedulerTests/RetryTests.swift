import Foundation
import LabRecords
import LabScheduler
import LabTesting
import Synchronization
import Testing

/// Runs that failed for a reason outside their configuration are tried again, as often as they may be.
@Suite struct RetryTests {
  /// Fails a run so often before it completes.
  private final class Failing: Sendable {
    private let attempts = Mutex<[String: Int]>([:])
    private let outcome: RunOutcome
    private let times: [String: Int]

    init(_ times: [String: Int], _ outcome: RunOutcome = .failed(reason: "its process ended early", isRetriable: true))
    {
      self.times = times
      self.outcome = outcome
    }

    var executor: ScriptedExecutor {
      ScriptedExecutor { run, _ in
        let count = self.attempts.withLock { attempts in
          attempts[run.run.name, default: 0] += 1
          return attempts[run.run.name]!
        }
        return count > self.times[run.run.name] ?? 0 ? .completed(RunStoreSamples.final()) : self.outcome
      }
    }
  }

  private func options(retries: Int, failsFast: Bool = false, policy: ClaimPolicy = .unfinished) -> Scheduler.Options {
    Scheduler.Options(
      failsFast: failsFast, retries: retries, policy: policy, recheckInterval: .milliseconds(1))
  }

  @Test(arguments: [(0, 1, 5), (1, 1, 5), (2, 0, 6), (9, 0, 6)])
  func aRunIsTriedAgainAsOftenAsItMay(retries: Int, failed: Int, completed: Int) throws {
    let sweep = try ScheduledSweep()
    let executor = Failing(["b/0": 2]).executor
    let log = EventLog()
    let report = sweep.run(executor, options: options(retries: retries), observer: log)
    #expect(report.count(.failed) == failed && report.count(.completed) == completed)
    #expect(executor.order.count { $0 == "b/0" } == min(retries, 2) + 1)
    let said = log.events.compactMap { if case .warning(let text) = $0 { text } else { nil } }
    #expect(said == (0..<min(retries, 2)).map { "b · seed 0: is tried again (\($0 + 1) of \(retries))" })
    #expect(try sweep.store.attempts(at: sweep.identity("b", 0)).count == min(retries, 2) + 1)
  }

  @Test func whatItsConfigurationDoesIsNotTriedAgain() throws {
    for outcome in [RunOutcome.failed(reason: "shapes do not fit"), .diverged(reason: "loss is nan")] {
      let sweep = try ScheduledSweep()
      let executor = Failing(["a/0": 1], outcome).executor
      #expect(sweep.run(executor, options: options(retries: 3)).count(.completed) == 5)
      #expect(executor.order.count == 6)
    }
  }

  /// A sweep that asked for older failures, or for everything anew, retries what fails now all the same.
  @Test func everyPolicyRetries() throws {
    let date = Date(timeIntervalSince1970: 0)
    for policy in [ClaimPolicy.retryingFailed(endedBefore: date), .fresh(endedBefore: date)] {
      let sweep = try ScheduledSweep()
      let report = sweep.run(Failing(["c/1": 1]).executor, options: options(retries: 1, policy: policy))
      #expect(report.isComplete, "\(policy)")
    }
  }

  @Test func failingFastWaitsForTheLastTry() throws {
    let sweep = try ScheduledSweep()
    let patient = Failing(["a/0": 1]).executor
    #expect(sweep.run(patient, options: options(retries: 1, failsFast: true)).isComplete)
    let other = try ScheduledSweep()
    let report = other.run(Failing(["a/0": 2]).executor, options: options(retries: 1, failsFast: true))
    #expect(report.hasFailedFast && report.count(.failed) == 1)
  }

  /// Once the system has run out of memory, fewer runs are trained at a time.
  @Test func outOfMemoryMeansFewerAtATime() throws {
    let sweep = try ScheduledSweep(levels: (0..<8).map { "v\($0)" })
    let executor = MemoryHungry()
    let log = EventLog()
    let report = sweep.run(
      executor, options: Scheduler.Options(workers: 4, retries: 4, recheckInterval: .milliseconds(1)), observer: log)
    #expect(report.isComplete)
    #expect(executor.most.withLock { $0 } == 4)
    let said = log.events.compactMap {
      if case .warning(let text) = $0, text.hasPrefix("the system") { text } else { nil }
    }
    #expect(
      said == [
        "the system ran out of memory: from now on, 3 runs are trained at a time",
        "the system ran out of memory: from now on, 2 runs are trained at a time",
      ])
  }

  /// Has memory for two runs at a time; the third one is killed.
  private final class MemoryHungry: RunExecutor {
    private struct Job: RunJob {
      let executor: MemoryHungry
      let isKilled: Bool

      var ranOutOfMemory: Bool { isKilled }

      func poll() throws -> RunOutcome? {
        executor.running.withLock { $0 -= 1 }
        return isKilled
          ? .failed(reason: "its process was ended by signal 9", isRetriable: true)
          : .completed(RunStoreSamples.final())
      }
    }

    let running = Mutex(0)
    let most = Mutex(0)

    func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
      let now = running.withLock { running in
        running += 1
        return running
      }
      most.withLock { $0 = max($0, now) }
      context.wake()
      return Job(executor: self, isKilled: now > 2)
    }
  }
}
