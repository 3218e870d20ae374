import Foundation

/// When seeds stop being added to a sweep: as soon as the intervals of its comparisons are narrow enough.
///
/// It looks at widths alone, never at differences. It changes no run, so it is no part of a run's identity, nor of what
/// tells sweeps apart.
public struct SeedRule: Sendable, Codable, Hashable {
  /// The metric whose intervals are looked at, such as `test_accuracy`.
  public var metric: String
  /// Half the length that the widest interval may have, in points where the metric is shown in percent and else in its
  /// unit.
  public var halfWidth: Double
  /// The most seeds that the sweep may have.
  public var maximumSeedCount: Int

  /// Creates a rule.
  public init(metric: String, halfWidth: Double, maximumSeedCount: Int) {
    self.metric = metric
    self.halfWidth = halfWidth
    self.maximumSeedCount = maximumSeedCount
  }
}

/// A rule as it was set for a sweep, how much was known then, and the seeds that came of it.
public struct SeedRuleRegistration: Sendable, Codable, Hashable {
  /// The rule.
  public var rule: SeedRule
  /// When it was set.
  public var registeredAt: Date
  /// The number of the sweep's runs that were complete then.
  public var completedRuns: Int
  /// The seeds that were added by it, in the order in which they were.
  public var seeds: [UInt64]

  /// Creates a registration; only stores do.
  public init(rule: SeedRule, registeredAt: Date, completedRuns: Int, seeds: [UInt64] = []) {
    self.rule = rule
    self.registeredAt = registeredAt
    self.completedRuns = completedRuns
    self.seeds = seeds
  }
}

extension Sweep {
  /// The number of seeds that the spec has; the others were added by rules.
  public var plannedSeedCount: Int { max(0, seeds.count - seedRules.reduce(0) { $0 + $1.seeds.count }) }

  /// The sweep as the spec plans it, without the seeds that rules have added.
  public var asPlanned: Sweep {
    var sweep = self
    let count = plannedSeedCount
    sweep.seeds = Array(seeds.prefix(count))
    for variant in variants.indices { sweep.variants[variant].runs = Array(variants[variant].runs.prefix(count)) }
    sweep.seedRules = []
    return sweep
  }
}
