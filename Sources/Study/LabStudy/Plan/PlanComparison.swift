import LabCore
import LabRecords

/// How a plan differs from what an earlier sweep of the same name trained, for a person who resumes after a change.
public struct PlanComparison: Hashable, Sendable {
  /// A cell whose levels and seed are as before but whose run is another one.
  public struct Change: Hashable, Sendable {
    /// The cell of the earlier sweep.
    public var before: Cell
    /// The cell of the plan.
    public var after: Cell
    /// The keys whose values differ; empty where only the data do.
    public var differences: [ConfigurationDifference]

    /// Whether what the run reads differs.
    public var dataDiffers: Bool { before.run.dataHash != after.run.dataHash }
  }

  /// Cells that the earlier sweep did not have.
  public var added: [Cell] = []
  /// Cells of the earlier sweep that the plan does not have; their results stay in the store.
  public var removed: [Cell] = []
  /// Cells that have to be trained anew, because their configuration or data changed.
  public var changed: [Change] = []
  /// Cells whose run is the same as before, also under another label.
  public var unchangedCount = 0

  /// Compares a plan's sweep with an earlier one.
  ///
  /// A run that both sides have is unchanged, whatever it is called; of the others, cells of the same levels or label
  /// and seed belong together.
  public init(from earlier: Sweep, to current: Sweep) {
    let earlierRuns = Set(earlier.runs.map(\.identity))
    let currentRuns = Set(current.runs.map(\.identity))
    unchangedCount = current.runs.count { earlierRuns.contains($0.identity) }
    var unmatched = earlier.cells.filter { !currentRuns.contains($0.run.identity) }
    for cell in current.cells where !earlierRuns.contains(cell.run.identity) {
      let match =
        unmatched.firstIndex { $0.run.seed == cell.run.seed && $0.variant.levels == cell.variant.levels }
        ?? unmatched.firstIndex { $0.run.seed == cell.run.seed && $0.variant.label == cell.variant.label }
      guard let match else {
        added.append(cell)
        continue
      }
      let old = unmatched.remove(at: match)
      changed.append(
        Change(
          before: old, after: cell,
          differences: ConfigurationDifference.between(old.run.configuration, cell.run.configuration)))
    }
    removed = unmatched
  }

  /// Whether the plan trains the same runs as the earlier sweep.
  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// The comparison in a few lines for people; empty where nothing differs.
  ///
  /// - Parameter limit: how many cells a line names.
  public func summaryLines(limit: Int = 4) -> [String] {
    func list(_ items: [String]) -> String {
      items.prefix(limit).joined(separator: ", ") + (items.count > limit ? ", …" : "")
    }
    func line(_ what: String, _ cells: [Cell]) -> [String] {
      cells.isEmpty ? [] : ["\(cells.count) \(what): \(list(cells.map(\.description)))"]
    }
    let keys = Set(changed.flatMap(\.differences)).map(\.description).sorted()
    let data = changed.contains(where: \.dataDiffers) ? ["the content of the data set or of the initial weights"] : []
    let reasons = data + keys
    return line("added", added) + line("removed", removed) + line("changed", changed.map(\.after))
      + (reasons.isEmpty ? [] : ["  because of: \(list(reasons))"])
  }
}
