import Foundation
import LabCore
import LabStats

/// The columns of one metric and their cells: the mean with its spread, and the difference to the baseline.
struct MetricColumns {
  /// What the differences of a table are.
  struct DifferenceColumn {
    /// The title before the metric's, such as `Δ`.
    var prefix = "Δ"
    /// What the legend says that the difference is.
    var legend: String
    /// What the legend says of the pairs.
    var pairing: String
    /// What a repetition is, in the plural.
    var repetitions = "seeds"
    /// What the row that others are compared with shows.
    var baselineText = "baseline"
    /// Whether the share of pairs in which the row is better has its own column.
    var showsBetterCount = false
  }

  /// The comparisons whose intervals hold at once.
  struct Family {
    /// Their number.
    var count: Int
    /// The variances that they take their width from.
    var variances: TreatmentVariances
    /// The name of the method, as a legend says it.
    var method = "Dunnett"
  }

  let metric: MetricDescription
  let options: ReportOptions
  let spreadLegend: String
  let differenceColumn: DifferenceColumn?
  private let results: [MetricResult]
  private let family: Family?
  /// Earlier metrics are the more important ones.
  let position: Int
  private let decimals: Int

  init(
    _ metric: MetricDescription, position: Int, results: [MetricResult], options: ReportOptions, spreadLegend: String,
    difference: DifferenceColumn?, family: Family? = nil, decimals: Int? = nil
  ) {
    self.metric = metric
    self.options = options
    self.position = position
    self.results = results
    self.spreadLegend = spreadLegend
    differenceColumn = difference
    self.family = family
    self.decimals = decimals ?? metric.decimals(for: results.lazy.compactMap(\.mean))
  }

  static let differenceFields = [
    "difference", "difference_lower", "difference_upper", "difference_pairs", "difference_tied_pairs", "difference_p",
    "difference_p_simultaneous", "difference_method", "difference_cohen_dz", "difference_hedges_g", "difference_caveat",
    "paired_mean",
    "paired_baseline_mean",
  ]

  var columns: [ReportTable.Column] {
    let better = metric.direction == .neutral ? "" : "; \(metric.direction.rawValue) is better"
    var columns = [
      ReportTable.Column(
        metric.titleWithUnit, fields: valueFields, alignment: .plusMinus, priority: 2 * position,
        legend: spreadLegend + better)
    ]
    guard let differenceColumn else { return columns }
    columns.append(
      ReportTable.Column(
        differenceColumn.prefix + " " + metric.titleWithUnit,
        fields: differenceFields,
        alignment: options.intervalMethod == .studentT ? .plusMinus : .right, priority: 2 * position + 1,
        legend: legend(differenceColumn)))
    if differenceColumn.showsBetterCount {
      columns.append(
        ReportTable.Column(
          "better", "in", fields: [metric.name + "_better_pairs"], alignment: .right, priority: 2 * position + 1,
          legend: "pairs of runs in which this row is better, of all pairs"))
    }
    if options.multiplicity == .holm { columns.append(adjustedColumn(differenceColumn)) }
    return columns
  }

  var valueFields: [String] { ["mean", "sd", "n", "is_best", "is_second_best"].map { "\(metric.name)_\($0)" } }

  var differenceFields: [String] { MetricColumns.differenceFields.map { "\(metric.name)_\($0)" } }

  /// The column of p-values that are adjusted by Holm's method.
  func adjustedColumn(_ column: DifferenceColumn) -> ReportTable.Column {
    ReportTable.Column(
      "p", "(Holm)", fields: [metric.name + "_difference_p_adjusted"], alignment: .right, priority: 2 * position + 1,
      legend: "p-value of the difference" + (tests(column).map { " (\($0))" } ?? "")
        + ", adjusted for the number of comparisons")
  }

  func cells(_ result: MetricResult, isBaseline: Bool, notes: [Int] = []) -> [ReportTable.Cell] {
    var cells = [valueCell(result)]
    guard let differenceColumn else { return cells }
    cells.append(differenceCell(result, isBaseline ? differenceColumn.baselineText : nil, notes: notes))
    if differenceColumn.showsBetterCount {
      let better = result.difference.flatMap { difference in
        difference.betterCount(metric.direction).map { ($0, difference.pairCount) }
      }
      cells.append(better.map { .init("\($0)/\($1)", values: [.integer($0)]) } ?? blank(isBaseline))
    }
    if options.multiplicity == .holm { cells.append(adjustedCell(result, isBaseline: isBaseline)) }
    return cells
  }

