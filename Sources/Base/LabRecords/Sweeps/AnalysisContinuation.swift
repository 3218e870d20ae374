import Foundation

/// An earlier sweep of the same variants with which an analysis was registered before the first result, where a later sweep
/// registers the same one again and has more seeds.
public struct AnalysisContinuation: Sendable, Codable, Hashable {
  /// Seeds that came later.
  public struct Addition: Sendable, Codable, Hashable {
    /// The seeds.
    public var seeds: [UInt64]
    /// The number of results that there were when they came.
    public var completedRuns: Int

    /// Creates an addition.
    public init(seeds: [UInt64], completedRuns: Int) {
      self.seeds = seeds
      self.completedRuns = completedRuns
    }
  }

  /// The number of the sweep with which the analysis was registered.
  public var sweep: Int64
  /// When it was.
  public var registeredAt: Date
  /// The seeds that were added since by hand, the first ones first.
  public var additions: [Addition]
  /// The rules by which seeds were added since, the first one first.
  public var seedRules: [SeedRuleRegistration]

  /// Creates a continuation; only stores do.
  public init(
    sweep: Int64, registeredAt: Date, additions: [Addition] = [], seedRules: [SeedRuleRegistration] = []
  ) {
    self.sweep = sweep
    self.registeredAt = registeredAt
    self.additions = additions
    self.seedRules = seedRules
  }
}
