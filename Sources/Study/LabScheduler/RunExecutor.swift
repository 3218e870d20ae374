import Dispatch
import LabCore
import LabRecords
import Synchronization

/// Starts the training of claimed runs, and tells what became of it, wherever it happens.
public protocol RunExecutor: Sendable {
  /// Starts a claimed run, and returns without waiting for its end.
  ///
  /// Whoever trains it records its start, its epochs, its log and its files with `context.store` and the run's lease, and
  /// goes on from the last whole checkpoint; the start, which is recorded once it is known where to go on, removes the
  /// epochs beyond. It does not call `finish`: the scheduler does, with the outcome that the job tells.
  ///
  /// Called on one thread, that of the scheduler.
  ///
  /// - Throws: anything; what follows from it is said at ``RunJob/poll()``.
  func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob

  /// Is told that no run follows for now, so that what was submitted together can be handed over together.
  ///
  /// - Throws: an error of the machine, which ends the sweep.
  func flush() throws

  /// The longest time between two looks at a job that does not ask for one.
  var pollInterval: Duration { get }

  /// Whether a run is trained as soon as it is submitted; else its job says when, by ``RunContext/noteStart()``.
  var startsAtOnce: Bool { get }
}

extension RunExecutor {
  public var startsAtOnce: Bool { true }
  public func flush() throws {}
  public var pollInterval: Duration { .milliseconds(200) }
}

/// A run that an executor has started.
public protocol RunJob: Sendable {
  /// Takes in what has come of the run, and returns how it ended; nil while it is under way.
  ///
  /// It looks at ``RunContext/stopRequest`` and ends with ``LabRecords/RunOutcome/interrupted(reason:)`` when asked to. Called on
  /// one thread, that of the scheduler, whenever the job asks for it by ``RunContext/wake()`` and at intervals; no more once
  /// it has returned an outcome or thrown.
  ///
  /// - Throws: anything; the run then counts as failed, or as interrupted where the machine is to blame: a
  ///   ``LabRecords/RunFailure`` that says so, any `FileError`, any error of the machine. A `RunFailure` that is retriable fails
  ///   the run until it is tried again, by this sweep as often as ``Scheduler/Options/retries`` says, or by the next one.
  func poll() throws -> RunOutcome?

  /// Whether the run ended since the system had no more memory, so that fewer at a time may do better.
  var ranOutOfMemory: Bool { get }

  /// Whether the run ended since what it ran on was taken away, so that it is lined up again, however often.
  var wasPreempted: Bool { get }
}

extension RunJob {
  public var wasPreempted: Bool { false }
  public var ranOutOfMemory: Bool { false }
}

/// An executor that trains runs in this process, each on a thread of its own.
public protocol BlockingRunExecutor: RunExecutor {
  /// Trains a claimed run to its end or until it is told to stop; see ``RunExecutor/submit(_:context:)``.
  ///
  /// It looks at ``RunContext/stopRequest`` after every step.
  ///
  /// - Throws: anything; what follows from it is said at ``RunJob/poll()``.
  func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome
}

extension BlockingRunExecutor {
  public func submit(_ run: ClaimedRun, context: RunContext) throws -> any RunJob {
    let job = ThreadJob()
    // A serial queue of its own has a thread of its own, however many cores the machine has.
    DispatchQueue(label: "labrun.worker-\(context.worker)").async {
      job.end(with: Result { try execute(run, context: context) })
      context.wake()
    }
    return job
  }
}

/// An error of a run that speaks against starting any other one; those that are under way go on.
public protocol StartRefusal: Error {}

/// A run that is trained on a thread of this process.
private final class ThreadJob: RunJob {
  private let result = Mutex<Result<RunOutcome, any Error>?>(nil)

  func end(with result: Result<RunOutcome, any Error>) { self.result.withLock { $0 = result } }

  func poll() throws -> RunOutcome? { try result.withLock { $0 }?.get() }
}

/// What a running run may use of its scheduler.
public struct RunContext: Sendable {
  /// The store that the run belongs to.
  public let store: any AttemptStore
  /// The index of the worker that trains the run, from 0.
  public let worker: Int
  /// The threads that the run may use.
  public let threads: Int
  private let stopSignals: [StopSignal]
  private let progress: @Sendable (RunProgress) -> Void
  private let remark: @Sendable (String) -> Void
  private let wakeUp: @Sendable () -> Void
  private let started: @Sendable () -> Void

  /// Creates a context.
  ///
  /// - Parameters:
  ///   - store: the store that the run belongs to.
  ///   - worker: the index of the worker, from 0.
  ///   - threads: the threads that the run may use.
  ///   - stopSignals: the signals that can end the run; the most urgent one counts.
  ///   - progress: receives progress on the calling thread.
  ///   - remark: receives what a person should know at once, on the calling thread.
  ///   - wakeUp: is called where the run is worth a look, on the calling thread.
  ///   - started: is called when a run that had to wait is trained, on the calling thread.
  public init(
    store: any AttemptStore, worker: Int = 0, threads: Int = 1, stopSignals: [StopSignal] = [],
    progress: @escaping @Sendable (RunProgress) -> Void = { _ in },
    remark: @escaping @Sendable (String) -> Void = { _ in }, wakeUp: @escaping @Sendable () -> Void = {},
    started: @escaping @Sendable () -> Void = {}
  ) {
    self.store = store
    self.worker = worker
    self.threads = threads
    self.stopSignals = stopSignals
    self.progress = progress
    self.remark = remark
    self.wakeUp = wakeUp
    self.started = started
  }

  /// How urgently the run is to end; cheap enough to ask after every step.
  public var stopRequest: StopRequest { stopSignals.map(\.request).max() ?? .none }

  /// Tells observers how far the run is.
  public func report(_ progress: RunProgress) { self.progress(progress) }

  /// Tells observers one sentence about the run that a person should know.
  public func warn(_ sentence: String) { remark(sentence) }

  /// Tells observers that a run is trained from now on that had to wait after it was submitted.
  public func noteStart() { started() }

  /// Asks the scheduler for a look at the run's job; from any thread.
  public func wake() { wakeUp() }
}
