import LabRecords
import LabStats

/// The variants of a sweep side by side: each metric over the seeds, and its difference to the baseline.
///
/// Differences are those of the model variant + seed + residual, with one residual for all variants and intervals that
/// hold at once (Dunnett); where the data do not allow for it, each is judged by its own pairs of runs of one seed. Runs
/// that are not complete are counted and explained, never averaged.
///
/// The best value of a metric is marked only where it is beyond chance: its variant has no failed or diverged run,
/// and the intervals of its differences to all others lie wholly on the better side of zero at once. Where pairs decide,
/// it is the interval of the paired difference to the second best mean; with Holm's adjustment, the p-value of that
/// difference, adjusted over the best variant's comparisons with all others, must also be below 1 − the confidence level.
/// A lead that cannot be judged (``LabStats/DifferenceCaveat``), that another variant turns round over the seeds that both
/// have, or that is one of values of different loss functions marks nothing. Beside a best value the second best is marked,
/// where it leads all others but the best by the same rule.
///
/// - Source: Hsu, Annals of Statistics 12, 1984, for comparisons with the best.
public struct ComparisonTable: Sendable {
  /// One variant.
  public struct Row: Sendable {
    /// The variant's index in the sweep.
    public var variantIndex: Int
    /// The variant's label.
    public var label: String
    /// Its level of each factor.
    public var levels: [String: String]
    /// Whether the others are compared with it.
    public var isBaseline: Bool
    /// The number of trainable parameters.
    public var parameterCount: Int?
    /// The multiply-adds of one image's forward pass.
    public var multiplyAdds: Int?
    /// What became of the runs.
    public var tally: RunTally
    /// The result of each metric.
    public var results: [MetricResult]
    /// The mean training time of completed runs in seconds.
    public var trainSeconds: Double?
    /// The mean training throughput of completed runs in images per second.
    public var imagesPerSecond: Double?
  }

  /// The metrics in the order of their columns.
  public let metrics: [MetricDescription]
  /// The rows in the order that was asked for.
  public private(set) var rows: [Row]
  /// The label of the variant that the others are compared with; nil where the sweep has none.
  public let baselineLabel: String?
  /// What was asked for.
  public let options: ReportOptions
  /// Why no value of a metric is marked as best, by the metric's position; nil where one is, or none could be.
  public private(set) var unmarkedReasons: [String?] = []
  /// The baseline's results, whether or not its row is shown.
  let baselineResults: [MetricResult]
  /// The comparisons of each metric.
  let comparisons: [MetricComparisons]
  /// The sweep.
  let sweep: Sweep

  /// Compares the variants of a sweep.
  ///
  /// - Throws: ``ReportError`` where the options name what the sweep does not have.
  public init(_ sweep: Sweep, options: ReportOptions = .init()) throws(ReportError) {
    try options.validate()
    let sweep = try sweep.seen(from: options.baseline)
    let metrics = try MetricDescription.select(
      options.metrics, available: sweep.metricNames, own: sweep.ownMetrics)
    let shown = try sweep.variantIndices(passing: options.filters)
    let baseline = sweep.variants.first(where: \.isBaseline)
    let values = metrics.map { metric in sweep.variants.map { $0.values(of: metric.name) } }
    let comparisons = zip(metrics, values).map { MetricComparisons(sweep, $0, values: $1, options: options) }
    self.sweep = sweep
    self.options = options
    self.metrics = metrics
    baselineLabel = baseline?.label
    self.comparisons = comparisons
    let baselineIndex = sweep.variants.firstIndex(where: \.isBaseline)
    baselineResults = values.map { values in MetricResult(bySeed: baselineIndex.map { values[$0] } ?? [:]) }
    rows = shown.map { index in
      Row(
        sweep.variants[index], index: index, values: values.map { $0[index] }, baseline: baseline, sweep,
        comparisons)
    }
    for metric in metrics.indices {
      if options.multiplicity == .holm {
        var results = rows.map { $0.results[metric] }
        results.adjustPValues()
        for row in rows.indices { rows[row].results[metric] = results[row] }
      }
      unmarkedReasons.append(markBest(metric: metric, values: shown.map { values[metric][$0] }))
    }
    try sort()
  }

