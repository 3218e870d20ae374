import LabCore

/// What is known of a run from before.
public struct KnownRun: Hashable, Sendable {
  /// Where the run stands.
  public var state: RunState
  /// Epochs trained so far.
  public var completedEpochs: Int
  /// Epochs that the configuration asks for.
  public var plannedEpochs: Int
  /// Why it ended, where it did not end well.
  public var reason: String?
  /// The name of a sweep that trained it, where that is known.
  public var sweep: String?

  /// Creates an entry.
  public init(
    state: RunState, completedEpochs: Int = 0, plannedEpochs: Int = 0, reason: String? = nil, sweep: String? = nil
  ) {
    self.state = state
    self.completedEpochs = completedEpochs
    self.plannedEpochs = plannedEpochs
    self.reason = reason
    self.sweep = sweep
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

/// Which ended runs a sweep trains once more.
public enum RerunPolicy: String, Hashable, Sendable, CaseIterable {
  /// None.
  case unfinished
  /// Those that failed or diverged.
  case retryingFailed
  /// All, from their beginning.
  case fresh
}

extension CellForecast {
  /// Says what would happen to a cell.
  ///
  /// - Parameters:
  ///   - cell: the cell.
  ///   - identity: the cell's run.
  ///   - known: what is known of the run; nil where nothing is.
  ///   - policy: which ended runs are trained once more.
  public init(cell: PlanCell, identity: RunIdentity, known: KnownRun?, policy: RerunPolicy = .unfinished) {
    self.cell = cell
    self.identity = identity
    guard let known else {
      action = .run
      reason = "never started"
      return
    }
    let epochs = known.plannedEpochs > 0 ? "epoch \(known.completedEpochs) of \(known.plannedEpochs)" : "its start"
    let because = known.reason.map { ": \($0)" } ?? ""
    switch (known.state, policy) {
    case (.running, _):
      action = .wait
      reason = "another process trains it, now after \(epochs)"
    case (.pending, _):
      action = .run
      reason = "never started"
    case (let state, .fresh):
      action = .run
      reason = "\(state.rawValue) before; everything is trained afresh"
    case (.interrupted, _):
      action = known.completedEpochs > 0 ? .resume : .run
      reason = known.completedEpochs > 0 ? "interrupted after \(epochs)" : "interrupted in its first epoch"
    case (.completed, _):
      action = .reuse
      reason = "completed before" + (known.sweep.map { " in the sweep \"\($0)\"" } ?? "")
    case (.failed, .retryingFailed), (.diverged, .retryingFailed):
      action = known.completedEpochs > 0 ? .resume : .run
      reason = "\(known.state.rawValue) after \(epochs)\(because); tried again"
    case (.failed, .unfinished), (.diverged, .unfinished):
      action = .skip
      reason = "\(known.state.rawValue) after \(epochs)\(because)"
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
