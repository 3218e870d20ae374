import Foundation
import LabCore

/// What a plan comes to: variants with a run for each seed.
///
/// A plan makes it and hands it to a store, which gives it back with how each run stands, at one instant: the input of every
/// table and report.
public struct Sweep: Sendable, Hashable {
  /// The sweep's number in its store; nil before it is registered.
  public var id: Int64?
  /// When the sweep was first registered; nil before.
  public var createdAt: Date?
  /// The spec's name.
  public var name: String
  /// The spec as the user wrote it.
  public var specText: String
  /// The hash of the spec's meaning, so that white space and comments make no new sweep.
  public var specHash: ContentHash
  /// The axes in the order of the spec.
  public var factors: [Factor]
  /// The seeds in the order of the spec, and behind them those that rules have added.
  public var seeds: [UInt64]
  /// The variants in the order of the plan.
  public var variants: [Variant]
  /// What will be concluded from; nil where the spec does not say.
  public var analysis: AnalysisPlan?
  /// The analyses that were registered, the first one first; a later one replaces it.
  ///
  /// Empty before the sweep is registered.
  public var analyses: [AnalysisRegistration]
  /// The rules by which seeds were to be added, the first one first, with the seeds that came of each.
  public var seedRules: [SeedRuleRegistration]
  /// The parts of the sweep that were to be trained by themselves, in no order; empty where none was.
  public var shards: [Shard]
  /// Where its results come from; nil where labrun trains its runs.
  public var imported: ImportRecord?
  /// How many completed runs were trained on each kind of processor; empty where nobody has asked the store.
  public var processors: [String: Int] = [:]

  /// Creates a sweep.
  public init(
    id: Int64? = nil, createdAt: Date? = nil, name: String, specText: String, specHash: ContentHash, factors: [Factor],
    seeds: [UInt64], variants: [Variant], analysis: AnalysisPlan? = nil, analyses: [AnalysisRegistration] = [],
    seedRules: [SeedRuleRegistration] = [], shards: [Shard] = [], imported: ImportRecord? = nil
  ) {
    self.id = id
    self.createdAt = createdAt
    self.name = name
    self.specText = specText
    self.specHash = specHash
    self.factors = factors
    self.seeds = seeds
    self.variants = variants
    self.analysis = analysis
    self.analyses = analyses
    self.seedRules = seedRules
    self.shards = shards
    self.imported = imported
  }

  /// What makes two sweeps the same one: the name, the spec's hash, the variants and their runs.
  ///
  /// The runs' identities belong to it because changed data makes other runs of an unchanged spec. Parameter and
  /// multiply-add counts do not, because they follow from the rest and may be learned later, nor does the analysis, which
  /// changes no run. Nor do seeds that a rule has added: a sweep that grows stays the same one.
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
    for seed in seeds.prefix(plannedSeedCount) {
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
      for run in variant.runs.prefix(plannedSeedCount) { hasher.update(run.identity.hash.hexadecimal) }
    }
    return hasher.finish()
  }
}
