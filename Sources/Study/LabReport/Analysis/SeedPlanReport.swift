import LabCore
import LabRecords
import LabStats

/// How many seeds a sweep needs for intervals of a width, or to find an effect, with the spread that its runs have shown.
public struct SeedPlanReport: Sendable {
  /// What is wanted, in points of metrics that are shown in percent, else in the metric's unit.
  public struct Goal: Sendable, Hashable {
    /// Half the width that intervals of differences shall have at most; nil where that is not asked for.
    public var halfWidth: Double?
    /// The difference that shall be found; nil for the registered smallest effect.
    public var effect: Double?
    /// The chance with which it shall be found, in (0, 1).
    public var power: Double

    /// Creates a goal.
    public init(halfWidth: Double? = nil, effect: Double? = nil, power: Double = 0.8) {
      self.halfWidth = halfWidth
      self.effect = effect
      self.power = power
    }
  }

  /// The analysis whose comparisons are planned.
  public let analysis: SweepAnalysis
  /// What is wanted.
  public let goal: Goal
  private let planning: SeedPlanning
  private let halfWidth: Double?
  /// The difference that shall be found, in values of the metric; nil where none is named.
  public let effect: Double?

  /// Plans the seeds of a sweep.
  ///
  /// - Throws: ``ReportError`` where the options name what the sweep does not have, or no run shows a spread yet.
  public init(_ sweep: Sweep, options: AnalysisOptions = .init(), goal: Goal = .init()) throws(ReportError) {
    let analysis = try SweepAnalysis(sweep, options: options)
    let isSingle = analysis.options.coverage == .perComparison
    let family: SeedPlanning.Family = isSingle ? .single : analysis.comparesAllPairs ? .allPairs : .baseline
    guard
      let planning = SeedPlanning(analysis.model.fit, level: analysis.options.confidenceLevel, family: family)
    else { throw .noSpread(metric: analysis.metric.name) }
    self.analysis = analysis
    self.goal = goal
    self.planning = planning
    let scale = analysis.metric.unit == .percent ? 0.01 : 1
    halfWidth = goal.halfWidth.map { $0 * scale }
    effect = goal.effect.map { $0 * scale } ?? analysis.smallestDifference
  }

  /// The fewest seeds for the width that is wanted; nil where none is, or that would take too many.
  public var seedsForHalfWidth: Int? { halfWidth.flatMap(planning.seedCount(halfWidth:)) }

  /// The fewest seeds that find the effect with the chance that is wanted; nil where none is, or that would take too many.
  public var seedsForEffect: Int? { effect.flatMap { planning.seedCount(effect: $0, power: goal.power) } }

  /// The plan for any format.
  public var document: ReportDocument {
    let sweep = analysis.sweep
    return ReportDocument(
      kind: "seed-plan", title: "\(sweep.reportTitle): seeds for \(analysis.metric.titleWithUnit)",
      sections: [.init(paragraphs: paragraphs), .init(table: table)],
      metadata: [
        "metric": .string(analysis.metric.name), "residual_sd": .number(planning.deviation),
        "residual_df": .number(planning.degreesOfFreedom), "confidence_level": .number(planning.level),
        "seeds_now": .integer(sweep.seeds.count), "half_width": MetricText.number(halfWidth),
        "seeds_for_half_width": seedsForHalfWidth.map { .integer($0) } ?? .null, "effect": MetricText.number(effect),
        "power": .number(goal.power), "seeds_for_effect": seedsForEffect.map { .integer($0) } ?? .null,
      ])
  }

  private var text: MetricText { analysis.text }

  /// The planning from the upper bound of the standard deviation.
  private var cautious: SeedPlanning {
    planning.with(deviation: planning.deviationInterval(level: SeedPlanReport.deviationLevel).upper)
  }

  /// The confidence of the standard deviation's interval.
  private static let deviationLevel = 0.8

