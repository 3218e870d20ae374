import LabCore
import LabRecords

/// Trains a run.
public protocol RunExecutor: Sendable {
  /// Trains a claimed run to its end or until it is told to stop.
  ///
  /// Called on a worker's own thread, and for several runs at a time on several threads. The executor records its
  /// start, its epochs, its log and its files with `context.store` and the run's lease, and resumes from the last
  /// whole checkpoint; the start, which it records once it has chosen where to resume, removes the epochs beyond.
  /// It looks at ``RunContext/stopRequest`` after every step and ends with ``LabRecords/RunOutcome/interrupted(reason:)``
  /// when asked to. It does not call `finish`: the scheduler does, with the outcome.
  ///
  /// - Throws: anything; the run then counts as failed, or as interrupted where the machine is to blame: a
  ///   ``LabRecords/RunFailure`` that says so, any `FileError`, any error of the machine. A `RunFailure` that is retriable fails the
  ///   run until the next sweep tries it again.
  func execute(_ run: ClaimedRun, context: RunContext) throws -> RunOutcome
}

/// What a running run may use of its scheduler.
public struct RunContext: Sendable {
  /// The store that the run belongs to.
  public let store: any RunStore
  /// The index of the worker that trains the run, from 0.
  public let worker: Int
  /// The threads that the run may use.
  public let threads: Int
  private let stopSignals: [StopSignal]
  private let progress: @Sendable (RunProgress) -> Void
  private let remark: @Sendable (String) -> Void

  /// Creates a context.
  ///
  /// - Parameters:
  ///   - store: the store that the run belongs to.
  ///   - worker: the index of the worker, from 0.
  ///   - threads: the threads that the run may use.
  ///   - stopSignals: the signals that can end the run; the most urgent one counts.
  ///   - progress: receives progress on the calling thread.
  ///   - remark: receives what a person should know at once, on the calling thread.
  public init(
    store: any RunStore, worker: Int = 0, threads: Int = 1, stopSignals: [StopSignal] = [],
    progress: @escaping @Sendable (RunProgress) -> Void = { _ in },
    remark: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.store = store
    self.worker = worker
    self.threads = threads
    self.stopSignals = stopSignals
    self.progress = progress
    self.remark = remark
  }

  /// How urgently the run is to end; cheap enough to ask after every step.
  public var stopRequest: StopRequest { stopSignals.map(\.request).max() ?? .none }

  /// Tells observers how far the run is.
  public func report(_ progress: RunProgress) { self.progress(progress) }

  /// Tells observers one sentence about the run that a person should know.
  public func warn(_ sentence: String) { remark(sentence) }
}
