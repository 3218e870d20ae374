import LabCore
import LabRecords

/// What became of the runs that a scheduler was given.
public struct SchedulerReport: Sendable {
  /// What became of one run.
  public enum Result: Sendable, Hashable {
    /// An attempt of this scheduler ended so.
    case ended(RunOutcome)
    /// The run was in this state before, or another process brought it there.
    case reused(RunState)
    /// Its outcome was not recorded: another process took it over, or the store could not be written.
    case lost
    /// Work ended before the run's turn, or while another process trained it.
    case notStarted

    /// Whether the run is completed, by this scheduler's work or before.
    public var isCompleted: Bool { self == .reused(.completed) || isTrained }

    /// Whether this scheduler trained the run to its end.
    var isTrained: Bool { if case .ended(.completed) = self { true } else { false } }
  }

  /// The runs in the order of the plan.
  public var runs: [ScheduledRun]
  /// What became of each run.
  public var results: [RunIdentity: Result]
  /// The request that ended the work early, or `none`.
  public var stopRequest: StopRequest
  /// The error of the machine that ended the work early, if one did.
  public var endingError: (any Error)?
  /// The first error of the machine that interrupted a run while the work went on, if one did.
  public var machineError: (any Error)?
  /// Whether a failed or diverged run ended the work, as the options asked for.
  public var hasFailedFast: Bool

  /// Creates a report.
  public init(
    runs: [ScheduledRun], results: [RunIdentity: Result] = [:], stopRequest: StopRequest = .none,
    endingError: (any Error)? = nil, machineError: (any Error)? = nil, hasFailedFast: Bool = false
  ) {
    self.runs = runs
    self.results = results
    self.stopRequest = stopRequest
    self.endingError = endingError
    self.machineError = machineError
    self.hasFailedFast = hasFailedFast
  }

  /// The number of runs that are now in a state, by this scheduler's work or before.
  public func count(_ state: RunState) -> Int {
    results.values.count {
      switch $0 {
      case .ended(let outcome): outcome.state == state
      case .reused(let known): known == state
      case .lost, .notStarted: false
      }
    }
  }

  /// The number of runs that ended unfinished, be it since they go on elsewhere.
  public var leftCount: Int { count(.interrupted) }

  /// The number of runs that this scheduler trained to their end.
  public var trainedCount: Int { results.values.count { $0.isTrained } }

  /// The number of completed runs that needed no training.
  public var reusedCount: Int { results.values.count { $0 == .reused(.completed) } }

  /// Whether every run is completed.
  public var isComplete: Bool { count(.completed) == results.count }

  /// Takes in what became of further runs, which were trained after these.
  public mutating func add(_ later: SchedulerReport) {
    runs += later.runs.filter { results[$0.identity] == nil }
    results.merge(later.results) { _, new in new }
    stopRequest = max(stopRequest, later.stopRequest)
    endingError = endingError ?? later.endingError
    machineError = machineError ?? later.machineError
    hasFailedFast = hasFailedFast || later.hasFailedFast
  }
}
