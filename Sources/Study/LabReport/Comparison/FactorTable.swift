import LabCore
import LabRecords
import LabStats

/// Means by the levels of one factor, or of two with their interaction.
///
/// A mean gives every combination of the other factors the same weight. An effect is the mean of matched
/// differences: runs that share the seed and all other levels. What counts as a repetition in its interval is
/// ``ReportOptions/replicationUnit``.
public struct FactorTable: Sendable {
  /// One level of the factor, or one pair of levels.
  public struct Row: Sendable {
    /// The level of each grouping factor.
    public var levels: [String]
    /// Whether the others are compared with this row; with two factors, whether the interaction is zero by definition.
    public var isBaseline: Bool
    /// The number of combinations of the other factors' levels.
    public var cellCount: Int
    /// What became of the runs.
    public var tally: RunTally
    /// The result of each metric.
    public var results: [MetricResult]
  }

  /// The grouping factors.
  public let factors: [Factor]
  /// The level of each grouping factor that others are compared with.
  public let baselineLevels: [String]
  /// The metrics in the order of their columns.
  public let metrics: [MetricDescription]
  /// The rows in the order of the spec, or in that which was asked for.
  public private(set) var rows: [Row]
  /// What was asked for.
  public let options: ReportOptions
  /// The sweep.
  let sweep: Sweep

  /// Takes means by one or two factors.
  ///
  /// - Throws: ``ReportError`` where a factor, a metric, a filter or a column does not exist.
  public init(
    _ sweep: Sweep, by names: [String], options: ReportOptions = .init()
  ) throws(ReportError) {
    try options.validate()
    let sweep = try sweep.seen(from: options.baseline)
    guard 1...2 ~= names.count, Set(names).count == names.count else { throw .invalidGrouping(names) }
    var factors = [Factor]()
    for name in names { factors.append(try sweep.factor(named: name)) }
    let metrics = try MetricDescription.select(options.metrics, available: sweep.metricNames)
    let shown = try sweep.variantIndices(passing: options.filters).map { sweep.variants[$0] }
      .filter { variant in names.allSatisfy { variant.levels[$0] != nil } }
    for metric in metrics { try sweep.requireOneLossFunction(of: metric, shown) }
    let baseline = sweep.variants.first(where: \.isBaseline)
    self.sweep = sweep
    self.options = options
    self.metrics = metrics
    self.factors = factors
    baselineLevels = factors.map { factor in baseline?.levels[factor.name] ?? factor.levels.first ?? "" }
    let members = Dictionary(grouping: shown) { variant in names.map { variant.levels[$0] ?? "" } }
    rows = FactorTable.combinations(factors.map(\.levels)).compactMap { levels in
      members[levels].map { FactorTable.row(levels, variants: $0, sweep, metrics) }
    }
    for (index, metric) in metrics.enumerated() {
      fill(metric: index, FactorialSample(FactorTable.observations(of: metric.name, shown, sweep)))
    }
    try sort()
  }

  /// All combinations of one level of each factor, the last factor changing fastest.
  private static func combinations(_ levels: [[String]]) -> [[String]] {
    levels.reduce([[]]) { prefixes, levels in prefixes.flatMap { prefix in levels.map { prefix + [$0] } } }
  }

  /// A row of the variants that have its levels, without results.
  private static func row(
    _ levels: [String], variants: [Variant], _ sweep: Sweep, _ metrics: [MetricDescription]
  ) -> Row {
    let tallies = variants.map { variant in
      let hasResults = variant.runs.contains { $0.state == .completed }
      return (
        label: variant.label,
        tally: RunTally(variant, seeds: sweep.seeds, metrics: hasResults ? metrics.map(\.name) : [])
      )
    }
    return Row(
      levels: levels, isBaseline: false, cellCount: Set(variants.map(\.levels)).count,
      tally: RunTally(merging: tallies), results: metrics.map { _ in MetricResult() })
  }

  /// The completed runs with their cell; a factor that a variant does not have gets a level of its own.
  private static func observations(
    of metric: String, _ variants: [Variant], _ sweep: Sweep
  ) -> [FactorialSample.Observation] {
    variants.flatMap { variant in
      let levels = sweep.factors.map { factor in
        variant.levels[factor.name].flatMap(factor.levels.firstIndex) ?? -1
      }
      return variant.values(of: metric).sorted { $0.key < $1.key }
        .map { FactorialSample.Observation(levels: levels, seed: $0.key, value: $0.value) }
    }
  }

  private mutating func fill(metric: Int, _ sample: FactorialSample) {
    let indices = factors.map { factor in sweep.factors.firstIndex { $0.name == factor.name } ?? 0 }
    let baseline = zip(factors, baselineLevels).map { $0.levels.firstIndex(of: $1) ?? 0 }
    for row in rows.indices {
      let levels = zip(factors, rows[row].levels).map { $0.levels.firstIndex(of: $1) ?? 0 }
      rows[row].isBaseline = zip(levels, baseline).contains { $0 == $1 }
      var result = MetricResult()
      if let mean = sample.marginalMean(at: Dictionary(uniqueKeysWithValues: zip(indices, levels))) {
        result.count = mean.runCount
        result.mean = mean.mean
        result.standardDeviation = mean.standardDeviation
      }
      if !rows[row].isBaseline {
        let effect =
          indices.count == 1
          ? sample.mainEffect(
            of: indices[0], level: levels[0], baseline: baseline[0], unit: options.replicationUnit)
          : sample.interaction(
            of: (factor: indices[0], level: levels[0], baseline: baseline[0]),
            with: (factor: indices[1], level: levels[1], baseline: baseline[1]), unit: options.replicationUnit)
        result.difference = effect.map { BaselineDifference($0, options: options) }
        if indices.count > 1 {
          // These are the two effects whose difference the interaction is, and no means of the metric.
          result.difference?.pairedMean = nil
          result.difference?.pairedBaselineMean = nil
        }
      }
      rows[row].results[metric] = result
    }
    if options.multiplicity == .holm {
      var results = rows.map { $0.results[metric] }
      results.adjustPValues()
      for row in rows.indices { rows[row].results[metric] = results[row] }
    }
  }

  private mutating func sort() throws(ReportError) {
    guard let sort = options.sort else { return }
    let keys = ["level", "n"] + metrics.flatMap { [$0.name, $0.name + "_difference"] }
    guard let key = [sort.column, "test_" + sort.column].first(where: keys.contains) else {
      throw .unknownColumn(sort.column, available: keys)
    }
    let metric = metrics.firstIndex { key == $0.name || key == $0.name + "_difference" }
    let values: [Double?] = rows.enumerated().map { index, row in
      guard let metric else { return Double(key == "n" ? row.tally.completed : index) }
      return key == metrics[metric].name ? row.results[metric].mean : row.results[metric].difference?.mean
    }
    let isAscending = sort.isAscending ?? metric.map { metrics[$0].direction == .lowerIsBetter } ?? (key == "level")
    rows = values.sortedIndices(ascending: isAscending).map { rows[$0] }
  }
}

extension [Double?] {
  /// The indices in the order of the values, equal ones as they are and unknown ones last.
  func sortedIndices(ascending: Bool) -> [Int] {
    indices.sorted { first, second in
      switch (self[first], self[second]) {
      case (let a?, let b?) where a != b: return (a < b) == ascending
      case (.some, nil): return true
      case (nil, .some): return false
      default: return first < second
      }
    }
  }
}
