import LabCore
import LabRecords
import LabStats

extension DataSetComparison {
  /// The comparison of several sweeps for any format.
  public var document: ReportDocument {
    ReportDocument(
      kind: "data-sets", title: "\(source): \(metric.titleWithUnit) over \(dataSets.count) data sets",
      sections: [
        .init(paragraphs: importNotes + paragraphs), .init("Conclusions", paragraphs: conclusions), .init(table: table),
      ],
      metadata: metadata)
  }

  /// What is compared and by which methods, and what was left out.
  var paragraphs: [String] { [rankSentence, distanceSentence] + outcomeParagraph + omissions }

  private var rankSentence: String {
    let start = "Each of \(dataSets.count) data sets ranks the \(methods.count) variants by their means over seeds. "
    guard let p = ranks.pValue else { return start + "All are tied on every data set." }
    let test = "(Friedman, Iman and Davenport's F, p \(p < 0.001 ? "" : "= ")\(NumberText.probability(p)))"
    return start
      + (p < 1 - level
        ? "The ranks differ beyond chance \(test)." : "Whether the ranks differ is undecided \(test).")
  }

  private var distanceSentence: String {
    let distance = ranks.criticalDifference(level: level)
    let start =
      "Mean ranks tell two variants apart where they differ by more than \(NumberText.fixed(distance, decimals: 2)) "
      + "(Nemenyi, \(NumberText.percentage(level)), all pairs at once)"
    guard distance >= Double(methods.count - 1) else { return start + "." }
    return start + ", which is more than ranks can differ: so few data sets tell none apart, whatever the results."
  }

  private var hasOutcomes: Bool { methods.contains { $0.outcome != nil } }

  private var outcomeParagraph: [String] {
    guard hasOutcomes else { return [] }
    let scope =
      smallestDifference.map {
        "Practically as good is what differs by at most \(text.value($0))\(text.unit), the smallest effect that matters."
      } ?? "No smallest effect that matters is named, so that no difference counts as practically as good."
    return [
      "How the others compare with the baseline on data sets like these, of which these are taken for a sample, is said by the "
        + "Bayesian signed-rank test with the mean differences. \(scope)"
    ]
  }

  /// What is concluded, a sentence a variant.
  var conclusions: [String] {
    guard hasOutcomes, let baseline = methods.first(where: \.isBaseline)?.label else { return [] }
    guard dataSets.count >= DataSetComparison.fewestDataSets else {
      return [
        "\(dataSets.count) data sets are too few to conclude about others like them; it takes "
          + "\(DataSetComparison.fewestDataSets)."
      ]
    }
    return methods.compactMap { method in
      guard let chances = method.outcome?.probabilities else { return nil }
      let claims = [
        (chances.better, "better than"), (chances.equivalent, "practically as good as"), (chances.worse, "worse than"),
      ]
      if let claim = claims.first(where: { $0.0 >= level }) {
        return
          "\(method.label) is \(claim.1) \(baseline) on data sets like these, with a probability of "
          + "\(SweepAnalysis.percent(claim.0))."
      }
      return
        "Whether \(method.label) is better or worse than \(baseline) on data sets like these is undecided: better with a "
        + "probability of \(SweepAnalysis.percent(chances.better)), worse with \(SweepAnalysis.percent(chances.worse))."
    }
  }

  private var text: MetricText { MetricText(metric, values: methods.flatMap { $0.summaries.map(\.mean) }) }

  /// A row a variant, the best mean rank first.
  var table: ReportTable {
    let order = methods.indices.sorted { (ranks.averageRanks[$0], $0) < (ranks.averageRanks[$1], $1) }
    let names = dataSets.map { $0.replacing(" ", with: "_") }
    let chances = [
      ("P worse", "worse", "worse than"), ("P as good", "equivalent", "practically as good as"),
      ("P better", "better", "better than"),
    ]
    return ReportTable(
      kind: "data_sets", title: "\(metric.titleWithUnit) by data set",
      columns: [
        .init("variant", fields: ["variant", "is_baseline"], wraps: true),
        .init(
          "mean rank", fields: ["mean_rank"], alignment: .right,
          legend: "mean of the ranks over the data sets; 1 is the best"),
      ]
        + dataSets.indices.map { index in
          .init(
            dataSets[index], fields: ["\(names[index])_mean", "\(names[index])_sd", "\(names[index])_n"],
            alignment: .plusMinus, legend: "mean ± standard deviation over seeds")
        }
        + (hasOutcomes
          ? chances.map { title, field, words in
            .init(
              title, fields: ["probability_\(field)"], alignment: .right,
              legend: "chance to be \(words) the baseline on data sets like these")
          } : []),
      rows: order.map { index in
        let method = methods[index]
        let outcome = method.outcome?.probabilities
        return .init(
          [
            .init(method.label, values: [.string(method.label), .boolean(method.isBaseline)]),
            .init(
              NumberText.fixed(ranks.averageRanks[index], decimals: 2), values: [.number(ranks.averageRanks[index])]),
          ]
            + method.summaries.map { summary in
              let spread = summary.standardDeviation.map { " ± \(text.value($0))" } ?? ""
              return .init(
                text.value(summary.mean) + spread,
                values: [
                  .number(summary.mean), MetricText.number(summary.standardDeviation), .integer(summary.count),
                ])
            }
            + (hasOutcomes
              ? [outcome?.worse, outcome?.equivalent, outcome?.better].map { chance in
                chance.map { .init(SweepAnalysis.percent($0), values: [.number($0)]) }
                  ?? (method.isBaseline
                    ? .init("baseline", values: [.null], role: .faint) : .missing())
              } : []))
      })
  }

  private var metadata: [String: JSONValue] {
    [
      "metric": .string(metric.name), "confidence_level": .number(level),
      "critical_difference": .number(ranks.criticalDifference(level: level)),
      "friedman_chi_squared": MetricText.number(ranks.chiSquared), "friedman_f": MetricText.number(ranks.fStatistic),
      "friedman_p": MetricText.number(ranks.pValue), "smallest_difference": MetricText.number(smallestDifference),
    ]
  }
}
