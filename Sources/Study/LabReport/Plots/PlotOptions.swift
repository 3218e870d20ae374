/// What figures of a sweep show where there is a choice.
public struct PlotOptions: Sendable, Hashable {
  /// What variants cost.
  public enum Cost: String, Sendable, Hashable, CaseIterable {
    case multiplyAdds = "multiply-adds"
    case parameters
    case time
    case memory
  }

  /// What results are set against.
  public var cost: Cost
  /// The factor whose levels stand side by side, and the one whose levels have a line each; empty for the first two.
  public var factors: [String]
  /// The label of the variant whose confusions are shown, less those of the baseline; nil for the baseline's own.
  public var variant: String?
  /// The most variants of a figure that has a plot or a column for each.
  public var variantLimit: Int

  /// Creates options.
  public init(
    cost: Cost = .multiplyAdds, factors: [String] = [], variant: String? = nil, variantLimit: Int = 40
  ) {
    self.cost = cost
    self.factors = factors
    self.variant = variant
    self.variantLimit = variantLimit
  }
}

/// Why a sweep has no figure of a kind.
public struct PlotError: Error, Equatable, CustomStringConvertible {
  /// What is missing, in one sentence.
  public let description: String

  /// - Parameter description: what is missing, in one sentence.
  public init(_ description: String) { self.description = description }
}
