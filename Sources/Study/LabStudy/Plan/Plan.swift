import LabCore
import LabRecords

/// Everything that a study trains, in order.
public struct Plan: Sendable {
  /// A combination of levels that means the same as another one and is not trained for itself.
  public struct CollapsedCell: Hashable, Sendable, Codable {
    /// The label that the combination would have had.
    public var label: String
    /// Its levels by the factor's name.
    public var levels: [String: String]
    /// The label of the variant that stands for it.
    public var variant: String
  }

  /// The sweep's name.
  public var name: String
  /// The axes in the order of the spec.
  public var factors: [Factor]
  /// The seeds in the order of the spec.
  public var seeds: [UInt64]
  /// The variants in the order of tables: the baseline, then as the design has them.
  public var variants: [ResolvedVariant]
  /// What was found equal to another combination.
  public var collapsedCells: [CollapsedCell]
  /// The settings that say how runs are executed, with their defaults.
  public var execution: JSONValue
  /// What will be concluded from; nil where the spec does not say.
  public var analysis: AnalysisPlan?

  /// The runs in the order in which they are trained: every variant's first seed, then every variant's second, so that
  /// a whole comparison is there early and its intervals shrink from then on.
  public var cells: [PlanCell] {
    seeds.flatMap { seed in variants.indices.map { PlanCell(variant: variants[$0], variantIndex: $0, seed: seed) } }
  }

  /// The variant that the others are compared with; nil where the spec leaves it out.
  public var baseline: ResolvedVariant? { variants.first(where: \.isBaseline) }
}

/// One run of a plan: a variant with a seed.
public struct PlanCell: Hashable, Sendable, Codable {
  /// The variant.
  public var variant: ResolvedVariant
  /// The variant's place in the plan.
  public var variantIndex: Int
  /// The seed.
  public var seed: UInt64

  /// Creates a cell.
  public init(variant: ResolvedVariant, variantIndex: Int, seed: UInt64) {
    self.variant = variant
    self.variantIndex = variantIndex
    self.seed = seed
  }

  /// The run's identity.
  ///
  /// - Parameter dataHash: the hash of the content of the data set that the variant's configuration names.
  public func identity(dataHash: ContentHash) -> RunIdentity {
    RunIdentity(configuration: variant.identityConfiguration, dataHash: dataHash, seed: seed)
  }
}
