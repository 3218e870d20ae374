import LabRecords

/// A comparison of a sweep's variants as somebody asks for it, in words that are not checked yet.
public struct TableRequest: Sendable, Hashable {
  /// The name of the layout; nil for the default one.
  public var layout: String?
  /// The factors whose levels have means of their own.
  public var factors: [String]
  /// The metrics; empty for the usual ones.
  public var metrics: [String]
  /// The order of rows, as `column`, `column:ascending` or `column:descending`.
  public var sort: String?
  /// The conditions on levels, each as `factor=level`.
  public var filters: [String]
  /// The label of the variant that others are compared with; nil for the spec's baseline.
  public var baseline: String?
  /// Whether p-values are shown that are adjusted for the number of comparisons.
  public var showsAdjustedProbabilities: Bool
  /// Whether each interval holds by itself, instead of all at once.
  public var isPerComparison: Bool

  /// Creates a request.
  public init(
    layout: String? = nil, factors: [String] = [], metrics: [String] = [], sort: String? = nil, filters: [String] = [],
    baseline: String? = nil, showsAdjustedProbabilities: Bool = false, isPerComparison: Bool = false
  ) {
    self.layout = layout
    self.factors = factors
    self.metrics = metrics
    self.sort = sort
    self.filters = filters
    self.baseline = baseline
    self.showsAdjustedProbabilities = showsAdjustedProbabilities
    self.isPerComparison = isPerComparison
  }

  /// The layout that was asked for.
  ///
  /// - Throws: ``ReportError/unknownLayout(_:available:)``.
  public func chosenLayout() throws(ReportError) -> any TableLayout {
    guard let layout else { return TableLayouts.variants }
    return try TableLayouts.named(layout)
  }

  /// What the table shows and how it judges.
  ///
  /// - Throws: ``ReportError`` where a condition or an order is not written as one.
  public func options() throws(ReportError) -> ReportOptions {
    var conditions: [LevelFilter] = []
    for filter in filters { conditions.append(try LevelFilter(parsing: filter)) }
    var order: SortOrder?
    if let sort { order = try SortOrder(parsing: sort) }
    return ReportOptions(
      metrics: metrics.isEmpty ? nil : metrics, filters: conditions, sort: order,
      multiplicity: showsAdjustedProbabilities ? .holm : .perComparison,
      coverage: isPerComparison ? .perComparison : .simultaneous, baseline: baseline)
  }

  /// The tables of a sweep, one unless the layout has one a metric.
  ///
  /// - Throws: ``ReportError`` where the request names what the sweep does not have.
  public func tables(_ sweep: Sweep) throws(ReportError) -> [ReportTable] {
    try chosenLayout().tables(sweep, by: factors, options: options())
  }

  /// The tables in a format, as one document where there are several.
  ///
  /// - Throws: ``ReportError`` where the request names what the sweep does not have, or asks a layout or a format for what
  ///   it cannot do.
  public func rendered(
    _ sweep: Sweep, as format: any TableFormat, rendering: TableRenderingOptions = .init()
  ) throws(ReportError) -> String {
    try SweepTables.rendered(
      sweep, layout: chosenLayout(), by: factors, options: options(), as: format, rendering: rendering)
  }

  /// The arguments of `labrun table` that ask for the same, without the sweep.
  package var arguments: [String] {
    func option(_ name: String, _ value: String?) -> [String] { value.map { ["--\(name)", $0] } ?? [] }
    return option("layout", layout) + factors.flatMap { option("by", $0) } + metrics.flatMap { option("metric", $0) }
      + option("sort", sort) + filters.flatMap { option("filter", $0) } + option("baseline", baseline)
      + (showsAdjustedProbabilities ? ["--holm"] : []) + (isPerComparison ? ["--per-comparison"] : [])
  }

  /// The tables of a sweep, and the columns that rows of variants can be sorted by, from one comparison.
  ///
  /// - Throws: ``ReportError`` where the request names what the sweep does not have.
  package func tablesWithSortKeys(_ sweep: Sweep) throws(ReportError) -> (tables: [ReportTable], sortKeys: [String]) {
    guard factors.isEmpty, try chosenLayout().name == TableLayouts.variants.name else { return (try tables(sweep), []) }
    let comparison = try ComparisonTable(sweep, options: options())
    return ([comparison.table], comparison.sortKeys)
  }
}