  /// Marks the best and the second best value of a metric.
  ///
  /// - Returns: why none is marked; nil where one is, or where there is nothing to choose from.
  private mutating func markBest(metric index: Int, values: [[UInt64: Double]]) -> String? {
    let metric = metrics[index]
    guard metric.direction != .neutral, rows.count(where: { $0.results[index].mean != nil }) > 1 else { return nil }
    guard sweep.lossFunctions(of: metric, shownVariants).count < 2 else {
      return "values of different loss functions are not comparable"
    }
    let leaders = Leaders(
      rows.map { .init(mean: $0.results[index].mean, hasFailures: $0.tally.unsuccessful > 0) }, of: metric,
      noun: "variant", options: options,
      modelLead: { [comparisons, rows] leader, rivals in
        comparisons[index].isBest(rows[leader].variantIndex, among: rivals.map { rows[$0].variantIndex })
      }, pairedLead: { PairedDifference(treatment: values[$0], reference: values[$1]) })
    if let best = leaders.best { rows[best].results[index].isBest = true }
    if let second = leaders.second { rows[second].results[index].isSecondBest = true }
    return leaders.reason
  }

  /// The variants that have a row.
  var shownVariants: [Variant] { rows.map { sweep.variants[$0.variantIndex] } }
}

extension ComparisonTable.Row {
  fileprivate init(
    _ variant: Variant, index: Int, values: [[UInt64: Double]], baseline: Variant?,
    _ sweep: Sweep, _ comparisons: [MetricComparisons]
  ) {
    let metrics = comparisons.map(\.metric)
    let completed = variant.runs.filter { $0.state == .completed }
    variantIndex = index
    label = variant.label
    levels = variant.levels
    isBaseline = variant.isBaseline
    parameterCount = variant.parameterCount
    multiplyAdds = variant.multiplyAdds
    tally = RunTally(variant, seeds: sweep.seeds, metrics: completed.isEmpty ? [] : metrics.map(\.name))
    trainSeconds = SampleSummary(completed.compactMap(\.trainSeconds))?.mean
    imagesPerSecond = SampleSummary(completed.compactMap(\.imagesPerSecond))?.mean
    results = metrics.indices.map { metric in
      var result = MetricResult(bySeed: values[metric])
      guard !variant.isBaseline, let baseline else { return result }
      if let text = sweep.incomparability(of: metrics[metric], variant, baseline: baseline) {
        result.incomparability = text
      } else {
        result.difference = comparisons[metric].difference(ofVariant: index)
      }
      return result
    }
  }
}

extension ComparisonTable {
  /// The keys that rows can be sorted by.
  var sortKeys: [String] {
    ["variant", "n"] + metrics.flatMap { [$0.name, $0.name + "_difference"] }
      + ["parameters", "multiply_adds", "train_seconds", "images_per_second"] + sweep.factors.map(\.name)
  }

  private mutating func sort() throws(ReportError) {
    guard let sort = options.sort else { return }
    guard let key = [sort.column, "test_" + sort.column].first(where: sortKeys.contains) else {
      throw .unknownColumn(sort.column, available: sortKeys)
    }
    if key == "variant" {
      let ascending = sort.isAscending ?? true
      rows.sort { a, b in
        a.label == b.label ? a.variantIndex < b.variantIndex : (a.label < b.label) == ascending
      }
      return
    }
    if let metric = metrics.first(where: { key == $0.name || key == $0.name + "_difference" }) {
      try sweep.requireOneLossFunction(of: metric, shownVariants)
    }
    let values = sortValues(key)
    let ascending = sort.isAscending ?? isAscendingByDefault(key)
    rows = values.sortedIndices(ascending: ascending).map { rows[$0] }
  }

  private func sortValues(_ key: String) -> [Double?] {
    for (index, metric) in metrics.enumerated() {
      if key == metric.name { return rows.map { $0.results[index].mean } }
      if key == metric.name + "_difference" { return rows.map { $0.results[index].difference?.mean } }
    }
    if let factor = sweep.factors.first(where: { $0.name == key }) {
      return rows.map { row in row.levels[key].flatMap(factor.levels.firstIndex).map(Double.init) }
    }
    return switch key {
    case "parameters": rows.map { $0.parameterCount.map(Double.init) }
    case "multiply_adds": rows.map { $0.multiplyAdds.map(Double.init) }
    case "train_seconds": rows.map(\.trainSeconds)
    case "images_per_second": rows.map(\.imagesPerSecond)
    default: rows.map { Double($0.tally.completed) }
    }
  }

  private func isAscendingByDefault(_ key: String) -> Bool {
    if let metric = metrics.first(where: { key == $0.name || key == $0.name + "_difference" }) {
      return metric.direction == .lowerIsBetter
    }
    return key != "n" && key != "images_per_second"
  }
}
