import LabCore
import LabStats

/// The columns of one metric and their cells: the mean with its spread, and the difference to the baseline.
struct MetricColumns {
  /// What the differences of a table are.
  struct DifferenceColumn {
    /// The title before the metric's, such as `Δ`.
    var prefix = "Δ"
    /// The sentence of the legend, without the interval.
    var legend: String
    /// What the row that others are compared with shows.
    var baselineText = "baseline"
    /// Whether the share of pairs in which the row is better has its own column.
    var showsBetterCount = false
  }

  private let metric: MetricDescription
  private let options: ReportOptions
  private let spreadLegend: String
  private let differenceColumn: DifferenceColumn?
  /// Earlier metrics are the more important ones.
  private let position: Int
  private let decimals: Int

  init(
    _ metric: MetricDescription, position: Int, results: [MetricResult], options: ReportOptions, spreadLegend: String,
    difference: DifferenceColumn?
  ) {
    self.metric = metric
    self.options = options
    self.position = position
    self.spreadLegend = spreadLegend
    differenceColumn = difference
    decimals = metric.decimals(for: results.lazy.compactMap(\.mean))
  }

  var columns: [ReportTable.Column] {
    let better = metric.direction == .neutral ? "" : "; \(metric.direction.rawValue) is better"
    var columns = [
      ReportTable.Column(
        metric.titleWithUnit,
        fields: [metric.name + "_mean", metric.name + "_sd", metric.name + "_n", metric.name + "_is_best"],
        alignment: .plusMinus, priority: 2 * position, legend: spreadLegend + better)
    ]
    guard let differenceColumn else { return columns }
    let level = NumberText.percentage(options.confidenceLevel)
    let isSymmetric = options.intervalMethod == .studentT
    columns.append(
      ReportTable.Column(
        differenceColumn.prefix + " " + metric.titleWithUnit,
        fields: [
          "difference", "difference_lower", "difference_upper", "difference_pairs", "difference_p",
          "difference_effect_size",
        ].map { "\(metric.name)_\($0)" },
        alignment: isSymmetric ? .plusMinus : .right, priority: 2 * position + 1,
        legend: differenceColumn.legend
          + (isSymmetric ? " ± half its \(level) interval" : " with its \(level) interval (bootstrap)")))
    if differenceColumn.showsBetterCount {
      columns.append(
        ReportTable.Column(
          "better", "in", fields: [metric.name + "_better_pairs"], alignment: .right, priority: 2 * position + 1,
          legend: "pairs of runs in which this row is better, of all pairs"))
    }
    if options.multiplicity == .holm {
      columns.append(
        ReportTable.Column(
          "p", "(Holm)", fields: [metric.name + "_difference_p_adjusted"], alignment: .right,
          priority: 2 * position + 1,
          legend: "p-value of Student's test of the difference, adjusted for the number of comparisons"))
    }
    return columns
  }

  func cells(_ result: MetricResult, isBaseline: Bool) -> [ReportTable.Cell] {
    var cells = [valueCell(result)]
    guard let differenceColumn else { return cells }
    cells.append(differenceCell(result.difference, isBaseline ? differenceColumn.baselineText : nil))
    if differenceColumn.showsBetterCount {
      let better = result.difference.flatMap { difference in
        difference.betterCount(metric.direction).map { ($0, difference.pairCount) }
      }
      cells.append(better.map { .init("\($0)/\($1)", values: [.integer($0)]) } ?? blank(isBaseline))
    }
    if options.multiplicity == .holm {
      let adjusted = result.difference?.adjustedPValue
      cells.append(adjusted.map { .init(NumberText.probability($0), values: [.number($0)]) } ?? blank(isBaseline))
    }
    return cells
  }

  /// A baseline has nothing to show in the columns on its difference; of other rows the value is not known.
  private func blank(_ isBaseline: Bool) -> ReportTable.Cell {
    isBaseline ? ReportTable.Cell("", values: [.null]) : .missing()
  }

  private func valueCell(_ result: MetricResult) -> ReportTable.Cell {
    guard let mean = result.mean else {
      return ReportTable.Cell(
        NumberText.missing, values: [.null, .null, .integer(0), .boolean(false)], role: .faint)
    }
    let spread = result.standardDeviation.map { metric.text($0, decimals: decimals) } ?? NumberText.missing
    return ReportTable.Cell(
      metric.text(mean, decimals: decimals) + " ± " + spread,
      values: [.number(mean), number(result.standardDeviation), .integer(result.count), .boolean(result.isBest)],
      role: result.isBest ? .best : nil)
  }

  private func differenceCell(_ difference: BaselineDifference?, _ baselineText: String?) -> ReportTable.Cell {
    guard let difference else {
      var cell = ReportTable.Cell.missing(fieldCount: 6)
      if let baselineText { cell.text = baselineText }
      return cell
    }
    let mean = signed(difference.mean)
    let text =
      if options.intervalMethod == .studentT {
        mean + " ± " + (difference.interval.map { metric.text($0.halfWidth, decimals: decimals) } ?? NumberText.missing)
      } else {
        mean + (difference.interval.map { " [\(signed($0.lower)), \(signed($0.upper))]" } ?? " [–, –]")
      }
    return ReportTable.Cell(
      text,
      values: [
        .number(difference.mean), number(difference.interval?.lower), number(difference.interval?.upper),
        .integer(difference.pairCount), number(difference.pValue), number(difference.effectSize),
      ], role: difference.role(metric.direction))
  }

  private func signed(_ value: Double) -> String {
    let magnitude = metric.text(abs(value), decimals: decimals)
    let isZero = !magnitude.contains { $0.isNumber && $0 != "0" }
    return isZero ? magnitude : (value < 0 ? "−" : "+") + magnitude
  }

  private func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
}
