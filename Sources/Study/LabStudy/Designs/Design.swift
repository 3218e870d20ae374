import LabCore

/// A rule that chooses which combinations of levels are trained.
///
/// A design sees numbers only: how many levels each factor has, and which of them are the baseline's and the full
/// model's. Excluded and included cells, duplicates and labels are the plan's business. A new design is one file with
/// a type of this protocol and its line in ``Designs/registry``.
public protocol Design: Sendable {
  /// The name in specs, in kebab case.
  var name: String { get }
  /// What it chooses, in one sentence.
  var summary: String { get }
  /// The options of the object form.
  var options: ConfigurationSchema { get }
  /// Whether it starts from the spec's `full` model.
  var needsFullModel: Bool { get }
  /// Whether its object form has a list `cells`.
  var takesCells: Bool { get }

  /// The number of cells, without making them; `Int.max` where it is beyond any use.
  func cellCount(in space: DesignSpace) -> Int

  /// The cells in the order in which tables show them; equal cells are dropped later.
  func cells(in space: DesignSpace) -> [DesignCell]
}

extension Design {
  /// No options.
  public var options: ConfigurationSchema { ConfigurationSchema([]) }
  /// The baseline is enough.
  public var needsFullModel: Bool { false }
  /// Cells follow from the levels.
  public var takesCells: Bool { false }
}

/// What a design chooses from.
public struct DesignSpace: Sendable {
  /// One axis.
  public struct Factor: Sendable {
    /// The number of levels.
    public var levelCount: Int
    /// The baseline's level, counted from 0.
    public var baseline: Int
    /// The full model's level; the baseline's where the spec has no full model.
    public var full: Int

    /// Creates an axis.
    public init(levelCount: Int, baseline: Int = 0, full: Int? = nil) {
      self.levelCount = levelCount
      self.baseline = baseline
      self.full = full ?? baseline
    }

    /// The levels other than the baseline's.
    public var alternatives: [Int] { (0..<levelCount).filter { $0 != baseline } }
    /// Whether the full model differs from the baseline here.
    public var isInFullModel: Bool { full != baseline }
  }

  /// The axes in the order of the spec.
  public var factors: [Factor]
  /// The cells that the spec lists, for designs that take some; one level a factor.
  public var listedCells: [[Int]]
  /// The design's options with their defaults filled in.
  public var options: JSONValue

  /// Creates a space.
  public init(factors: [Factor], listedCells: [[Int]] = [], options: JSONValue = [:]) {
    self.factors = factors
    self.listedCells = listedCells
    self.options = options
  }

  /// The baseline's levels.
  public var baseline: [Int] { factors.map(\.baseline) }
  /// The full model's levels.
  public var full: [Int] { factors.map(\.full) }
}

/// One combination of levels.
public struct DesignCell: Hashable, Sendable {
  /// What the cell is for, which decides how it is named.
  public enum Role: Hashable, Sendable {
    /// Named after the levels that differ from the baseline.
    case combination
    /// The full model.
    case full
    /// The full model with one factor set back to the baseline.
    case fullWithout(factor: Int)
  }

  /// One level a factor, counted from 0.
  public var levels: [Int]
  /// What the cell is for.
  public var role: Role

  /// Creates a cell.
  public init(_ levels: [Int], role: Role = .combination) {
    self.levels = levels
    self.role = role
  }

  /// The cell with one factor at another level.
  public func setting(_ factor: Int, to level: Int, role: Role = .combination) -> DesignCell {
    var levels = levels
    levels[factor] = level
    return DesignCell(levels, role: role)
  }
}
