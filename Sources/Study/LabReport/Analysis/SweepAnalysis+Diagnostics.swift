import LabCore
import LabRecords
import LabStats

extension SweepAnalysis {
  /// What the tests of the model's assumptions found.
  var diagnosticTable: ReportTable? {
    let rows = [
      diagnostics.equalSpread.map {
        row("equal spread (Brown-Forsythe)", $0, equalSpreadReading, "some variants' runs vary more")
      },
      diagnostics.additivity.map {
        row(
          "additivity (Tukey, 1 degree of freedom)", $0, "a seed shifts all variants alike",
          "differences grow or shrink with the seed's level: intervals of large ones are too narrow")
      },
    ].compactMap { $0 }
    guard !rows.isEmpty else { return nil }
    return ReportTable(
      kind: "diagnostics", title: "Tests of the model's assumptions",
      columns: [
        .init("what", fields: ["test"], wraps: true),
        .init("F", fields: ["f", "df_numerator", "df_denominator"], alignment: .right),
        .init("p", fields: ["p"], alignment: .right),
        .init(
          "reading", fields: ["is_doubtful"], wraps: true,
          legend:
            "doubtful below a p-value of \(NumberText.plain(PoolingDecision.level)); variants whose runs vary more have "
            + "variances of their own"),
      ], rows: rows)
  }

  /// What equal spread means; a test of all variants at once does not see what is odd about one of many.
  private var equalSpreadReading: String {
    "the variants' runs vary alike"
      + (model.variances.isCommon
        ? "" : " as far as a test of all at once sees; the model gives some a variance of their own")
  }

  private func row(_ title: String, _ test: FTest, _ fine: String, _ doubtful: String) -> ReportTable.Row {
    let isDoubtful = test.pValue < PoolingDecision.level
    return .init([
      .string(title),
      .init(
        NumberText.significant(test.statistic, digits: 3),
        values: [
          MetricText.number(test.statistic), MetricText.number(test.numerator), MetricText.number(test.denominator),
        ]),
      .init(NumberText.probability(test.pValue), values: [MetricText.number(test.pValue)]),
      .init(isDoubtful ? doubtful : "nothing speaks against: \(fine)", values: [.boolean(isDoubtful)]),
    ])
  }

  /// Outliers, and whether the residuals grow with the values.
  var diagnosticParagraphs: [String] {
    guard model.fit.hasSpread else { return [] }
    let outliers = diagnostics.outliers.prefix(5).map { outlier in
      "\(label(model.variants[outlier.observation.treatment])) with seed \(outlier.observation.block) "
        + "(\(text.value(outlier.observation.value)), \(NumberText.fixed(outlier.studentizedResidual, decimals: 1)) standard "
        + "deviations from what the others let expect)"
    }
    let rest = diagnostics.outliers.count > 5 ? " and \(diagnostics.outliers.count - 5) more" : ""
    let found = outliers.isEmpty ? [] : ["Outliers: \(outliers.joined(separator: "; "))\(rest)."]
    let correlation = diagnostics.spreadCorrelation.map {
      ["The size of residuals and the fitted values have a correlation of \(NumberText.fixed($0, decimals: 2))."]
    }
    return found + (correlation ?? [])
  }
}
