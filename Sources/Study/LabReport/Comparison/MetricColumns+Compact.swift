import LabCore
import LabRecords

extension MetricColumns {
  /// The one column of a table for a paper, with the difference in small type behind the mean.
  ///
  /// - Parameters:
  ///   - title: what stands above it; nil for the metric's title.
  ///   - prefix: what stands before the names of its fields.
  func compactColumn(title: String? = nil, prefix: String = "") -> ReportTable.Column {
    let fields = valueFields + (differenceColumn == nil ? [] : differenceFields)
    return ReportTable.Column(
      title ?? titleWithArrow, fields: fields.map { prefix + $0 }, alignment: .plusMinus, priority: 2 * position)
  }

  /// The metric's title with an arrow towards better values.
  var titleWithArrow: String {
    switch metric.direction {
    case .higherIsBetter: metric.titleWithUnit + " ↑"
    case .lowerIsBetter: metric.titleWithUnit + " ↓"
    case .neutral: metric.titleWithUnit
    }
  }

  /// The mean with its spread, and the difference with its interval as a detail.
  func compactCell(_ result: MetricResult, isBaseline: Bool, notes: [Int] = []) -> ReportTable.Cell {
    var cell = valueCell(result)
    guard differenceColumn != nil else { return cell }
    let difference = differenceCell(result, isBaseline ? "" : nil, notes: notes)
    cell.values += difference.values
    cell.notes = notes
    if let known = result.difference {
      let text = known.interval == nil ? signed(known.mean) : difference.text
      cell.detail = .init("(\(text))", role: difference.role)
    } else if result.incomparability != nil {
      cell.detail = .init("(\(difference.text))")
    }
    return cell
  }

  /// What the numbers of a table are, in one line.
  ///
  /// - Parameters:
  ///   - count: how many runs there are, such as `n = 3 runs a variant`.
  ///   - columns: those of the metrics.
  ///   - isCompact: whether differences stand in parentheses, and not in columns of their own.
  static func footnote(_ count: String, _ columns: [MetricColumns], isCompact: Bool) -> String {
    var parts = [count] + (columns.first.map { [$0.spreadLegend] } ?? [])
    var legends = [(text: String, titles: [String])]()
    for column in columns {
      guard let difference = column.differenceColumn else { continue }
      let text = column.legend(difference)
      if let same = legends.firstIndex(where: { $0.text == text }) {
        legends[same].titles.append(column.metric.title)
      } else {
        legends.append((text, [column.metric.title]))
      }
    }
    let place = isCompact ? "in parentheses" : columns.first?.differenceColumn?.prefix ?? "Δ"
    parts += legends.map { text, titles in
      legends.count == 1 ? "\(place): \(text)" : "\(place), of \(titles.joined(separator: ", ")): \(text)"
    }
    if isCompact {
      let directions = columns.map(\.metric.direction)
      if directions.contains(.higherIsBetter) { parts.append("↑: higher is better") }
      if directions.contains(.lowerIsBetter) { parts.append("↓: lower is better") }
    }
    return parts.joined(separator: "; ") + "."
  }
}
