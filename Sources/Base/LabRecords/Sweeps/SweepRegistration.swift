import LabCore

/// What a plan hands to a store: the sweep, its variants, and every run that they need.
public struct SweepRegistration: Sendable, Codable, Hashable {
  /// One combination of levels with a run for each seed.
  public struct Variant: Sendable, Codable, Hashable {
    /// The label that tables print, such as `odconv-4x, spd`; unique within the sweep.
    public var label: String
    /// The level of each factor, by the factor's name.
    public var levels: [String: String]
    /// Whether the other variants are compared with this one.
    public var isBaseline: Bool
    /// The number of trainable parameters, where it is known.
    public var parameterCount: Int?
    /// The multiply-adds of one image's forward pass, where they are known.
    public var multiplyAdds: Int?
    /// One run a seed, in the order of the sweep's seeds.
    public var runs: [Run]

    /// Creates a variant.
    public init(
      label: String, levels: [String: String], isBaseline: Bool, parameterCount: Int? = nil, multiplyAdds: Int? = nil,
      runs: [Run]
    ) {
      self.label = label
      self.levels = levels
      self.isBaseline = isBaseline
      self.parameterCount = parameterCount
      self.multiplyAdds = multiplyAdds
      self.runs = runs
    }
  }

  /// One training, which sweeps that need the same one share.
  public struct Run: Sendable, Codable, Hashable {
    /// The run's identity.
    public var identity: RunIdentity
    /// The whole resolved configuration, with the keys that are not part of the identity.
    public var configuration: JSONValue
    /// The hash of what the run reads: the data set's content and any initial weights.
    public var dataHash: ContentHash
    /// The seed.
    public var seed: UInt64
    /// Epochs that the configuration asks for.
    public var plannedEpochs: Int

    /// Creates a run.
    public init(
      identity: RunIdentity, configuration: JSONValue, dataHash: ContentHash, seed: UInt64, plannedEpochs: Int
    ) {
      self.identity = identity
      self.configuration = configuration
      self.dataHash = dataHash
      self.seed = seed
      self.plannedEpochs = plannedEpochs
    }
  }

  /// The spec's name.
  public var name: String
  /// The spec as the user wrote it.
  public var specText: String
  /// The hash of the spec's meaning, so that white space and comments make no new sweep.
  public var specHash: ContentHash
  /// The axes in the order of the spec.
  public var factors: [SweepSnapshot.Factor]
  /// The planned seeds in the order of the spec.
  public var seeds: [UInt64]
  /// The variants in the order of the plan.
  public var variants: [Variant]
  /// What will be concluded from; nil where the spec does not say.
  public var analysis: AnalysisPlan?

  /// Creates a registration.
  public init(
    name: String, specText: String, specHash: ContentHash, factors: [SweepSnapshot.Factor], seeds: [UInt64],
    variants: [Variant], analysis: AnalysisPlan? = nil
  ) {
    self.name = name
    self.specText = specText
    self.specHash = specHash
    self.factors = factors
    self.seeds = seeds
    self.variants = variants
    self.analysis = analysis
  }

  /// What makes two registrations the same sweep: the name, the spec's hash, the variants and their runs.
  ///
  /// The runs' identities belong to it because changed data makes other runs of an unchanged spec. Parameter and
  /// multiply-add counts do not, because they follow from the rest and may be learned later, nor does the analysis, which
  /// changes no run.
  public var planHash: ContentHash {
    var hasher = ContentHasher()
    hasher.update("labrun-plan-1")
    hasher.update(name)
    hasher.update(specHash.hexadecimal)
    for factor in factors {
      hasher.update("factor")
      hasher.update(factor.name)
      for level in factor.levels { hasher.update(level) }
    }
    for seed in seeds {
      hasher.update("seed")
      hasher.update(String(seed))
    }
    for variant in variants {
      hasher.update("variant")
      hasher.update(variant.label)
      hasher.update(variant.isBaseline ? "baseline" : "")
      for (name, level) in variant.levels.sorted(by: { $0.key < $1.key }) {
        hasher.update(name)
        hasher.update(level)
      }
      for run in variant.runs { hasher.update(run.identity.hash.hexadecimal) }
    }
    return hasher.finish()
  }
}
