/// Measurements over combinations of factor levels, each combination repeated over seeds, with gaps allowed.
///
/// Effects are computed from matched runs only: two runs are compared if they share the seed and every factor but
/// the one in question. A missing run thus removes its partners from an effect and cannot bias it.
public struct FactorialSample: Sendable {
  /// One measurement.
  public struct Observation: Sendable, Hashable {
    /// The level of each factor, as an index; equal arrays are the same cell.
    public var levels: [Int]
    /// The seed.
    public var seed: UInt64
    /// The measured value, finite.
    public var value: Double

    /// Creates an observation.
    public init(levels: [Int], seed: UInt64, value: Double) {
      self.levels = levels
      self.seed = seed
      self.value = value
    }
  }

  /// What counts as one independent repetition in an effect's interval.
  public enum ReplicationUnit: String, Sendable, Hashable, Codable, CaseIterable {
    /// A seed: matched differences are averaged over the cells first. The effect is that on these cells.
    ///
    /// Runs of one seed share their data order and parts of their initialisation, so they are not independent.
    case seed
    /// Each matched pair: cells count as a random sample of all the settings in which the effect could be asked for.
    case pair
  }

  private struct RunKey: Hashable {
    var levels: [Int]
    var seed: UInt64
  }

  private struct LevelKey: Hashable {
    var factor: Int
    var level: Int
  }

  private let values: [RunKey: Double]
  /// The runs that have a level, in the order in which they were observed.
  private let keys: [LevelKey: [RunKey]]
  /// The largest magnitude of a value.
  private let magnitude: Double

  /// Collects observations; repeated measurements of one cell and seed are averaged.
  public init(_ observations: some Sequence<Observation>) {
    var samples = [RunKey: [Double]]()
    var keys = [LevelKey: [RunKey]]()
    for observation in observations {
      let key = RunKey(levels: observation.levels, seed: observation.seed)
      if samples[key] == nil {
        for (factor, level) in key.levels.enumerated() {
          keys[LevelKey(factor: factor, level: level), default: []].append(key)
        }
      }
      samples[key, default: []].append(observation.value)
    }
    values = samples.mapValues(Bootstrap.mean)
    magnitude = values.values.lazy.map(abs).max() ?? 0
    self.keys = keys
  }

  /// The mean over everything but the given levels: each cell's mean over its seeds, averaged over the cells.
  ///
  /// Every cell has the same weight, however many of its seeds are there.
  ///
  /// - Parameter levels: the fixed level of one or more factors, by factor index.
  /// - Returns: nil where no run has these levels.
  public func marginalMean(at levels: [Int: Int]) -> MarginalMean? {
    var cells = [[Int]: [Double]]()
    var order = [[Int]]()
    for key in matches(levels) {
      if cells[key.levels] == nil { order.append(key.levels) }
      if let value = values[key] { cells[key.levels, default: []].append(value) }
    }
    let runs = order.flatMap { cells[$0] ?? [] }
    let cellMeans = order.compactMap { cells[$0].map(Bootstrap.mean) }
    guard let mean = SampleSummary(cellMeans)?.mean, let summary = SampleSummary(runs) else { return nil }
    return MarginalMean(
      mean: mean, standardDeviation: summary.standardDeviation, runCount: runs.count, cellCount: order.count)
  }

  /// The effect of a factor's level against another, over the runs that differ in nothing else.
  ///
  /// - Returns: nil where no run has a partner.
  public func mainEffect(
    of factor: Int, level: Int, baseline: Int, unit: ReplicationUnit = .seed
  ) -> FactorEffect? {
    effect(over: [factor: level], unit: unit) { key in pair(key, replacing: factor, by: baseline) }
  }

  /// The difference of runs that have some levels to those that have others instead, and differ in nothing else.
  ///
  /// - Parameters:
  ///   - levels: the level of one or more factors, by factor index.
  ///   - reference: the levels of the same factors that they are compared with.
  ///   - unit: what is taken as one observation.
  /// - Returns: nil where no run has a partner.
  public func difference(
    of levels: [Int: Int], to reference: [Int: Int], unit: ReplicationUnit = .seed
  ) -> FactorEffect? {
    effect(over: levels, unit: unit) { key in
      var partner = key
      for (factor, level) in reference { partner.levels[factor] = level }
      guard let value = values[key], let other = values[partner] else { return nil }
      return (value, other)
    }
  }

  /// How much the effect of one factor's level changes with the level of another.
  ///
  /// It is the difference of differences (a, b) − (a₀, b) − ((a, b₀) − (a₀, b₀)); zero where effects add up.
  ///
  /// - Parameters:
  ///   - first: the first factor, its level and the level that it is compared with.
  ///   - second: the same of the second factor.
  ///   - unit: what is taken as one observation.
  /// - Returns: nil where no run has all three partners.
  public func interaction(
    of first: (factor: Int, level: Int, baseline: Int), with second: (factor: Int, level: Int, baseline: Int),
    unit: ReplicationUnit = .seed
  ) -> FactorEffect? {
    effect(over: [first.factor: first.level, second.factor: second.level], unit: unit) { key in
      var reference = key
      reference.levels[second.factor] = second.baseline
      guard let effect = pair(key, replacing: first.factor, by: first.baseline),
        let referenceEffect = pair(reference, replacing: first.factor, by: first.baseline)
      else { return nil }
      return (effect.treatment - effect.reference, referenceEffect.treatment - referenceEffect.reference)
    }
  }

  /// The runs that have all the given levels.
  private func matches(_ levels: [Int: Int]) -> [RunKey] {
    let candidates = levels.map { keys[LevelKey(factor: $0.key, level: $0.value)] ?? [] }
    return (candidates.min { $0.count < $1.count } ?? []).filter { key in
      levels.allSatisfy { key.levels[$0.key] == $0.value }
    }
  }

  /// What is compared: a run and its partner, or the effect of one factor at two levels of another.
  private typealias Pair = (treatment: Double, reference: Double)

  private func pair(_ key: RunKey, replacing factor: Int, by level: Int) -> Pair? {
    var partner = key
    partner.levels[factor] = level
    guard let value = values[key], let reference = values[partner] else { return nil }
    return (value, reference)
  }

  private func effect(over levels: [Int: Int], unit: ReplicationUnit, _ contrast: (RunKey) -> Pair?) -> FactorEffect? {
    let contrasts = matches(levels).compactMap { key in contrast(key).map { (seed: key.seed, pair: $0) } }
    let repetitions: [Pair]
    switch unit {
    case .pair: repetitions = contrasts.map(\.pair)
    case .seed:
      repetitions = Dictionary(grouping: contrasts, by: \.seed).sorted { $0.key < $1.key }.map { _, ofSeed in
        (Bootstrap.mean(ofSeed.map(\.pair.treatment)), Bootstrap.mean(ofSeed.map(\.pair.reference)))
      }
    }
    return PairedDifference(pairs: repetitions, magnitude: magnitude).map { difference in
      FactorEffect(
        difference: difference, unit: unit, matchCount: contrasts.count,
        positiveCount: contrasts.lazy.filter { $0.pair.treatment > $0.pair.reference }.count,
        negativeCount: contrasts.lazy.filter { $0.pair.treatment < $0.pair.reference }.count)
    }
  }
}