  func adjustedCell(_ result: MetricResult, isBaseline: Bool) -> ReportTable.Cell {
    result.difference?.adjustedPValue.map { .init(NumberText.probability($0), values: [.number($0)]) }
      ?? blank(isBaseline)
  }

  /// A baseline has nothing to show in the columns on its difference; of other rows the value is not known.
  private func blank(_ isBaseline: Bool) -> ReportTable.Cell {
    isBaseline ? ReportTable.Cell("", values: [.null]) : .missing()
  }

  func valueCell(_ result: MetricResult) -> ReportTable.Cell {
    guard let mean = result.mean else {
      return ReportTable.Cell(
        NumberText.missing, values: [.null, .null, .integer(0), .boolean(false), .boolean(false)], role: .faint)
    }
    return ReportTable.Cell(
      text(mean) + " ± " + (result.standardDeviation.map(spread) ?? NumberText.missing),
      values: [
        .number(mean), number(result.standardDeviation), .integer(result.count), .boolean(result.isBest),
        .boolean(result.isSecondBest),
      ], role: result.isBest ? .best : result.isSecondBest ? .second : nil)
  }

  func differenceCell(_ result: MetricResult, _ baselineText: String?, notes: [Int]) -> ReportTable.Cell {
    guard let difference = result.difference else {
      var cell = ReportTable.Cell.missing(fieldCount: MetricColumns.differenceFields.count)
      if let baselineText { cell.text = baselineText }
      if let incomparability = result.incomparability,
        let caveat = MetricColumns.differenceFields.firstIndex(of: "difference_caveat")
      {
        cell.text = "other loss"
        cell.values[caveat] = .string(incomparability)
        cell.notes = notes
      }
      return cell
    }
    let mean = signed(difference.mean)
    let text =
      if options.intervalMethod == .studentT {
        mean + " ± " + (difference.interval.map { spread($0.halfWidth) } ?? NumberText.missing)
      } else {
        mean + (difference.interval.map { " [\(signed($0.lower)), \(signed($0.upper))]" } ?? " [–, –]")
      }
    return ReportTable.Cell(
      text,
      values: [
        .number(difference.mean), number(difference.interval?.lower), number(difference.interval?.upper),
        .integer(difference.pairCount), difference.isPaired ? .integer(difference.tiedCount) : .null,
        number(difference.pValue), number(difference.simultaneousPValue),
        difference.method.map { .string($0.rawValue) } ?? .null,
        number(difference.cohenDz), number(difference.hedgesG),
        difference.caveatText(metric).map { .string($0) } ?? .null, number(difference.pairedMean),
        number(difference.pairedBaselineMean),
      ], role: difference.role(metric.direction), notes: notes)
  }

  /// A mean in the column's decimals.
  func text(_ value: Double) -> String { metric.text(value, decimals: decimals) }

  /// A spread: 0 is exact, and what only rounds to it says so.
  private func spread(_ value: Double) -> String {
    guard value != 0 else { return "0" }
    let text = text(value)
    guard isZero(text) else { return text }
    return switch metric.unit {
    case .percent, .number: "<" + NumberText.fixed(pow(10, -Double(decimals)), decimals: decimals)
    case .seconds: "<" + NumberText.seconds(0.01)
    case .bytes: "<" + NumberText.bytes(1)
    }
  }

  func signed(_ value: Double) -> String {
    let magnitude = text(abs(value))
    return isZero(magnitude) ? magnitude : (value < 0 ? "−" : "+") + magnitude
  }

  private func isZero(_ text: String) -> Bool { !text.contains { $0.isNumber && $0 != "0" } }

  private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}

extension MetricColumns {
  /// What the differences are, and by which methods those were judged that could be.
  func legend(_ column: DifferenceColumn) -> String {
    let differences = results.compactMap(\.difference)
    let unpaired = differences.count { !$0.isPaired }
    let pairing =
      unpaired == 0
      ? column.pairing : unpaired == differences.count ? "unpaired" : column.pairing + " where a seed is shared"
    if let text = modelLegend(column) { return text }
    let start = "\(column.legend), \(pairing)"
    guard let tests = tests(column) else {
      return differences.isEmpty ? start : start + "; none could be given an interval, as the notes say"
    }
    let level = NumberText.percentage(options.confidenceLevel)
    let isFamily = methods().contains(.pairedBonferroni)
    let family = isFamily ? ", wide enough for all \(family?.count ?? 0) to hold at once" : ""
    return options.intervalMethod == .studentT
      ? "\(start), ± half its \(level) interval\(family) (\(tests)\(isFamily ? ", Bonferroni" : ""))"
      : "\(start), with its \(level) interval (\(intervals(column)))"
  }

