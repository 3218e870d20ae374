import LabCore
import LabRecords
import LabStats

extension SideBySide {
  /// The metrics that any member has a result of: first those that tables show, then the others by their names.
  private var resultNames: [MetricName] {
    let known = members.reduce(into: Set<MetricName>()) { names, member in
      for run in member.completed { names.formUnion(run.metrics.names) }
    }
    let usual = (sweep?.defaultMetricNames ?? MetricDescription.defaultNames).map { MetricName($0) }
    return usual.filter(known.contains) + known.filter { !usual.contains($0) }.sorted { $0.key < $1.key }
  }

  /// Each metric of each member, and how it differs from the first one's; nil without a result.
  var results: ReportTable? {
    let names = resultNames
    guard !names.isEmpty else { return nil }
    var notes = NoteList()
    let others = labels.enumerated().dropFirst()
    return ReportTable(
      kind: "side-by-side", title: "Metrics",
      columns: [.init("metric", fields: ["metric"], wraps: true)]
        + labels.enumerated().map { index, label in
          .init(
            label, fields: ["value_\(index + 1)", "sd_\(index + 1)", "n_\(index + 1)"],
            alignment: .plusMinus, group: valueTitle)
        }
        + others.map { index, label in
          let fields = ["difference", "lower", "upper", "p"].map { "\($0)_\(index + 1)" }
          return .init(label, fields: fields, alignment: .right, group: "difference to \(first)")
        },
      rows: names.map { row($0, &notes) }, numberedNotes: notes.texts, notes: intervalNote)
  }

  private var valueTitle: String { variantCount == 0 ? "value" : "mean ± standard deviation over seeds" }

  /// How many members are whole variants.
  private var variantCount: Int { members.count { !$0.isRun } }

  private var intervalNote: [String] {
    let isJudged = members.first?.isRun == false && variantCount > 1
    let intervals =
      "Intervals hold at once for all comparisons of the sweep's variants with \(first), as those of labrun table do."
    let runs = "Of single runs nothing says what is chance: their differences have no interval."
    return (isJudged ? [intervals] : []) + (members.contains(where: \.isRun) ? [runs] : [])
  }

  private func row(_ name: MetricName, _ notes: inout NoteList) -> ReportTable.Row {
    let metric = metric(name)
    let values = members.map { member in
      Dictionary(
        member.completed.compactMap { run in run.metrics[name].map { (run.seed, $0) } },
        uniquingKeysWith: { first, _ in first })
    }
    let summaries = values.map { SampleSummary($0.sorted { $0.key < $1.key }.map(\.value)) }
    let text = MetricText(metric, values: values.flatMap(\.values))
    let title = metric.split == "test" ? "test " + metric.titleWithUnit : metric.titleWithUnit
    var cells = [ReportTable.Cell(title, values: [.string(name.key)])]
    cells += summaries.map { summary in
      summary.map {
        .init(
          text.value($0.mean) + ($0.standardDeviation.map { " ± " + text.value($0) } ?? ""),
          values: [.number($0.mean), MetricText.number($0.standardDeviation), .integer($0.count)])
      } ?? .missing(fieldCount: 3)
    }
    let comparisons = judged(metric)
    for index in members.indices.dropFirst() {
      let reason = incomparability(metric, index)
      if let comparisons, let variant = variantIndex(index), reason == nil,
        let difference = comparisons.difference(ofVariant: variant)
      {
        let numbers = difference.caveatText(metric).map { [notes.number(for: title, $0)] } ?? []
        cells.append(
          .init(
            text.difference(difference.mean, difference.interval),
            values: [
              .number(difference.mean), MetricText.number(difference.interval?.lower),
              MetricText.number(difference.interval?.upper),
              MetricText.number(difference.simultaneousPValue ?? difference.pValue),
            ], role: difference.role(metric.direction), notes: numbers))
      } else if let reason {
        var cell = ReportTable.Cell.missing(fieldCount: 4)
        cell.notes = [notes.number(for: title, reason)]
        cells.append(cell)
      } else if let own = summaries[index], let reference = summaries[0], !isPairOfVariants(index) {
        let difference = own.mean - reference.mean
        cells.append(.init(text.signed(difference), values: [.number(difference), .null, .null, .null]))
      } else {
        cells.append(.missing(fieldCount: 4))
      }
    }
    return .init(cells)
  }

  private func isPairOfVariants(_ index: Int) -> Bool { !members[0].isRun && !members[index].isRun }

  /// The index in the sweep of a member that is a whole variant.
  private func variantIndex(_ index: Int) -> Int? {
    members[index].isRun ? nil : sweep?.variants.firstIndex { $0.label == members[index].variant }
  }

  /// The comparisons of the sweep's variants with the first member; nil where that is a run.
  private func judged(_ metric: MetricDescription) -> MetricComparisons? {
    guard let sweep, let first = members.first, !first.isRun, variantCount > 1,
      let seen = try? sweep.seen(from: first.variant)
    else { return nil }
    return MetricComparisons(
      seen, metric, values: seen.variants.map { $0.values(of: metric.name) },
      options: ReportOptions(metrics: [metric.name], baseline: first.variant))
  }

  /// Why a metric of a member is not compared with the first one's; nil where it is.
  private func incomparability(_ metric: MetricDescription, _ index: Int) -> String? {
    guard let sweep else { return nil }
    func variant(_ index: Int) -> Variant {
      Variant(
        label: members[index].variant, levels: [:], isBaseline: index == 0, parameterCount: nil, multiplyAdds: nil,
        runs: members[index].runs)
    }
    return sweep.incomparability(of: metric, variant(index), baseline: variant(0))
  }
}
