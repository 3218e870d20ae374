/// Every combination of every level: main effects and all interactions, at the price of the product of all counts.
struct FactorialDesign: Design {
  let name = "factorial"
  let summary = "Every combination of every level."

  func cellCount(in space: DesignSpace) -> Int {
    space.factors.reduce(1) { count, factor in
      let (product, overflow) = count.multipliedReportingOverflow(by: factor.levelCount)
      return overflow ? .max : product
    }
  }

  /// The last factor changes fastest.
  func cells(in space: DesignSpace) -> [DesignCell] {
    space.factors.reduce([[Int]()]) { prefixes, factor in
      prefixes.flatMap { prefix in (0..<factor.levelCount).map { prefix + [$0] } }
    }.map { DesignCell($0) }
  }
}
