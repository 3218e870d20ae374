import LabCore
import LabRecords
import LabReport
import Testing

/// Variants over several data sets.
@Suite struct DataSetComparisonTests {
  private static let sets = ["cifar10", "svhn", "gtsrb", "mnist", "emnist", "stl10"]
  /// Means a data set of three variants: the second is better on all of them, the third on half.
  private static let means: [[Double]] = [
    [0.80, 0.83, 0.81], [0.90, 0.92, 0.89], [0.85, 0.86, 0.86], [0.97, 0.99, 0.96], [0.88, 0.91, 0.89],
    [0.70, 0.74, 0.69],
  ]

  private func variant(_ label: String, _ levels: [String: String], _ set: String, _ mean: Double?) -> Variant {
    var variant = SampleSweep.variant(
      label, levels, isBaseline: label == "static", accuracies: mean.map { [$0 - 0.01, $0, $0 + 0.01] } ?? [])
    for index in variant.runs.indices {
      variant.runs[index].configuration = ["dataset": ["name": .string(set)]]
    }
    return variant
  }

  /// One sweep with a factor of data sets.
  private func whole(missing: Bool = false) -> Sweep {
    let convs = ["static", "odconv", "dyconv"]
    return SampleSweep.sweep(
      Self.sets.enumerated().flatMap { set, name in
        convs.enumerated().map { index, conv in
          var made = variant(
            "\(conv), \(name)", ["conv": conv, "dataset": name], name,
            missing && set == 1 && index == 2 ? nil : Self.means[set][index])
          made.isBaseline = conv == "static" && set == 0
          return made
        }
      },
      factors: [.init(name: "conv", levels: convs), .init(name: "dataset", levels: Self.sets)])
  }

  /// A sweep a data set.
  private func apart() -> [Sweep] {
    Self.sets.enumerated().map { set, name in
      var sweep = SampleSweep.sweep(
        ["static", "odconv", "dyconv"].enumerated().map { variant($1, ["conv": $1], name, Self.means[set][$0]) },
        factors: [.init(name: "conv", levels: ["static", "odconv", "dyconv"])])
      sweep.name = name
      return sweep
    }
  }

  @Test func variantsAreRankedOnEachDataSet() throws {
    let found = try #require(
      SweepAnalysis(whole(), options: .init(metric: "test_accuracy", smallestEffect: 0.5)).dataSets)
    #expect(found.dataSets == Self.sets)
    #expect(found.methods.map(\.label) == ["static", "odconv", "dyconv"])
    #expect(found.methods.map(\.isBaseline) == [true, false, false])
    // scipy.stats.friedmanchisquare of the same means, with one tie.
    #expect(abs(try #require(found.ranks.chiSquared) - 7.913043478260865) < 1e-9)
    #expect(found.ranks.averageRanks.map { ($0 * 12).rounded() } == [30, 13, 29])
    let chances = try found.methods.dropFirst().map { try #require($0.outcome).probabilities }
    #expect(chances[0].better > 0.95 && chances[1].better < 0.6)
    #expect(found.omissions.isEmpty)
  }

  @Test func sweepsAreDataSetsToo() throws {
    let options = AnalysisOptions(metric: "test_accuracy", smallestEffect: 0.5)
    let (one, several) = (
      try #require(SweepAnalysis(whole(), options: options).dataSets), try DataSetComparison(apart(), options: options)
    )
    #expect(several.ranks == one.ranks)
    #expect(several.methods.map(\.outcome) == one.methods.map(\.outcome))
    let text = several.document.rendered().replacing("\n", with: " ")
    #expect(
      text.contains(
        "Each of 6 data sets ranks the 3 variants by their means over seeds. The ranks differ beyond chance"))
    #expect(text.contains("odconv is better than static on data sets like these, with a probability of"))
    #expect(text.contains("Whether dyconv is better or worse than static on data sets like these is undecided"))
    let json = several.document.json
    #expect(json["report"] == "data-sets" && json["metric"] == "test_accuracy")
    #expect(json["friedman_p"]?.doubleValue.map { $0 < 0.05 } == true)
  }

  @Test func whatIsMissingIsNamed() throws {
    let found = try #require(SweepAnalysis(whole(missing: true), options: .init(metric: "test_accuracy")).dataSets)
    #expect(found.methods.map(\.label) == ["static", "odconv"])
    #expect(found.omissions == ["dyconv has no results on svhn, and is left out."])
    var other = apart()
    for index in other[2].variants.indices { other[2].variants[index].isBaseline = index == 1 }
    let mixed = try DataSetComparison(other)
    #expect(mixed.methods.allSatisfy { $0.outcome == nil && !$0.isBaseline })
    #expect(mixed.omissions.contains { $0.hasPrefix("The sweeps have different baselines (odconv; static)") })
    #expect(throws: ReportError.dataSets("each sweep is a data set of its own, but one was given twice: svhn, svhn")) {
      try DataSetComparison([apart()[1], apart()[1]])
    }
    var stranger = apart()[0]
    stranger.variants = [variant("another", [:], "cifar10", 0.5)]
    #expect(throws: ReportError.self) { try DataSetComparison([stranger, apart()[1]]) }
  }

  /// More or fewer images of one data set are no sample of data sets.
  @Test func sizesOfADataSetAreNone() throws {
    var sweep = whole()
    for index in sweep.variants.indices {
      for run in sweep.variants[index].runs.indices {
        sweep.variants[index].runs[run].configuration = [
          "dataset": ["name": "cifar10", "train_limit": .integer(100 * (index / 3 + 1))]
        ]
      }
    }
    #expect(try SweepAnalysis(sweep, options: .init(metric: "test_accuracy")).dataSets.map(\.dataSets) == nil)
  }

  @Test func fewDataSetsAreSaidToTellNothingApart() throws {
    let few = try DataSetComparison(Array(apart().prefix(2)))
    let text = few.document.rendered().replacing("\n", with: " ")
    #expect(text.contains("2 data sets are too few to conclude about others like them; it takes 5."))
    #expect(!text.contains("odconv is better than static"))
    #expect(
      text.contains("which is more than ranks can differ: so few data sets tell none apart, whatever the results."))
    #expect(
      text.contains("No smallest effect that matters is named, so that no difference counts as practically as good."))
  }

  /// The figure and the report say the same.
  @Test func theReportHasThem() throws {
    let report = try SweepReport(whole(), options: .init(metric: "test_accuracy"))
    let page = report.page.rendered(as: try PageFormats.named("markdown"))
    #expect(page.contains("Over data sets") && page.contains("mean rank"))
    let figure = try report.figure(Figures.named("critical-difference"))
    #expect(figure.summary.contains("average ranks over 6 data sets"))
  }
}
