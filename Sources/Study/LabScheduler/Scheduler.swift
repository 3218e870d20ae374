import Dispatch
import Foundation
import LabCore
import LabRecords

/// Trains the runs of a sweep by a number of workers, each of them one run at a time.
///
/// One thread submits runs to the executor, looks at their jobs and records their outcomes; what trains them, and on which
/// threads or machines, is the executor's matter.
///
/// A run's failure is recorded and concerns no other run. Runs that another living process trains are passed over and
/// looked at again at the end, so that several schedulers may work on one store and share what they train.
public struct Scheduler: Sendable {
  /// How a scheduler works; nothing here can change a result.
  public struct Options: Sendable, Hashable {
    /// Runs at a time.
    public var workers: Int
    /// The threads that each run may use.
    public var threadsPerRun: Int
    /// The memory that running runs may need together, in bytes; nil for no limit.
    public var memoryBudgetBytes: Int?
    /// Whether the first failed or diverged run ends the work.
    public var failsFast: Bool
    /// How often a run is tried again that failed for a reason outside its configuration.
    public var retries: Int
    /// Which ended runs are trained again.
    public var policy: ClaimPolicy
    /// The time between signs of life; well below the store's patience.
    public var heartbeatInterval: Duration
    /// The time after which runs of other processes are looked at again.
    public var recheckInterval: Duration

    /// Creates options.
    public init(
      workers: Int = 1, threadsPerRun: Int = 1, memoryBudgetBytes: Int? = nil, failsFast: Bool = false,
      retries: Int = 0, policy: ClaimPolicy = .unfinished, heartbeatInterval: Duration = .seconds(15),
      recheckInterval: Duration = .seconds(2)
    ) {
      self.workers = workers
      self.threadsPerRun = threadsPerRun
      self.memoryBudgetBytes = memoryBudgetBytes
      self.failsFast = failsFast
      self.retries = retries
      self.policy = policy
      self.heartbeatInterval = heartbeatInterval
      self.recheckInterval = recheckInterval
    }
  }

  /// Where runs are claimed and recorded.
  public let store: any RunStore
  /// What trains them.
  public let executor: any RunExecutor
  /// How to work.
  public let options: Options

  /// Creates a scheduler.
  public init(store: any RunStore, executor: any RunExecutor, options: Options = Options()) {
    self.store = store
    self.executor = executor
    self.options = options
  }

  /// Trains runs until all have ended, and returns what became of each.
  ///
  /// Blocks the calling thread. It does not throw: an error of a run is that run's outcome, and an error of the machine
  /// ends the work and is the report's ``SchedulerReport/endingError``.
  ///
  /// - Parameters:
  ///   - runs: the registered runs in the order in which to start them; equal ones are trained once.
  ///   - sweep: the registered sweep that they are trained for.
  ///   - stop: ends the work when raised.
  ///   - observer: is told what happens.
  public func run(
    _ runs: [ScheduledRun], sweep: Int64, stop: StopSignal = StopSignal(), observer: (any SchedulerObserver)? = nil
  ) -> SchedulerReport {
    let events = EventChannel(observer)
    let leases = LeaseKeeper(store: store, events: events)
    let heartbeat = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "labrun.heartbeat"))
    let interval = options.heartbeatInterval.dispatchInterval
    heartbeat.schedule(deadline: .now() + interval, repeating: interval)
    heartbeat.setEventHandler { leases.beat() }
    heartbeat.resume()
    defer { heartbeat.cancel() }
    var session = SchedulerSession(
      scheduler: self, runs: runs, sweep: sweep, stop: stop, leases: leases, events: events)
    session.work()
    return session.conclude()
  }
}

extension Duration {
  /// The duration for Dispatch, which counts in nanoseconds.
  var dispatchInterval: DispatchTimeInterval {
    .nanoseconds(Int(components.seconds) * 1_000_000_000 + Int(components.attoseconds / 1_000_000_000))
  }
}
