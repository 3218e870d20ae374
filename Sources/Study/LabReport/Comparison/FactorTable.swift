import LabCore
import LabRecords
import LabStats

/// Means by the levels of one factor, or of two with their interaction.
///
/// A mean gives every combination of the other factors the same weight, and an effect is the mean over those combinations
/// in which both sides were measured. Effects are those of the model variant + seed + residual of the whole sweep, with
/// intervals that hold at once for all levels; where the data do not allow for it, or the repetition is asked to be
/// another (``ReportOptions/replicationUnit``), they are means of matched differences: runs that share the seed and all
/// other levels.
public struct FactorTable: Sendable {
  /// What each row is compared with.
  public enum Comparison: Sendable, Hashable {
    /// The baseline's level; with two factors, by how much the effect of the first depends on the second.
    case effects
    /// The baseline's combination of levels.
    case cells
  }

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
    /// The number of combinations that the difference of each metric is the mean over; nil where pairs decide.
    var comparedCellCounts: [Int?]

    /// The levels as notes name them.
    var label: String { levels.joined(separator: ", ") }
  }

  /// How a metric was judged.
  struct Judgement: Sendable {
    /// The model of the sweep.
    var comparisons: MetricComparisons
    /// Whether the model gives the effects.
    var usesModel = false
    /// Why it does not although it could; nil where that needs no word.
    var reason: String?
    /// The number of effects.
    var effectCount = 0
    /// Whether means are estimated, as if no run were missing.
    var adjustsMeans = false
    /// Why no value is marked as best; nil where one is, or where none could be.
    var unmarkedReason: String?
  }

  /// The grouping factors.
  public let factors: [Factor]
  /// The level of each grouping factor that others are compared with.
  public let baselineLevels: [String]
  /// The metrics in the order of their columns.
  public let metrics: [MetricDescription]
  /// The rows in the order of the spec, or in that which was asked for.
  public internal(set) var rows: [Row]
  /// What was asked for.
  public let options: ReportOptions
  /// What each row is compared with.
  public let comparing: Comparison
  /// The sweep.
  let sweep: Sweep
  /// How each metric was judged.
  var judgements: [Judgement] = []
  /// The combinations of levels that the sweep does not have.
  let absent: [[String]]
  /// Whether the row that others are compared with is left out by a filter.
  let hidesBaseline: Bool

  /// Takes means by one or two factors.
  ///
  /// A filter on a grouping factor chooses rows, and changes no effect; one on another factor chooses the combinations
  /// that means and effects are over.
  ///
  /// - Throws: ``ReportError`` where a factor, a metric, a filter or a column does not exist.
  public init(
    _ sweep: Sweep, by names: [String], options: ReportOptions = .init(), comparing: Comparison = .effects
  ) throws(ReportError) {
    try self.init(sweep, by: names, options: options, comparing: comparing, sharing: [])
  }

  /// The same with models of the sweep that were fitted already, by the same options.
  init(
    _ sweep: Sweep, by names: [String], options: ReportOptions, comparing: Comparison = .effects,
    sharing models: [MetricComparisons]
  ) throws(ReportError) {
    try options.validate()
    let sweep = try sweep.seen(from: options.baseline)
    guard 1...2 ~= names.count, Set(names).count == names.count else { throw .invalidGrouping(names) }
    var factors = [Factor]()
    for name in names { factors.append(try sweep.factor(named: name)) }
    let metrics = try MetricDescription.select(
      options.metrics, available: sweep.metricNames, own: sweep.ownMetrics)
    func isGrouped(_ index: Int) -> Bool { names.allSatisfy { sweep.variants[index].levels[$0] != nil } }
    let shown = try sweep.variantIndices(passing: options.filters).filter(isGrouped)
    let included = try sweep.variantIndices(passing: options.filters.filter { !names.contains($0.factor) })
      .filter(isGrouped)
    for metric in metrics { try sweep.requireOneLossFunction(of: metric, shown.map { sweep.variants[$0] }) }
    let baseline = sweep.variants.first(where: \.isBaseline)
    let baselineLevels = factors.map { factor in baseline?.levels[factor.name] ?? factor.levels.first ?? "" }
    self.sweep = sweep
    self.options = options
    self.comparing = comparing
    self.metrics = metrics
    self.factors = factors
    self.baselineLevels = baselineLevels
    let members = Dictionary(grouping: included.map { sweep.variants[$0] }) { variant in
      names.map { variant.levels[$0] ?? "" }
    }
    let known = factors.map { factor in
      factor.levels.filter { level in shown.contains { sweep.variants[$0].levels[factor.name] == level } }
    }
    absent = FactorTable.combinations(known).filter { members[$0] == nil }
    rows = FactorTable.combinations(factors.map(\.levels)).compactMap { levels in
      members[levels].map { FactorTable.row(levels, variants: $0, sweep, metrics) }
    }
    let visible = Set(shown.map { index in names.map { sweep.variants[index].levels[$0] ?? "" } })
    hidesBaseline = members[baselineLevels] != nil && !visible.contains(baselineLevels)
    for index in metrics.indices {
      // Values of another loss function would say nothing about the effects of the one that is shown.
      let isOneFunction = sweep.lossFunctions(of: metrics[index], included.map { sweep.variants[$0] }).count < 2
      fill(metric: index, members: isOneFunction ? included : shown, visible: visible, sharing: models)
    }
    rows = rows.filter { visible.contains($0.levels) }
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
      tally: RunTally(merging: tallies), results: metrics.map { _ in MetricResult() },
      comparedCellCounts: metrics.map { _ in nil })
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
