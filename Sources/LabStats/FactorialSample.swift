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

  private let values: [RunKey: Double]
  private let keys: [RunKey]

  /// Collects observations; repeated measurements of one cell and seed are averaged.
  public init(_ observations: some Sequence<Observation>) {
    var samples = [RunKey: [Double]]()
    var keys = [RunKey]()
    for observation in observations {
      let key = RunKey(levels: observation.levels, seed: observation.seed)
      if samples[key] == nil { keys.append(key) }
      samples[key, default: []].append(observation.value)
    }
    values = samples.mapValues(Bootstrap.mean)
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
    for key in keys where levels.allSatisfy({ key.levels[$0.key] == $0.value }) {
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
    effect(unit: unit) { key in
      guard key.levels[factor] == level else { return nil }
      return difference(key, replacing: [factor: baseline])
    }
  }

  /// How much the effect of one factor's level changes with the level of another.
  ///
  /// It is the difference of differences (a, b) − (a₀, b) − ((a, b₀) − (a₀, b₀)); zero where effects add up.
  ///
  /// - Parameters:
  ///   - first: the first factor, its level and the level that it is compared with.
  ///   - second: the same of the second factor.
  /// - Returns: nil where no run has all three partners.
  public func interaction(
    of first: (factor: Int, level: Int, baseline: Int), with second: (factor: Int, level: Int, baseline: Int),
    unit: ReplicationUnit = .seed
  ) -> FactorEffect? {
    effect(unit: unit) { key in
      guard key.levels[first.factor] == first.level, key.levels[second.factor] == second.level else { return nil }
      var reference = key
      reference.levels[second.factor] = second.baseline
      guard let effect = difference(key, replacing: [first.factor: first.baseline]),
        let referenceEffect = difference(reference, replacing: [first.factor: first.baseline])
      else { return nil }
      return effect - referenceEffect
    }
  }

  private func difference(_ key: RunKey, replacing levels: [Int: Int]) -> Double? {
    var partner = key
    for (factor, level) in levels { partner.levels[factor] = level }
    guard let value = values[key], let reference = values[partner] else { return nil }
    return value - reference
  }

  private func effect(unit: ReplicationUnit, _ contrast: (RunKey) -> Double?) -> FactorEffect? {
    let contrasts = keys.compactMap { key in contrast(key).map { (seed: key.seed, value: $0) } }
    let repetitions: [Double]
    switch unit {
    case .pair: repetitions = contrasts.map(\.value)
    case .seed:
      repetitions = Dictionary(grouping: contrasts, by: \.seed).sorted { $0.key < $1.key }
        .map { Bootstrap.mean($0.value.map(\.value)) }
    }
    return PairedDifference(differences: repetitions).map { difference in
      FactorEffect(
        difference: difference, unit: unit, matchCount: contrasts.count,
        positiveCount: contrasts.lazy.filter { $0.value > 0 }.count,
        negativeCount: contrasts.lazy.filter { $0.value < 0 }.count)
    }
  }
}