  /// The legend of differences that the model of variants and seeds has judged; nil where it has judged none.
  private func modelLegend(_ column: DifferenceColumn) -> String? {
    guard let family, methods().contains(where: \.isOfModel) else { return nil }
    let level = NumberText.percentage(options.confidenceLevel)
    let residual = residualText(family.variances)
    let scope =
      family.count < 2
      ? " (t, \(residual))"
      : options.coverage == .simultaneous
        ? "; all \(family.count) hold at once (\(family.method), \(residual))" : ", each by itself (t, \(residual))"
    let welch = methods().contains(.welch) ? "; by itself (Welch) where no seed is shared" : ""
    return "\(column.legend), blocked by seed, ± half its \(level) interval\(scope)\(welch)"
  }

  /// What the intervals of a model of variants and seeds take their width from.
  private func residualText(_ variances: TreatmentVariances) -> String {
    let degrees = NumberText.fixed(variances.commonDegreesOfFreedom, decimals: 0)
    let isModerated = results.contains { $0.difference?.method?.isModerated ?? false }
    return (variances.excluded.isEmpty ? "residual of all variants" : "residual of all but the noisiest variants")
      + ", \(degrees) degrees of freedom" + (isModerated ? "; moderated where a variant's runs vary more" : "")
  }

  private func methods() -> Set<BaselineDifference.Method> { Set(results.compactMap(\.difference?.method)) }

  /// The tests behind the p-values; nil where there are none.
  private func tests(_ column: DifferenceColumn) -> String? {
    if let family, methods().contains(where: \.isOfModel) {
      return "t, \(residualText(family.variances))"
    }
    return names(column) { $0 == .welch ? nil : "paired t" }
  }

  private func intervals(_ column: DifferenceColumn) -> String {
    names(column) { method in
      switch method {
      case .pairedT, .pairedBonferroni: "paired t"
      case .pairedPercentile: "percentile bootstrap"
      case .pairedAccelerated: "BCa bootstrap"
      case .welch, .blocked, .dunnett, .tukey, .largest: nil
      case .moderated, .moderatedDunnett, .moderatedTukey, .moderatedLargest: nil
      }
    } ?? ""
  }

  private func names(_ column: DifferenceColumn, _ paired: (BaselineDifference.Method) -> String?) -> String? {
    let methods = methods()
    guard !methods.isEmpty else { return nil }
    let first = methods.lazy.compactMap(paired).first.map { "\($0) over \(column.repetitions)" }
    let welch = methods.contains(.welch) ? "Welch" : nil
    if let first, let welch { return "\(first); \(welch) where no seed is shared" }
    return first ?? welch
  }

  /// What a row's note says of its pairs, where they are not all the runs that the means are over; nil otherwise.
  ///
  /// - Parameters:
  ///   - result: the row's result.
  ///   - baseline: the baseline's, as the table shows it.
  func pairsText(_ result: MetricResult, baseline: MetricResult?) -> String? {
    if let difference = result.difference, difference.method?.isOfModel ?? false {
      // What differs by rounding alone is the same.
      guard let mean = result.mean, let other = baseline?.mean, signed(mean - other) != signed(difference.mean),
        abs(mean - other - difference.mean) > 1e-12 * max(abs(mean), abs(other))
      else { return nil }
      return "Δ \(metric.titleWithUnit) is estimated by least squares, as if no run were missing"
    }
    guard let difference = result.difference, let mean = difference.pairedMean,
      let baselineMean = difference.pairedBaselineMean
    else { return nil }
    let shown = [result.mean, baseline?.mean].map { $0.map(text) }
    let isComplete = difference.pairCount == result.count && difference.pairCount == baseline?.count
    guard !isComplete || shown != [text(mean), text(baselineMean)] else { return nil }
    let pairs = difference.pairCount == 1 ? "1 pair" : "\(difference.pairCount) pairs"
    return "Δ \(metric.titleWithUnit) over \(pairs): \(text(mean)) against the baseline's \(text(baselineMean))"
  }

  /// What all rows' notes on pairs end with.
  static let pairsEnding = "the means in the table are over all completed runs"
}
