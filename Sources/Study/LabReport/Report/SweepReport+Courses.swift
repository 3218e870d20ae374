import LabCore
import LabRecords
import LabStats

extension SweepReport {
  /// How fast variants learn: the epochs that they take to a goal, and the areas under their courses.
  var courseBlocks: [ReportPage.Block] {
    guard let metric = courseMetric, metric.direction != .neutral, let speed = CourseSpeed(self, metric) else {
      return []
    }
    return [.paragraph(speed.sentence), .table(speed.table)] + speed.omissions.map { .paragraph($0) }
  }
}

/// How fast the variants of a sweep learn, beside its baseline.
private struct CourseSpeed {
  private typealias Courses = [(seed: UInt64, values: [Int: Double])]

  private let report: SweepReport
  private let metric: MetricDescription
  private let baseline: Int
  /// The courses of each variant.
  private let courses: [Courses]
  /// What is to be reached.
  private let goal: Double
  /// Where the goal comes from, in words.
  private let rule: String
  /// The epochs over which areas are taken: those of the baseline's runs.
  private let epochs: [Int]
  private let areas: [[UInt64: Double]]
  private let comparisons: MetricComparisons

  /// Without a smallest effect that matters, the goal falls short of the baseline's final value by this share of it.
  private static let shortfall = 0.05

  /// - Returns: nil where the baseline has no course of at least two epochs.
  init?(_ report: SweepReport, _ metric: MetricDescription) {
    guard let baseline = report.sweep.variants.firstIndex(where: \.isBaseline) else { return nil }
    let courses = report.sweep.variants.map { report.runCourses(of: $0, in: metric) }
    let finals = courses[baseline].compactMap { run in run.values.max { $0.key < $1.key }?.value }
    guard let final = SampleSummary(finals)?.mean, let first = courses[baseline].first?.values, first.count > 1 else {
      return nil
    }
    self.report = report
    self.metric = metric
    self.baseline = baseline
    self.courses = courses
    let isSame = MetricName(report.metric.name).base == MetricName(metric.name).base
    let effect = isSame ? report.smallestEffect : nil
    let distance = effect ?? CourseSpeed.shortfall * abs(final)
    goal = metric.direction == .higherIsBetter ? final - distance : final + distance
    let label = report.analysis.label(baseline)
    rule =
      "the mean that \(label) has at its last epoch, \(metric.direction == .higherIsBetter ? "less" : "plus") "
      + (effect.map { "the \(metric.amount($0, decimals: nil)) that matter" }
        ?? "\(NumberText.percentage(CourseSpeed.shortfall)) of it")
    let epochs = first.keys.sorted()
    self.epochs = epochs
    areas = courses.map { runs in
      Dictionary(
        runs.filter { $0.values.keys.sorted() == epochs }.map { run in
          (run.seed, CurveComparison.area(epochs, epochs.compactMap { run.values[$0] }))
        }
      ) { first, _ in first }
    }
    comparisons = MetricComparisons(report.sweep, metric, values: areas, options: report.options)
  }

  private var higherIsBetter: Bool { metric.direction == .higherIsBetter }

  private func reach(_ runs: Courses) -> EpochsToReach {
    EpochsToReach(goal, courses: runs.map(\.values), higherIsBetter: higherIsBetter)
  }

  private var shown: [Int] { courses.indices.filter { !courses[$0].isEmpty } }

  var sentence: String {
    "How fast variants learn: the epochs until \(metric.proseTitle) first is "
      + "\(higherIsBetter ? "at least" : "at most") \(metric.text(goal, decimals: decimals))"
      + "\(metric.unit == .percent ? " %" : ""), which is \(rule); and the mean of its course, that is the area under it "
      + "divided by its span."
  }

  private var decimals: Int { metric.decimals(for: areas.lazy.flatMap { $0 }.map(\.value)) }

  // MARK: The table

