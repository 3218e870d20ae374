import LabCore
import LabStats

/// A confusion matrix as text where it fits, and otherwise as its most frequent errors.
struct ConfusionView {
  static let title = "Confusion matrix (rows: true class, columns: predicted class)"
  /// A matrix of more classes is not read but searched.
  private static let largestCompactCount = 20

  private let matrix: ConfusionMatrix
  private let names: [String]

  init(_ matrix: ConfusionMatrix, classNames: [String]) {
    self.matrix = matrix
    names = classNames
  }

  /// Whether there are few enough classes for the whole matrix.
  var isCompact: Bool { matrix.classCount <= ConfusionView.largestCompactCount }

  private var indices: Range<Int> { 0..<matrix.classCount }

  /// The matrix without rules between its columns; nil where it has too many classes or does not fit the width.
  func lines(width: Int, style: Style) -> [String]? {
    guard isCompact else { return nil }
    let cell = max(matrix.counts.map { String($0).count }.max() ?? 1, String(matrix.classCount - 1).count) + 2
    let labels = indices.map { names[$0] == String($0) ? names[$0] : "\($0) \(names[$0].singleLine)" }
    let longest = labels.map(\.displayWidth).max() ?? 0
    let labelWidth = min(longest, width - matrix.classCount * cell)
    guard labelWidth >= min(longest, 6) else { return nil }
    let header =
      String(repeating: " ", count: labelWidth)
      + indices.map { String($0).padded(to: cell, rightAligned: true) }.joined()
    return [style.apply(.faint, to: header)]
      + indices.map { label in
        labels[label].truncated(to: labelWidth).padded(to: labelWidth)
          + indices.map { prediction in
            let count = matrix[label: label, prediction: prediction]
            let text = (count == 0 ? "·" : String(count)).padded(to: cell, rightAligned: true)
            let role: Style.Role? = label == prediction ? .better : count == 0 ? .faint : nil
            return style.apply(role, to: text)
          }.joined()
      }
  }

  /// The whole matrix as a table.
  var table: ReportTable {
    ReportTable(
      kind: "confusion", title: ConfusionView.title,
      columns: [.init("class", fields: ["class"])]
        + indices.map { .init(names[$0], fields: ["predicted_\($0)"], alignment: .right) },
      rows: indices.map { label in
        .init(
          [.string(names[label])]
            + indices.map { prediction in
              let count = matrix[label: label, prediction: prediction]
              return .init(String(count), values: [.integer(count)])
            })
      })
  }

  /// The most frequent errors as a table.
  func pairTable(limit: Int) -> ReportTable {
    let pairs = matrix.mostConfused(limit: limit)
    let errors = matrix.total - matrix.correct
    let listed = pairs.reduce(0) { $0 + $1.count }
    return ReportTable(
      kind: "confused-pairs", title: "Most confused classes",
      subtitle: "\(NumberText.grouped(listed)) of \(NumberText.grouped(errors)) errors",
      columns: [
        .init("true class", fields: ["class"], wraps: true), .init("taken for", fields: ["prediction"], wraps: true),
        .init("images", fields: ["count"], alignment: .right),
        .init("of the class", fields: ["share"], alignment: .right, priority: 1),
      ],
      rows: pairs.map { pair in
        let share = Double(pair.count) / Double(max(1, matrix.support(pair.label)))
        return .init([
          .string(names[pair.label]), .string(names[pair.prediction]),
          .init(NumberText.grouped(pair.count), values: [.integer(pair.count)]),
          .init(NumberText.fixed(share * 100, decimals: 1) + " %", values: [.number(share)]),
        ])
      })
  }
}
