/// The cells that the spec lists; a factor that a cell does not name is at the baseline's level.
struct ListDesign: Design {
  let name = "list"
  let summary = "The cells of the list \"cells\"; a factor that a cell does not name is at its baseline."
  let takesCells = true

  func cellCount(in space: DesignSpace) -> Int { space.listedCells.count }

  func cells(in space: DesignSpace) -> [DesignCell] { space.listedCells.map { DesignCell($0) } }
}
