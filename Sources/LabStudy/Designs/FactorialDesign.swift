/// Every combination of every level: main effects and all interactions, at the price of the product of all counts.
public struct FactorialDesign: Design {
  public let name = "factorial"
  public let summary = "Every combination of every level."

  /// Creates the design.
  public init() {}

  public func cellCount(in space: DesignSpace) -> Int {
    space.factors.reduce(1) { count, factor in
      let (product, overflow) = count.multipliedReportingOverflow(by: factor.levelCount)
      return overflow ? .max : product
    }
  }

  /// The last factor changes fastest.
  public func cells(in space: DesignSpace) -> [DesignCell] {
    space.factors.reduce([[Int]()]) { prefixes, factor in
      prefixes.flatMap { prefix in (0..<factor.levelCount).map { prefix + [$0] } }
    }.map { DesignCell($0) }
  }
}
