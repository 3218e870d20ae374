import LabCore
import LabRecords
import LabStats

/// Whether a sweep whose runs have ended needs more seeds by a rule.
///
/// It is a function of what is on record, so that a sweep that was interrupted comes to the same seeds. The intervals are
/// those of the sweep's registered analysis in the rule's metric; comparisons that have none, since runs failed, are left out
/// and named, once the rule has the fewest seeds that it may stop with.
public struct SeedGrowth: Sendable {
  /// What follows.
  public enum Decision: Sendable, Hashable {
    /// The intervals are narrow enough.
    case enough
    /// These seeds are added.
    case add([UInt64])
    /// The intervals are too wide, and no more seeds are allowed.
    case exhausted
    /// There is no interval, and more seeds would give none.
    case impossible
  }

  /// The rule.
  public let rule: SeedRule
  /// The number of seeds so far.
  public let seedCount: Int
  /// Half the length of the widest interval, in values of the metric; nil where there is none.
  ///
  /// Of an interval with one bound, it is the distance of that bound from the estimate.
  public let widest: Double?
  /// What has no interval, by the labels of variants.
  public let withoutInterval: [String]
  /// What follows.
  public let decision: Decision

  /// Decides about a sweep.
  public init(_ sweep: Sweep, rule: SeedRule) {
    // What the rules of the sweep have come to is no part of the decision.
    var sweep = sweep
    sweep.seedRules = []
    self.rule = rule
    seedCount = sweep.seeds.count
    guard let analysis = try? SweepAnalysis(sweep, options: AnalysisOptions(metric: rule.metric)) else {
      (widest, withoutInterval, decision) = (nil, [], .impossible)
      return
    }
    widest = analysis.comparisons.compactMap(\.margin).max()
    withoutInterval = analysis.withoutInterval
    let isShare = analysis.metric.unit == .percent
    let precision = SequentialPrecision(
      halfWidth: isShare ? rule.halfWidth / 100 : rule.halfWidth, maximumSeedCount: rule.maximumSeedCount)
    guard !analysis.comparisons.isEmpty, widest != nil || seedCount < precision.minimumSeedCount else {
      decision = .impossible
      return
    }
    decision =
      switch precision.step(widest: widest, seedCount: seedCount) {
      case .stop: .enough
      case .exhausted: .exhausted
      case .add(let count): .add(SeedGrowth.next(count, after: sweep.seeds))
      }
  }

  /// The next integers after the largest seed.
  private static func next(_ count: Int, after seeds: [UInt64]) -> [UInt64] {
    var used = Set(seeds)
    var next = seeds.max() ?? 0
    return (0..<count).map { _ in
      while !used.insert(next).inserted { next = next == .max ? 0 : next + 1 }
      return next
    }
  }

  /// What was found and what follows, in one line: `test_accuracy: widest interval ± 0.52 with 5 seeds; 3 more`.
  public var line: String {
    let seeds = "\(seedCount) \(seedCount == 1 ? "seed" : "seeds")"
    let isEarly = if case .add = decision { true } else { false }
    let found =
      width.map { "widest interval ± \($0) with \(seeds)" }
      ?? "no comparison has an interval \(isEarly ? "yet " : "")with \(seeds)"
    let without =
      withoutInterval.isEmpty || widest == nil
      ? "" : " (none for \(FairnessAudit.listed(withoutInterval)), for want of comparable results)"
    let next =
      switch decision {
      case .enough: "narrow enough"
      case .add(let seeds): "\(seeds.count) more"
      case .exhausted: "no more than \(rule.maximumSeedCount) are allowed"
      case .impossible: "no more are added"
      }
    return "\(rule.metric): \(found)\(without); \(next)"
  }

  /// The width with as few digits as tell it from the one that is asked for, in points of metrics in percent.
  var width: String? {
    guard let widest else { return nil }
    let isShare = MetricDescription(named: rule.metric).unit == .percent
    let value = isShare ? 100 * widest : widest
    return (2...6).lazy.map { NumberText.significant(value, digits: $0) }.first { text in
      Double(text).map { ($0 <= rule.halfWidth) == (value <= rule.halfWidth) } ?? false
    } ?? NumberText.significant(value, digits: 6)
  }
}

extension SweepAnalysis.Comparison {
  /// Half the length of the interval, or the distance of its only bound from the estimate; nil without an interval.
  fileprivate var margin: Double? {
    guard let interval = difference.interval else { return nil }
    let distances = [interval.upper - difference.mean, difference.mean - interval.lower].filter(\.isFinite)
    return interval.lower.isFinite && interval.upper.isFinite
      ? (interval.upper - interval.lower) / 2 : distances.first
  }
}

extension SweepAnalysis {
  /// The variants, or pairs of them, of which there is no interval.
  fileprivate var withoutInterval: [String] {
    func name(_ variant: Int, _ reference: Int) -> String {
      comparesAllPairs ? "\(label(variant)) and \(label(reference))" : label(variant)
    }
    let unjudged = comparisons.filter { $0.difference.interval == nil }.map { name($0.variant, $0.reference) }
    let unconnected = inestimable.map { name($0.variant, $0.reference) }
    let missing = sweep.variants.indices.filter { !model.variants.contains($0) }.map(label)
    return unjudged + unconnected + missing
  }
}