  private var paragraphs: [String] {
    let bounds = planning.deviationInterval(level: SeedPlanReport.deviationLevel)
    let comparisons =
      switch planning.family {
      case .single: "each comparison by itself"
      case .baseline: "all \(planning.variantCount - 1) comparisons with the baseline at once"
      case .allPairs: "all pairs of \(planning.variantCount) variants at once"
      }
    let scale = analysis.metric.unit == .percent ? 100.0 : 1
    func number(_ value: Double) -> String { NumberText.significant(scale * value, digits: 3) }
    let pooled =
      analysis.model.model.isPooled
      ? analysis.model.model.spreadCaution.map {
        [
          "This plan shares one residual among all variants; \($0), so that intervals of such variants will be wider and more "
            + "seeds be needed."
        ]
      } ?? []
      : [
        "This plan shares one residual among all variants; "
          + (analysis.model.model.reason.map { "\($0), so that intervals will be wider and more seeds be needed." }
            ?? "with two variants that is the spread of their pairs.")
      ]
    return [
      "So far a run's residual has a standard deviation of \(number(planning.deviation))\(text.unit), known to "
        + "\(number(bounds.lower)) to \(number(bounds.upper)) with \(NumberText.percentage(bounds.level)) confidence; "
        + "planned are \(NumberText.percentage(planning.level)) intervals, \(comparisons)."
    ] + pooled + goals
  }

  private var goals: [String] {
    var goals = [String]()
    func seeds(_ count: Int?) -> String {
      count.map { "\($0) seeds" } ?? "more than \(SeedPlanning.limit) seeds"
    }
    if let halfWidth {
      goals.append(
        "Intervals of ± \(text.value(halfWidth))\(text.unit) need \(seeds(seedsForHalfWidth)), or "
          + "\(seeds(cautious.seedCount(halfWidth: halfWidth))) if the standard deviation is the upper of these.")
    }
    if let effect {
      goals.append(
        "A difference of \(text.value(effect))\(text.unit) is found with a chance of \(NumberText.percentage(goal.power)) "
          + "by \(seeds(seedsForEffect)), or \(seeds(cautious.seedCount(effect: effect, power: goal.power))) if the "
          + "standard deviation is the upper of these.")
    }
    if goals.isEmpty {
      goals.append("What is wanted was not said: the table shows what seeds give (--half-width, --effect).")
    }
    return goals
  }

  private var table: ReportTable {
    let wanted = [analysis.sweep.seeds.count, seedsForHalfWidth, seedsForEffect].compactMap { $0 }
    let counts = Set([2, 3, 5, 8, 10, 15, 20, 30] + wanted).filter { $0 > 1 }.sorted()
    let variants = planning.variantCount
    var columns: [ReportTable.Column] = [
      .init("seeds", fields: ["seeds"], alignment: .right),
      .init("runs", fields: ["runs"], alignment: .right, legend: "runs in all, those that are there included"),
      .init(
        "± \(analysis.metric.titleWithUnit)", fields: ["half_width"], alignment: .right,
        legend: "half the \(NumberText.percentage(planning.level)) interval of a difference that is to be expected"),
    ]
    if let effect {
      columns.append(
        .init(
          "power", fields: ["power"], alignment: .right,
          legend: "chance to find a difference of \(text.value(effect))\(text.unit)"))
    }
    let rows = counts.map { count -> ReportTable.Row in
      let width = planning.halfWidth(seedCount: count)
      let power = effect.map { planning.power(effect: $0, seedCount: count) }
      return .init(
        [
          .init(
            "\(count)" + (count == analysis.sweep.seeds.count ? " (now)" : ""), values: [.integer(count)]),
          .init(NumberText.grouped(count * variants), values: [.integer(count * variants)]),
          .init(text.value(width), values: [.number(width)]),
        ] + (power.map { [.init(SweepAnalysis.percent($0), values: [.number($0)])] } ?? []))
    }
    return ReportTable(kind: "seed-plan", title: "What seeds give", columns: columns, rows: rows)
  }
}
