/// The cells that the spec lists; a factor that a cell does not name is at the baseline's level.
public struct ListDesign: Design {
  public let name = "list"
  public let summary = "The cells of the list \"cells\"; a factor that a cell does not name is at its baseline."
  public let takesCells = true

  /// Creates the design.
  public init() {}

  public func cellCount(in space: DesignSpace) -> Int { space.listedCells.count }

  public func cells(in space: DesignSpace) -> [DesignCell] { space.listedCells.map { DesignCell($0) } }
}
