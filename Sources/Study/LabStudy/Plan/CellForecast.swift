import LabCore
import LabRecords

/// What a sweep would do with a cell, and why.
public struct CellForecast: Hashable, Sendable, Codable {
  /// The cell.
  public var cell: PlanCell
  /// The cell's run.
  public var identity: RunIdentity
  /// What would happen.
  public var action: RunAction
  /// Why, as a clause for people: `interrupted after epoch 3 of 10`.
  public var reason: String
}

extension CellForecast {
  /// Says what would happen to a cell, as the store would decide when a scheduler claims the run.
  ///
  /// - Parameters:
  ///   - cell: the cell.
  ///   - identity: the cell's run.
  ///   - known: the run as the store has it; nil where it has none.
  ///   - policy: which ended runs are trained once more; its date counts as later than all that is known.
  public init(cell: PlanCell, identity: RunIdentity, known: Run?, policy: ClaimPolicy = .unfinished) {
    self.cell = cell
    self.identity = identity
    guard let known, known.state != .pending else {
      action = .run
      reason = "never started"
      return
    }
    let past = CellForecast.past(of: known)
    guard known.state != .running else {
      action = .skip
      reason = past
      return
    }
    // Everything that is known lies in the past of the sweep that is forecast.
    let decision = policy.decision(
      state: known.state, isRetriable: known.isRetriable, lastAttemptAt: .distantPast)
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

  private static func past(of run: Run) -> String {
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
  ///   - policy: which ended runs are trained once more; its date counts as later than all that is known.
  ///   - dataHash: gives the hash of the content of the data set that a variant's configuration names.
  ///   - known: looks a run up; nil for a run that nothing is known of.
  public func forecast(
    cells: [PlanCell]? = nil, policy: ClaimPolicy = .unfinished,
    dataHash: (ResolvedVariant) throws -> ContentHash, known: (RunIdentity) throws -> Run?
  ) rethrows -> [CellForecast] {
    try (cells ?? self.cells).map { cell in
      let identity = cell.identity(dataHash: try dataHash(cell.variant))
      return CellForecast(cell: cell, identity: identity, known: try known(identity), policy: policy)
    }
  }
}
