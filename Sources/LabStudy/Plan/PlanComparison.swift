import LabCore

/// How a plan differs from what an earlier sweep of the same name trained.
public struct PlanComparison: Hashable, Sendable {
  /// A cell of either side.
  public struct Cell: Hashable, Sendable {
    /// The variant's label.
    public var label: String
    /// The level of each factor, by the factor's name.
    public var levels: [String: String]
    /// The seed.
    public var seed: UInt64
    /// The run.
    public var identity: RunIdentity
    /// The resolved configuration, where it is known.
    public var configuration: JSONValue?

    /// Creates a cell.
    public init(
      label: String, levels: [String: String], seed: UInt64, identity: RunIdentity, configuration: JSONValue? = nil
    ) {
      self.label = label
      self.levels = levels
      self.seed = seed
      self.identity = identity
      self.configuration = configuration
    }
  }

  /// A cell whose levels and seed are as before but whose run is another one.
  public struct Change: Hashable, Sendable {
    /// The cell of the earlier sweep.
    public var before: Cell
    /// The cell of the plan.
    public var after: Cell
    /// The keys whose values differ; empty where the configurations are unknown, or equal and the data differ.
    public var differences: [ConfigurationDifference]
  }

  /// Cells that the earlier sweep did not have.
  public var added: [Cell] = []
  /// Cells of the earlier sweep that the plan does not have; their results stay in the store.
  public var removed: [Cell] = []
  /// Cells that have to be trained anew, because their configuration or data changed.
  public var changed: [Change] = []
  /// Cells whose run is the same as before, also under another label.
  public var unchangedCount = 0

  /// Compares two lists of cells.
  ///
  /// A run that both sides have is unchanged, whatever it is called; of the others, cells of the same levels or label
  /// and seed belong together.
  public init(from earlier: [Cell], to current: [Cell]) {
    let earlierRuns = Set(earlier.map(\.identity))
    let currentRuns = Set(current.map(\.identity))
    unchangedCount = current.count { earlierRuns.contains($0.identity) }
    var unmatched = earlier.filter { !currentRuns.contains($0.identity) }
    for cell in current where !earlierRuns.contains(cell.identity) {
      let match =
        unmatched.firstIndex { $0.seed == cell.seed && $0.levels == cell.levels }
        ?? unmatched.firstIndex { $0.seed == cell.seed && $0.label == cell.label }
      guard let match else {
        added.append(cell)
        continue
      }
      let before = unmatched.remove(at: match)
      var differences: [ConfigurationDifference] = []
      if let old = before.configuration, let new = cell.configuration {
        differences = ConfigurationDifference.between(old, new)
      }
      changed.append(Change(before: before, after: cell, differences: differences))
    }
    removed = unmatched
  }

  /// Whether the plan trains the same runs as the earlier sweep.
  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// The comparison in a few lines for people; empty where nothing differs.
  ///
  /// - Parameter limit: how many cells a line names.
  public func summaryLines(limit: Int = 4) -> [String] {
    func line(_ what: String, _ cells: [Cell]) -> [String] {
      if cells.isEmpty { return [] }
      let names = cells.prefix(limit).map { "\($0.label) (seed \($0.seed))" }.joined(separator: ", ")
      return ["\(cells.count) \(what): \(names)" + (cells.count > limit ? ", …" : "")]
    }
    let keys = Set(changed.flatMap(\.differences)).map(\.description).sorted()
    let why =
      keys.isEmpty ? [] : ["  " + keys.prefix(limit).joined(separator: ", ") + (keys.count > limit ? ", …" : "")]
    return line("added", added) + line("removed", removed) + line("changed", changed.map(\.after)) + why
  }
}

extension PlanComparison {
  /// Compares a plan with what is known of an earlier sweep.
  ///
  /// - Parameters:
  ///   - plan: the whole plan, not a selection of its cells.
  ///   - earlier: the earlier sweep.
  ///   - dataHash: gives the hash of the content of the data set that a variant's configuration names.
  ///   - configuration: looks up the configuration of an earlier run, to tell what changed.
  public init(
    of plan: Plan, with earlier: SweepSnapshot, dataHash: (ResolvedVariant) throws -> ContentHash,
    configuration: (RunIdentity) throws -> JSONValue? = { _ in nil }
  ) rethrows {
    let before = try earlier.variants.flatMap { variant in
      try variant.runs.map { run in
        Cell(
          label: variant.label, levels: variant.levels, seed: run.seed, identity: run.identity,
          configuration: try configuration(run.identity))
      }
    }
    let after = try plan.cells.map { cell in
      Cell(
        label: cell.variant.label, levels: cell.variant.levels, seed: cell.seed,
        identity: cell.identity(dataHash: try dataHash(cell.variant)), configuration: cell.variant.configuration)
    }
    self.init(from: before, to: after)
  }
}
