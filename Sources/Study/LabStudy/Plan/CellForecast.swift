import LabCore
import LabRecords

/// What a dry run has to know of a run from before.
public struct KnownRun: Hashable, Sendable {
  /// Where the run stands.
  public var state: RunState
  /// Epochs trained so far.
  public var completedEpochs: Int
  /// Epochs that the configuration asks for.
  public var plannedEpochs: Int
  /// Why it ended, where it did not end well.
  public var reason: String?
  /// Whether it failed for a reason outside its configuration.
  public var isRetriable: Bool

  /// Creates an entry.
  public init(
    state: RunState, completedEpochs: Int = 0, plannedEpochs: Int = 0, reason: String? = nil,
    isRetriable: Bool = false
  ) {
    self.state = state
    self.completedEpochs = completedEpochs
    self.plannedEpochs = plannedEpochs
    self.reason = reason
    self.isRetriable = isRetriable
  }

  /// Creates the entry of a stored run.
  public init(_ run: StoredRun) {
    self.init(
      state: run.state, completedEpochs: run.completedEpochs, plannedEpochs: run.plannedEpochs, reason: run.reason,
      isRetriable: run.isRetriable)
  }
}

/// What a sweep would do with a cell, and why.
public struct CellForecast: Hashable, Sendable, Codable {
  /// What would happen.
  public enum Action: String, Hashable, Sendable, Codable, CaseIterable {
    /// Trained from its beginning.
    case run
    /// Trained on from where it was interrupted.
    case resume
    /// Taken as it is: the result is there.
    case reuse
    /// Left to the process that trains it now.
    case wait
    /// Left alone, because it ended without a result.
    case skip
  }

  /// The cell.
  public var cell: PlanCell
  /// The cell's run.
  public var identity: RunIdentity
  /// What would happen.
  public var action: Action
  /// Why, as a clause for people: `interrupted after epoch 3 of 10`.
  public var reason: String
}

extension CellForecast {
  /// Says what would happen to a cell, as the store would decide when a scheduler claims the run.
  ///
  /// - Parameters:
  ///   - cell: the cell.
  ///   - identity: the cell's run.
  ///   - known: what is known of the run; nil where nothing is.
  ///   - policy: which ended runs are trained once more.
  public init(cell: PlanCell, identity: RunIdentity, known: KnownRun?, policy: RerunPolicy = .unfinished) {
    self.cell = cell
    self.identity = identity
    guard let known, known.state != .pending else {
      action = .run
      reason = "never started"
      return
    }
    let past = CellForecast.past(of: known)
    guard known.state != .running else {
      action = .wait
      reason = past
      return
    }
    // Everything that is known lies in the past of the sweep that is forecast.
    let decision = policy.claimPolicy(endedBefore: .distantFuture)
      .decision(state: known.state, isRetriable: known.isRetriable, lastAttemptAt: .distantPast)
    switch decision {
    case .leave:
      action = known.state == .completed ? .reuse : .skip
      reason = past
    case .resume:
      action = known.completedEpochs > 0 ? .resume : .run
      reason = known.state == .interrupted ? past : "\(past); tried again"
    case .discard:
      action = .run
      reason = "\(past); trained afresh"
    }
  }

  private static func past(of run: KnownRun) -> String {
    let progress = " after epoch \(run.completedEpochs) of \(run.plannedEpochs)"
    let because = run.reason.map { ": \($0)" } ?? ""
    return switch run.state {
    case .pending: "never started"
    case .running: "another process trains it, now" + progress
    case .interrupted: run.completedEpochs > 0 ? "interrupted" + progress : "interrupted in its first epoch"
    case .completed: "completed"
    case .failed, .diverged: run.state.rawValue + progress + because
    }
  }
}

extension Plan {
  /// Says what would happen to each cell, for a dry run.
  ///
  /// - Parameters:
  ///   - cells: the cells to look at; all where nil.
  ///   - policy: which ended runs are trained once more.
  ///   - dataHash: gives the hash of the content of the data set that a variant's configuration names.
  ///   - known: looks a run up; nil for a run that nothing is known of.
  public func forecast(
    cells: [PlanCell]? = nil, policy: RerunPolicy = .unfinished,
    dataHash: (ResolvedVariant) throws -> ContentHash, known: (RunIdentity) throws -> KnownRun?
  ) rethrows -> [CellForecast] {
    try (cells ?? self.cells).map { cell in
      let identity = cell.identity(dataHash: try dataHash(cell.variant))
      return CellForecast(cell: cell, identity: identity, known: try known(identity), policy: policy)
    }
  }
}
