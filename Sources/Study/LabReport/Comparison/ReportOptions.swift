import LabRecords
import LabStats

/// What a comparison shows and how it judges.
public struct ReportOptions: Sendable, Hashable {
  /// What is done about there being many comparisons.
  public enum Multiplicity: String, Sendable, Hashable, CaseIterable {
    /// Every interval and every p-value is for its comparison alone.
    case perComparison = "none"
    /// p-values are shown, adjusted by Holm's method over all the comparisons of a metric.
    case holm
  }

  /// What the confidence of intervals is of.
  public enum Coverage: String, Sendable, Hashable, CaseIterable {
    /// All intervals of a metric hold at once.
    case simultaneous
    /// Each interval holds by itself.
    case perComparison = "per_comparison"
  }

  /// The names of the metrics; nil for accuracy and macro F1.
  public var metrics: [String]?
  /// Which variants are shown.
  public var filters: [LevelFilter]
  /// The order of the rows; nil for that of the plan.
  public var sort: SortOrder?
  /// The level of all intervals, in (0, 1).
  public var confidenceLevel: Double
  /// How intervals of paired differences are computed.
  public var intervalMethod: IntervalMethod
  /// What is done about p-values of many comparisons.
  public var multiplicity: Multiplicity
  /// What the confidence of intervals is of.
  public var coverage: Coverage
  /// The label of the variant that the others are compared with; nil for the spec's baseline.
  public var baseline: String?
  /// Whether each comparison is judged by its own pairs only, whatever the model that the data allow.
  public var isPaired: Bool
  /// Whether only better than the baseline is asked for.
  public var isOneSided: Bool
  /// What counts as an independent repetition in the intervals of a factor's effect.
  public var replicationUnit: FactorialSample.ReplicationUnit

  /// Creates options.
  public init(
    metrics: [String]? = nil, filters: [LevelFilter] = [], sort: SortOrder? = nil, confidenceLevel: Double = 0.95,
    intervalMethod: IntervalMethod = .studentT, multiplicity: Multiplicity = .perComparison,
    replicationUnit: FactorialSample.ReplicationUnit = .seed, coverage: Coverage = .simultaneous,
    baseline: String? = nil, isPaired: Bool = false, isOneSided: Bool = false
  ) {
    self.metrics = metrics
    self.filters = filters
    self.sort = sort
    self.confidenceLevel = confidenceLevel
    self.intervalMethod = intervalMethod
    self.multiplicity = multiplicity
    self.replicationUnit = replicationUnit
    self.coverage = coverage
    self.baseline = baseline
    self.isPaired = isPaired || intervalMethod != .studentT
    self.isOneSided = isOneSided
  }

  /// On which side of nothing the differences of a metric are looked for.
  func alternative(_ metric: MetricDescription) -> Alternative {
    guard isOneSided else { return .twoSided }
    return metric.direction == .lowerIsBetter ? .less : .greater
  }

  func validate() throws(ReportError) {
    guard confidenceLevel > 0, confidenceLevel < 1 else { throw .invalidConfidenceLevel(confidenceLevel) }
  }
}

/// A condition on one factor's level, written `factor=level`.
public struct LevelFilter: Sendable, Hashable {
  /// The factor's name.
  public var factor: String
  /// The level's label.
  public var level: String

  /// Creates a filter.
  public init(factor: String, level: String) {
    self.factor = factor
    self.level = level
  }

  /// Parses `factor=level`; the level may contain further equals signs.
  ///
  /// - Throws: ``ReportError/malformedFilter(_:)``.
  public init(parsing text: String) throws(ReportError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { throw .malformedFilter(text) }
    self.init(factor: String(parts[0]), level: String(parts[1]))
  }
}

/// A column to sort by, written `column`, `column:ascending` or `column:descending`.
public struct SortOrder: Sendable, Hashable {
  /// The column's key, such as `test_accuracy` or `parameters`.
  public var column: String
  /// The direction; nil for the one that puts the better rows, or the smaller models, first.
  public var isAscending: Bool?

  /// Creates an order.
  public init(column: String, isAscending: Bool? = nil) {
    self.column = column
    self.isAscending = isAscending
  }

  /// Parses a column with an optional direction, which may be shortened to `asc` and `desc`.
  ///
  /// - Throws: ``ReportError/unknownDirection(_:)``.
  public init(parsing text: String) throws(ReportError) {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2 else {
      self.init(column: text)
      return
    }
    let direction = parts[1].lowercased()
    guard ["ascending", "asc", "descending", "desc"].contains(direction) else { throw .unknownDirection(direction) }
    self.init(column: String(parts[0]), isAscending: direction.hasPrefix("asc"))
  }
}

extension Sweep {
  /// The index of the variant of a label.
  ///
  /// - Throws: ``ReportError/unknownVariant(_:available:)``.
  func variantIndex(labeled label: String) throws(ReportError) -> Int {
    guard let index = variants.firstIndex(where: { $0.label == label }) else {
      throw .unknownVariant(label, available: variants.map(\.label))
    }
    return index
  }

  /// The sweep as it looks from another variant; from the spec's baseline where none is named.
  ///
  /// - Throws: ``ReportError/unknownVariant(_:available:)``.
  func seen(from label: String?) throws(ReportError) -> Sweep {
    guard let label else { return self }
    let index = try variantIndex(labeled: label)
    var sweep = self
    for variant in variants.indices { sweep.variants[variant].isBaseline = variant == index }
    return sweep
  }

  /// The factor of a name.
  ///
  /// - Throws: ``ReportError/unknownFactor(_:available:)``.
  func factor(named name: String) throws(ReportError) -> Factor {
    guard let factor = factors.first(where: { $0.name == name }) else {
      throw .unknownFactor(name, available: factors.map(\.name))
    }
    return factor
  }

  /// The indices of the variants that pass the filters.
  ///
  /// Filters on the same factor are alternatives; those on different factors must all hold.
  ///
  /// - Throws: ``ReportError/unknownFactor(_:available:)`` or ``ReportError/unknownLevel(_:factor:available:)``.
  func variantIndices(passing filters: [LevelFilter]) throws(ReportError) -> [Int] {
    var allowed = [String: Set<String>]()
    for filter in filters {
      let factor = try factor(named: filter.factor)
      guard factor.levels.contains(filter.level) else {
        throw .unknownLevel(filter.level, factor: filter.factor, available: factor.levels)
      }
      allowed[filter.factor, default: []].insert(filter.level)
    }
    return variants.indices.filter { index in
      allowed.allSatisfy { factor, levels in variants[index].levels[factor].map(levels.contains) ?? false }
    }
  }

  /// The names of all metrics that completed runs have.
  var metricNames: Set<String> {
    // Nearly all runs have the same names, so lists that were seen before are not taken apart.
    var lists: Set<[MetricName]> = []
    for variant in variants {
      for run in variant.runs where run.state == .completed { lists.insert(run.metrics.names) }
    }
    return lists.reduce(into: []) { names, list in names.formUnion(list.lazy.map(\.key)) }
  }
}

extension Variant {
  /// The finite values of a metric by seed, from completed runs only.
  func values(of metric: String) -> [UInt64: Double] {
    var values = [UInt64: Double]()
    let name = MetricName(metric)
    for run in runs where run.state == .completed {
      if let value = run.metrics[name], value.isFinite { values[run.seed] = value }
    }
    return values
  }
}
