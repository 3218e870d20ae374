/// Levels that a cell must have to be meant.
struct CellPattern: Hashable, Sendable {
  /// The levels by the factor's index; a factor that is absent may be at any level.
  var levels: [Int: Set<Int>]

  func matches(_ cell: [Int]) -> Bool { levels.allSatisfy { $0.value.contains(cell[$0.key]) } }
}

/// Chooses a study's cells: those of the design, less the excluded, then the included ones; the baseline first.
struct CellSelection: Sendable {
  /// The most combinations that a design may have before any are excluded.
  static let largestDesign = 10_000
  /// The most runs of a study.
  static let mostRuns = 100_000

  var design: any Design
  var space: DesignSpace
  var exclude: [CellPattern]
  var include: [[Int]]

  /// Whether the design is small enough to be written out.
  var isFeasible: Bool { design.cellCount(in: space) <= CellSelection.largestDesign }

  /// The chosen cells, each combination of levels once.
  func cells() -> [DesignCell] {
    let kept = designCells().filter { cell in !exclude.contains { $0.matches(cell.levels) } }
    var seen = Set<[Int]>()
    let cells = (kept + include.map { DesignCell($0) }).filter { seen.insert($0.levels).inserted }
    let baseline = space.baseline
    return cells.filter { $0.levels == baseline } + cells.filter { $0.levels != baseline }
  }

  /// The design's cells before anything is excluded or included.
  func designCells() -> [DesignCell] { design.cells(in: space) }
}
