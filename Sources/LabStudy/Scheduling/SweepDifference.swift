import LabCore

/// How a sweep's cells differ from those of an earlier sweep, for a person who resumes after a change.
public struct SweepDifference: Sendable, Hashable {
  /// A variant and a seed.
  public struct Cell: Sendable, Hashable, CustomStringConvertible {
    /// The variant's label.
    public var label: String
    /// The seed.
    public var seed: UInt64

    /// Creates a cell.
    public init(label: String, seed: UInt64) {
      self.label = label
      self.seed = seed
    }

    /// The label and the seed, for people.
    public var description: String { "\(label), seed \(seed)" }
  }

  /// A cell whose run is another one than before.
  public struct Change: Sendable, Hashable {
    /// The cell.
    public var cell: Cell
    /// The configuration keys whose values differ, sorted.
    public var keys: [String]
    /// Whether the data set's content differs.
    public var dataDiffers: Bool
  }

  /// Cells that the earlier sweep did not have, in the order of the plan.
  public var added: [Cell]
  /// Cells that only the earlier sweep had, in the order of its plan.
  public var removed: [Cell]
  /// Cells whose run is another one, in the order of the plan.
  public var changed: [Change]

  /// Compares two registrations.
  public init(from earlier: SweepRegistration, to current: SweepRegistration) {
    let old = SweepDifference.cells(of: earlier)
    let new = SweepDifference.cells(of: current)
    let oldRuns = Dictionary(old, uniquingKeysWith: { first, _ in first })
    let newRuns = Dictionary(new, uniquingKeysWith: { first, _ in first })
    added = new.map(\.0).filter { oldRuns[$0] == nil }
    removed = old.map(\.0).filter { newRuns[$0] == nil }
    changed = new.compactMap { cell, run in
      guard let before = oldRuns[cell], before.identity != run.identity else { return nil }
      return Change(
        cell: cell, keys: SweepDifference.differingKeys(before.configuration, run.configuration),
        dataDiffers: before.dataHash != run.dataHash)
    }
  }

  /// Whether the two sweeps need the same runs for the same cells.
  public var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  private static func cells(of sweep: SweepRegistration) -> [(Cell, SweepRegistration.Run)] {
    sweep.variants.flatMap { variant in
      variant.runs.map { (Cell(label: variant.label, seed: $0.seed), $0) }
    }
  }

  /// The dotted paths of the values that differ between two configurations.
  private static func differingKeys(_ old: JSONValue?, _ new: JSONValue?, path: String = "") -> [String] {
    guard old != new else { return [] }
    guard case .object(let before)? = old, case .object(let after)? = new else { return [path] }
    return Set(before.keys).union(after.keys).sorted().flatMap { key in
      differingKeys(before[key], after[key], path: path.isEmpty ? key : "\(path).\(key)")
    }
  }
}