  var table: ReportTable {
    let level = NumberText.percentage(report.options.confidenceLevel)
    let isSimultaneous = report.options.coverage == .simultaneous && comparisons.comparisonCount > 1
    var notes = NoteList()
    return ReportTable(
      kind: "learning-speed", title: "How fast variants learn",
      columns: [
        .init("variant", fields: ["variant"], wraps: true),
        .init("reached", fields: ["reached", "runs"], alignment: .right, legend: "runs that reach the goal"),
        .init(
          "median epochs", fields: ["median_epochs"], alignment: .right,
          legend: "median over the runs, with those that do not reach the goal after all others"),
        .init(
          "epochs by seed", fields: ["epochs_to_reach"], wraps: true,
          legend: "first epoch at which each run reaches the goal, >N where it does not in N epochs"),
        .init(
          "earlier, later", fields: ["earlier", "later", "sign_test_p"], alignment: .right,
          legend: "seeds in which the variant is earlier and later than \(report.analysis.label(baseline)), with the "
            + "exact p-value of the sign test"),
        .init(
          "mean of course", fields: ["area", "area_sd"], alignment: .plusMinus,
          legend: "mean over the epochs ± standard deviation over seeds"),
        .init(
          "Δ", fields: ["area_difference", "area_difference_lower", "area_difference_upper"], alignment: .right,
          legend: "difference in the mean of the course with its \(level) interval"
            + (isSimultaneous ? "; all of them hold at once" : "")),
      ],
      rows: shown.map { row($0, &notes) }, numberedNotes: notes.texts, metadata: ["goal": MetricText.number(goal)])
  }

  private func row(_ variant: Int, _ notes: inout NoteList) -> ReportTable.Row {
    let runs = courses[variant]
    let reached = reach(runs)
    let texts = zip(reached.epochs, runs).map { epoch, run in
      epoch.map { "\($0)" } ?? ">\(run.values.keys.max() ?? 0)"
    }
    var cells: [ReportTable.Cell] = [
      .string(report.sweep.variants[variant].label),
      .init(
        "\(reached.reachedCount) of \(runs.count)", values: [.integer(reached.reachedCount), .integer(runs.count)],
        role: reached.reachedCount < runs.count ? .warning : nil),
      reached.median.map { .init(NumberText.shortest($0), values: [.number($0)]) }
        ?? .init(">\(reached.lastEpoch)", values: [.null]),
      .init(
        texts.joined(separator: ", "), values: [.array(reached.epochs.map { $0.map(JSONValue.integer) ?? .null })]),
    ]
    cells.append(orderCell(variant))
    let text = MetricText(metric, values: areas.lazy.flatMap { $0 }.map(\.value))
    let summary = SampleSummary(areas[variant].sorted { $0.key < $1.key }.map(\.value))
    cells.append(
      summary.map { summary in
        .init(
          text.value(summary.mean) + (summary.standardDeviation.map { " ± " + text.value($0) } ?? ""),
          values: [.number(summary.mean), MetricText.number(summary.standardDeviation)])
      } ?? .missing(fieldCount: 2))
    guard let difference = comparisons.difference(ofVariant: variant) else {
      return .init(cells + [.missing(fieldCount: 3)])
    }
    let numbers = difference.caveatText(metric).map { [notes.number(for: report.analysis.label(variant), $0)] } ?? []
    cells.append(
      .init(
        text.difference(difference.mean, difference.interval),
        values: [
          .number(difference.mean), MetricText.number(difference.interval?.lower),
          MetricText.number(difference.interval?.upper),
        ], role: difference.role(metric.direction), notes: numbers))
    return .init(cells)
  }

  /// In how many seeds a variant is earlier and later than the baseline.
  private func orderCell(_ variant: Int) -> ReportTable.Cell {
    let seeds = Set(courses[variant].map(\.seed)).intersection(courses[baseline].map(\.seed))
    guard variant != baseline, !seeds.isEmpty else { return .missing(fieldCount: 3) }
    func shared(_ index: Int) -> EpochsToReach {
      reach(courses[index].filter { seeds.contains($0.seed) }.sorted { $0.seed < $1.seed })
    }
    let order = shared(variant).compared(with: shared(baseline))
    return .init(
      "\(order.earlier), \(order.later) (p \(order.pValue < 0.001 ? "" : "= ")\(NumberText.probability(order.pValue)))",
      values: [.integer(order.earlier), .integer(order.later), .number(order.pValue)])
  }

  // MARK: What is missing

  /// Runs that never reach the goal, and those whose areas are not compared, a sentence each.
  var omissions: [String] {
    func listed(_ start: String, _ isMember: (Int, (seed: UInt64, values: [Int: Double])) -> Bool) -> [String] {
      let members = shown.compactMap { variant -> String? in
        let seeds = courses[variant].filter { isMember(variant, $0) }.map(\.seed)
        return seeds.isEmpty
          ? nil
          : "\(report.analysis.label(variant)) (\(seeds.count == 1 ? "seed" : "seeds") \(NumberText.ranges(seeds)))"
      }
      return members.isEmpty ? [] : [start + FairnessAudit.listed(members, limit: 20) + "."]
    }
    return listed("The goal is not reached within their training by: ") { reach([$1]).reachedCount == 0 }
      + listed("Of runs that were evaluated at other epochs, no area is taken: ") { areas[$0][$1.seed] == nil }
  }
}
