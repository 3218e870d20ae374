import Foundation
import LabData
import LabReport

/// What a packed data set consists of, as a table.
package struct PackingTable {
  private let plan: PackingPlan
  private let destination: String

  package init(_ plan: PackingPlan, destination: String) {
    self.plan = plan
    self.destination = destination
  }

  package var table: ReportTable {
    let splits = SplitName.allCases.filter { plan.items[$0]?.isEmpty == false }
    let counts = splits.map { plan.classCounts($0) }
    let published = plan.catalog.samples.reduce(into: [Int: Int]()) { $0[$1.label, default: 0] += 1 }
    let dropped = plan.dropped.reduce(into: [Int: Int]()) { $0[plan.catalog.samples[$1.sample].label, default: 0] += 1 }
    func row(_ name: String, _ numbers: [Int], isTotal: Bool = false) -> ReportTable.Row {
      .init([.string(name)] + numbers.map { .init(NumberText.grouped($0), values: [.integer($0)]) }, isTotal: isTotal)
    }
    let classes = plan.catalog.classNames.indices
    let rows = classes.map { index in
      row(plan.catalog.classNames[index], [published[index] ?? 0, dropped[index] ?? 0] + counts.map { $0[index] })
    }
    let total = row(
      "total", [plan.catalog.samples.count, plan.dropped.count] + counts.map { $0.reduce(0, +) }, isTotal: true)
    let shape = plan.imageShape.map { "images of \($0)" } ?? "images of their own sizes"
    let reasons = plan.dropped.prefix(20).map { "left out: \(plan.catalog.samples[$0.sample].name): \($0.reason)" }
    let rest = plan.dropped.count > 20 ? ["left out: \(plan.dropped.count - 20) more, which the manifest names"] : []
    return ReportTable(
      kind: "packing", title: "\(plan.catalog.dataset) → \(destination)", subtitle: shape,
      columns: [.init("class", fields: ["class"], wraps: true)]
        + (["source", "left out"] + splits.map(\.rawValue)).map {
          .init($0, fields: [$0.replacingOccurrences(of: " ", with: "_")], alignment: .right)
        }, rows: rows + [total], notes: reasons + rest)
  }
}
