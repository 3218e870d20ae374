/// A variant and a seed, with the run that they come to.
public struct Cell: Sendable, Hashable, CustomStringConvertible {
  /// The variant.
  public var variant: Variant
  /// The run of the variant.
  public var run: Run

  /// The variant's label and the seed, for people.
  public var description: String { "\(variant.label) (seed \(run.seed))" }
}

extension Sweep {
  /// Every variant with every seed: variants in the order of the plan, then seeds.
  public var cells: [Cell] { variants.flatMap { variant in variant.runs.map { Cell(variant: variant, run: $0) } } }

  /// The run of every cell, in the same order; cells may share one.
  public var runs: [Run] { variants.flatMap(\.runs) }
}
