import Dispatch
import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabTesting
import Synchronization

/// An executor whose runs do what a test tells them.
final class ScriptedExecutor: BlockingRunExecutor {
  typealias Script = @Sendable (ClaimedRun, RunContext) throws -> RunOutcome

  private let script: Script
  private let record = Mutex<(order: [String], running: Set<String>, most: Int)>(([], [], 0))

  init(_ script: @escaping Script = { _, _ in .completed(RunStoreSamples.final()) }) { self.script = script }

  /// The names of the runs in the order in which they were started.
  var order: [String] { record.withLock { $0.order } }

  /// The largest number of runs that ran at once.
  var mostAtOnce: Int { record.withLock { $0.most } }

  func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome {
    let name = run.run.name
    record.withLock {
      $0.order.append(name)
      $0.running.insert(name)
      $0.most = max($0.most, $0.running.count)
    }
    defer { _ = record.withLock { $0.running.remove(name) } }
    return try script(run, context)
  }
}

extension Run {
  /// The level and the seed, such as `static/0`.
  var name: String { "\(configuration[path: "model.conv"]?.stringValue ?? "?")/\(seed)" }
}

/// Keeps every event.
final class EventLog: SchedulerObserver {
  private let stored = Mutex<[SchedulerEvent]>([])

  var events: [SchedulerEvent] { stored.withLock { $0 } }

  func observe(_ event: SchedulerEvent) { stored.withLock { $0.append(event) } }
}

/// Lets threads wait for each other; gives up after a minute so that a fault fails the test and does not hang it.
final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func open(times: Int = 1) { for _ in 0..<times { semaphore.signal() } }

  @discardableResult
  func wait() -> Bool { semaphore.wait(timeout: .now() + 60) == .success }
}

/// A registered sweep with what a scheduler needs of it.
struct ScheduledSweep {
  let store = InMemoryRunStore()
  let id: Int64
  let runs: [ScheduledRun]

  /// Registers a sweep and lines its runs up seed by seed.
  init(levels: [String] = ["a", "b", "c"], seeds: [UInt64] = [0, 1], bytes: [String: Int] = [:]) throws {
    let registration = RunStoreSamples.sweep(levels: levels, seeds: seeds)
    id = try store.register(registration).id
    runs = seeds.indices.flatMap { seed in
      registration.variants.map { variant in
        ScheduledRun(
          identity: variant.runs[seed].identity, label: variant.label, seed: seeds[seed],
          plannedBytes: bytes[variant.label] ?? 0)
      }
    }
  }

  func identity(_ level: String, _ seed: UInt64) -> RunIdentity {
    RunStoreSamples.run(level: level, seed: seed).identity
  }

  func run(
    _ executor: any RunExecutor, options: Scheduler.Options = Scheduler.Options(), stop: StopSignal = StopSignal(),
    observer: (any SchedulerObserver)? = nil
  ) -> SchedulerReport {
    Scheduler(store: store, executor: executor, options: options)
      .run(runs, sweep: id, stop: stop, observer: observer)
  }
}
