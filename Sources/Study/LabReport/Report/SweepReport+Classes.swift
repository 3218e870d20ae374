import LabCore
import LabStats

extension SweepReport {
  /// Which classes gain and lose.
  var classBlocks: [ReportPage.Block] {
    let confusion = figures("confusion")
    guard let comparison = SweepClasses(sweep, finals: records.finals, level: options.confidenceLevel) else {
      return confusion
    }
    return [.paragraph(classSentence(comparison))] + certainChanges(comparison) + figures("classes")
      + [.table(classTable(comparison))] + confusion
  }

  private func classSentence(_ comparison: SweepClasses) -> String {
    let certain = comparison.changes.filter(\.isCertain)
    let start =
      "The recall of \(comparison.classes.count) classes in \(comparison.variants.count) "
      + "\(comparison.variants.count == 1 ? "variant" : "variants") is compared with \(comparison.baseline.singleLine): "
    guard !certain.isEmpty else {
      return start
        + "no difference is beyond chance once corrected for the number of classes and variants (Holm, Bonferroni)."
    }
    let gains = certain.count { $0.difference > 0 }
    return start
      + "\(certain.count) of \(comparison.changes.count) differences are beyond chance, corrected for the number "
      + "of classes and variants (Holm, Bonferroni): \(gains) \(gains == 1 ? "gain" : "gains") and \(certain.count - gains) "
      + "\(certain.count - gains == 1 ? "loss" : "losses")."
  }

  /// The differences that are beyond chance, the largest first.
  private func certainChanges(_ comparison: SweepClasses) -> [ReportPage.Block] {
    let certain = comparison.changes.filter(\.isCertain).sorted { abs($0.difference) > abs($1.difference) }
    let items = certain.map { change in
      let gains = change.difference > 0
      return ReportPage.Item(
        "\(comparison.variants[change.variant].singleLine) \(gains ? "gains" : "loses") "
          + "\(NumberText.fixed(abs(change.difference) * 100, decimals: 1)) points of recall in "
          + "\(comparison.classes[change.classIndex].singleLine)"
          + (change.pValue.map { " (adjusted p \($0 < 0.001 ? "" : "= ")\(NumberText.probability($0)))." } ?? "."),
        role: gains ? .better : .worse)
    }
    guard !items.isEmpty else { return [] }
    let rest = Array(items.dropFirst(8))
    return [.list(Array(items.prefix(8)))]
      + (rest.isEmpty ? [] : [.details("\(rest.count) more differences beyond chance", [.list(rest)])])
  }

  /// A row a class: its images, the baseline's recall, and the greatest gain and loss.
  private func classTable(_ comparison: SweepClasses) -> ReportTable {
    let byClass = Dictionary(grouping: comparison.changes, by: \.classIndex)
    func cell(_ change: SweepClasses.Change?) -> ReportTable.Cell {
      guard let change else { return .missing(fieldCount: 2) }
      let text = NumberText.fixed(change.difference * 100, decimals: 1, signed: true)
      let role: Style.Role? = change.isCertain ? (change.difference > 0 ? .better : .worse) : nil
      let label = comparison.variants[change.variant]
      return .init("\(text) \(label.singleLine)", values: [.number(change.difference), .string(label)], role: role)
    }
    return ReportTable(
      kind: "class_changes", title: "Recall by class",
      columns: [
        .init("class", fields: ["class"], wraps: true),
        .init("images", fields: ["support"], alignment: .right, legend: "test images of the class"),
        .init("recall %", fields: ["recall"], alignment: .right, legend: "mean of \(comparison.baseline.singleLine)"),
        .init(
          "lowest", fields: ["lowest_difference", "lowest_variant"],
          legend: "the variant with the lowest recall, and its difference in points"),
        .init(
          "highest", fields: ["highest_difference", "highest_variant"],
          legend: "the variant with the highest recall, and its difference in points"),
      ],
      rows: comparison.classes.indices.map { index in
        let changes = byClass[index] ?? []
        return .init([
          .string(comparison.classes[index]),
          .init(NumberText.grouped(comparison.supports[index]), values: [.integer(comparison.supports[index])]),
          comparison.baselineRecalls[index].map {
            .init(NumberText.fixed($0 * 100, decimals: 1), values: [.number($0)])
          } ?? .missing(),
          cell(changes.min { $0.difference < $1.difference }), cell(changes.max { $0.difference < $1.difference }),
        ])
      },
      notes: comparison.changes.contains(where: \.isCertain) ? ["Coloured differences are beyond chance."] : [])
  }
}
