import LabCore
import LabStudy
import Testing

/// Designs against counts and cells that were worked out by hand.
@Suite struct DesignTests {
  /// Factors of 3, 2 and 4 levels; the baseline is (0, 1, 2), the full model (2, 0, 2).
  private let space = DesignSpace(factors: [
    .init(levelCount: 3, baseline: 0, full: 2), .init(levelCount: 2, baseline: 1, full: 0),
    .init(levelCount: 4, baseline: 2, full: 2),
  ])

  private func design(_ name: String) throws -> any Design {
    try #require(Designs.registry[name])
  }

  private func cells(_ name: String) throws -> [[Int]] {
    try design(name).cells(in: space).map(\.levels)
  }

  @Test func factorialHasEveryCombination() throws {
    let cells = try cells("factorial")
    #expect(cells.count == 3 * 2 * 4)
    #expect(Set(cells).count == 24)
    #expect(cells[0...4] == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 0, 3], [0, 1, 0]])
  }

  @Test func oneFactorAtATimeHasEachOtherLevelAlone() throws {
    #expect(
      try cells("one-factor-at-a-time")
        == [[0, 1, 2], [1, 1, 2], [2, 1, 2], [0, 0, 2], [0, 1, 0], [0, 1, 1], [0, 1, 3]])
  }

  @Test func leaveOneOutTakesEachPartFromTheFullModel() throws {
    #expect(try cells("leave-one-out") == [[0, 1, 2], [2, 0, 2], [0, 0, 2], [2, 1, 2]])
  }

  @Test func addOneInAddsEachPartToTheBaseline() throws {
    #expect(try cells("add-one-in") == [[0, 1, 2], [2, 1, 2], [0, 0, 2]])
  }

  @Test func addAndLeaveOutDoesBoth() throws {
    // Of two parts, the full model without one is the baseline with the other.
    #expect(try cells("add-and-leave-out") == [[0, 1, 2], [2, 1, 2], [0, 0, 2], [2, 0, 2]])
    var space = space
    space.factors[2].full = 3
    #expect(
      try design("add-and-leave-out").cells(in: space).map(\.levels)
        == [[0, 1, 2], [2, 1, 2], [0, 0, 2], [0, 1, 3], [2, 0, 3], [0, 0, 3], [2, 1, 3], [2, 0, 2]])
  }

  @Test func pairsHasSinglesAndTwoWayCombinations() throws {
    let cells = try cells("pairs")
    // Six single changes; pairs of 2 × 1, 2 × 3 and 1 × 3 changes.
    #expect(cells.count == 1 + 6 + 11)
    #expect(Set(cells).count == 18)
    #expect(cells.prefix(7) == (try self.cells("one-factor-at-a-time"))[...])
    #expect(cells.dropFirst(7).allSatisfy { zip($0, space.baseline).count { $0 != $1 } == 2 })
    #expect(cells.contains([2, 1, 3]) && !cells.contains([1, 0, 0]))
  }

  @Test func listHasWhatIsListed() throws {
    var space = space
    space.listedCells = [[2, 1, 0], [0, 0, 0]]
    #expect(try design("list").cells(in: space).map(\.levels) == [[2, 1, 0], [0, 0, 0]])
  }

  @Test(arguments: Designs.registry.names)
  func countsAgreeWithCells(name: String) throws {
    let design = try design(name)
    for factors in [[], [(1, 0, 0)], [(2, 1, 0)], [(3, 0, 2), (2, 1, 1), (5, 4, 0), (1, 0, 0)]] as [[(Int, Int, Int)]] {
      let space = DesignSpace(
        factors: factors.map { .init(levelCount: $0.0, baseline: $0.1, full: $0.2) },
        listedCells: [factors.map(\.1)])
      #expect(design.cellCount(in: space) == design.cells(in: space).count, "\(name) \(factors)")
      #expect(design.cells(in: space).allSatisfy { $0.levels.count == factors.count })
    }
  }

  @Test func hugeDesignsAreCountedWithoutBeingMade() throws {
    let space = DesignSpace(factors: Array(repeating: .init(levelCount: 1000), count: 50))
    #expect(try design("factorial").cellCount(in: space) == .max)
    #expect(try design("pairs").cellCount(in: space) == 1 + 50 * 999 + 50 * 49 / 2 * 999 * 999)
  }

  // MARK: A design of one's own

  /// The baseline, and cells in which every factor is at the same level, from `from` on.
  private struct DiagonalDesign: Design {
    let name = "diagonal"
    let summary = "All factors at the same level."
    var options: ConfigurationSchema {
      ConfigurationSchema([.init("from", .integer(0...99), default: 1, "The first level.")])
    }

    private func levels(_ space: DesignSpace) -> Range<Int> {
      let first = space.options["from"]?.integerValue ?? 0
      return first..<max(first, space.factors.map(\.levelCount).min() ?? 0)
    }

    func cellCount(in space: DesignSpace) -> Int { 1 + levels(space).count }

    func cells(in space: DesignSpace) -> [DesignCell] {
      [DesignCell(space.baseline)] + levels(space).map { level in DesignCell(space.factors.map { _ in level }) }
    }
  }

  @Test func aNewDesignIsOneTypeWithItsOptions() throws {
    let designs = Registry(copying: Designs.registry)
    try designs.add(DiagonalDesign())
    let schema = StudySchema(sections: TestSchema.study.sections, designs: designs)
    let factors = #"{"width": [8, 16, 32, 64], "depth": [8, 14, 20]}"#
    let changes = [("factors", factors), ("baseline", #"{"width": 16, "depth": 20}"#)] as [(String, String?)]
    let short = try makePlan(changes + [("design", #""diagonal""#)], schema: schema)
    #expect(short.variants.map(\.label) == ["baseline", "depth=14", "width=32"])
    let long = try makePlan(changes + [("design", #"{"name": "diagonal", "from": 2}"#)], schema: schema)
    #expect(long.variants.map(\.label) == ["baseline", "width=32"])
    let wrong = checkSpec(changes + [("design", #"{"name": "diagonal", "form": 2, "from": -1}"#)], schema: schema)
    #expect(
      wrong.issues.map(\.description) == [
        #"a.json:7:34: design.form: unknown key "form"; expected the key from (did you mean "from"?)"#,
        "a.json:7:53: design.from: expected an integer from 0 to 99, found -1",
      ])
  }
}
