import LabCore
import LabRecords
import LabStats

/// A sweep analyzed as the designed experiment that it is: one metric, the model that the data allow, comparisons with
/// their verdicts, factors, and what to keep in mind of the arms.
public struct SweepAnalysis: Sendable {
  /// One comparison of two variants.
  public struct Comparison: Sendable {
    /// The index of the variant.
    public var variant: Int
    /// The index of the variant that it is compared with.
    public var reference: Int
    /// The difference, variant less reference.
    public var difference: BaselineDifference
    /// What its interval says.
    public var verdict: Verdict
    /// How large it is; nil where the model cannot estimate it.
    public var size: EffectSize?
    /// What is odd about the runs of either, by the kinds' titles.
    public var health: [String]
    /// Whether runs of either were still improving when they ended.
    public var isPreliminary: Bool
  }

  /// The sweep, as seen from the baseline of the analysis.
  public let sweep: Sweep
  /// The metric.
  public let metric: MetricDescription
  /// The plan that was registered last; nil where none was.
  public let plan: AnalysisPlan?
  /// How the analysis stands to what was registered.
  public let registration: RegistrationStatus
  /// What the analysis does otherwise than was registered.
  public let deviations: [String]
  /// The smallest difference that matters, in values of the metric; nil where any does.
  public let smallestDifference: Double?
  /// The comparisons, in the order of the variants.
  public let comparisons: [Comparison]
  /// The pairs of variants that nothing connects.
  public let inestimable: [(variant: Int, reference: Int)]
  /// The factors and their interactions; nil where the sweep has none, or no residual.
  public let factorial: FactorialAnalysis?
  /// What the choice of the test images does to the comparisons; nil unless ``consider(_:progress:)`` was asked.
  public internal(set) var images: ImageChance?
  /// The variants over several data sets; nil where no factor of the sweep has data sets as its levels.
  public let dataSets: DataSetComparison?
  /// What was asked for.
  public let options: ReportOptions
  /// Where the completed runs of each variant were trained and with what; nil where that is not known.
  public var origins: [[RunOrigin: Int]]?
  /// The sweep as it is on record, with the baseline of the spec.
  let recorded: Sweep
  let model: MetricComparisons
  let text: MetricText
  let diagnostics: Diagnostics
  /// Whether all pairs are compared.
  let comparesAllPairs: Bool
  let isPair: Bool

  /// The most variants of which all pairs are compared.
  public static let mostPairedVariants = 150

  /// Analyzes a sweep.
  ///
  /// - Throws: ``ReportError`` where the options name what the sweep does not have, or nothing is there to compare.
  public init(_ sweep: Sweep, options asked: AnalysisOptions = .init()) throws(ReportError) {
    let plan = sweep.analyses.last?.plan
    let pair = asked.pair
    recorded = sweep
    let sweep = try sweep.seen(from: pair?.last ?? asked.baseline)
    let metric = try asked.metric(of: sweep)
    let hasBaseline = sweep.variants.contains(where: \.isBaseline)
    let allPairs = pair == nil && (asked.comparesAllPairs ?? (plan?.comparisons == .all || !hasBaseline))
    let isOneSided = plan?.sides == .one && !allPairs && pair == nil && metric.direction != .neutral
    let options = ReportOptions(
      metrics: [metric.name], confidenceLevel: asked.confidence ?? plan?.confidence ?? 0.95,
      coverage: asked.isPerComparison || pair != nil ? .perComparison : .simultaneous, baseline: asked.baseline,
      isOneSided: isOneSided)
    try options.validate()
    self.plan = plan
    self.sweep = sweep
    self.metric = metric
    self.options = options
    registration = RegistrationStatus(sweep.analyses)
    let scale = metric.unit == .percent ? 0.01 : 1
    let registeredEffect = plan.flatMap { $0.metric == metric.name ? $0.smallestDifference : nil }
    smallestDifference = asked.smallestEffect.map { $0 * scale } ?? registeredEffect
    comparesAllPairs = allPairs
    isPair = pair != nil
    deviations = SweepAnalysis.deviations(asked, metric, plan)
    let values = sweep.variants.map { $0.values(of: metric.name) }
    let model = MetricComparisons(sweep, metric, values: values, options: options)
    self.model = model
    text = MetricText(metric, values: model.fit.adjustedMeans.compactMap { $0 })
    diagnostics = Diagnostics(model.fit)
    if allPairs, model.variants.count > SweepAnalysis.mostPairedVariants {
      throw .tooManyPairs(variants: model.variants.count, limit: SweepAnalysis.mostPairedVariants)
    }
    var found: [(treatment: Int, reference: Int, difference: BaselineDifference)]
    var lost: [(variant: Int, reference: Int)] = []
    if let pair {
      let indices = [try sweep.variantIndex(labeled: pair[0]), try sweep.variantIndex(labeled: pair[1])]
      guard indices[0] != indices[1] else { throw .sameVariant(pair[0]) }
      found = model.pairs(indices[0], indices[1])
      if found.isEmpty { lost = [(indices[0], indices[1])] }
    } else if allPairs {
      (found, lost) = model.allPairs()
    } else {
      (found, lost) = model.withReference()
    }
    inestimable = lost
    let (smallest, direction) = (smallestDifference, metric.direction)
    comparisons = found.map { treatment, reference, difference in
      let pair = [model.variants[treatment], model.variants[reference]]
      let notes = SweepAnalysis.health(of: pair.map { sweep.variants[$0] })
      return Comparison(
        variant: pair[0], reference: pair[1], difference: difference,
        verdict: direction == .neutral
          ? .undecided
          : Verdict(
            interval: difference.interval, smallestEffect: smallest, higherIsBetter: direction == .higherIsBetter),
        size: EffectSize(
          model.fit, variances: model.variances, of: treatment, to: reference,
          bestValue: metric.unit == .percent ? 1 : nil, higherIsBetter: direction != .lowerIsBetter),
        health: notes.map { HealthChecks.check($0)?.title ?? $0.replacing("_", with: " ") },
        isPreliminary: pair.contains { sweep.variants[$0].runs.contains(where: \.isPreliminary) })
    }
    factorial = isPair || !model.fit.hasSpread ? nil : model.factorial(of: sweep)
    // Ranks and probabilities over data sets take values that compare.
    let isComparable = sweep.lossFunctions(of: metric, sweep.variants).count < 2
    dataSets =
      isPair || !isComparable
      ? nil
      : try DataSetComparison(
        sweep, metric: metric, smallestDifference: smallest, level: options.confidenceLevel)
  }

  /// What is asked for that is not what was registered.
  private static func deviations(
    _ asked: AnalysisOptions, _ metric: MetricDescription, _ plan: AnalysisPlan?
  ) -> [String] {
    guard let plan else { return [] }
    var deviations = [String]()
    if metric.name != plan.metric { deviations.append("its metric is \(metric.name), registered was \(plan.metric)") }
    if let baseline = asked.baseline { deviations.append("its baseline is \(baseline)") }
    if let confidence = asked.confidence, confidence != plan.confidence {
      let texts = [confidence, plan.confidence].map(NumberText.percentage)
      deviations.append("its confidence is \(texts[0]), registered was \(texts[1])")
    }
    if let effect = asked.smallestEffect, effect != plan.smallestEffect {
      deviations.append("its smallest effect is \(NumberText.plain(effect))")
    }
    if asked.isPerComparison { deviations.append("its intervals hold each by itself") }
    if let pair = asked.pair { deviations.append("it picks \(pair.joined(separator: " and "))") }
    if let all = asked.comparesAllPairs, all != (plan.comparisons == .all) {
      deviations.append(all ? "it compares all pairs" : "it compares with the baseline only")
    }
    return deviations
  }

  /// The kinds of notes on the completed runs of some variants.
  private static func health(of variants: [Variant]) -> [String] {
    var kinds = [String]()
    for note in variants.flatMap(\.runs).filter({ $0.state == .completed }).flatMap(\.health).inOrderOfChecks
    where !kinds.contains(note.kind) {
      kinds.append(note.kind)
    }
    return kinds
  }
}

extension MetricComparisons {
  /// A comparison with its treatments.
  typealias Pair = (treatment: Int, reference: Int, difference: BaselineDifference)

  /// The analysis of the factors; nil where variants are not told apart by their levels.
  func factorial(of sweep: Sweep) -> FactorialAnalysis? {
    let levels = variants.map { variant in
      sweep.factors.compactMap { sweep.variants[variant].levels[$0.name].flatMap($0.levels.firstIndex) }
    }
    guard variants.count > 1, !sweep.factors.isEmpty, levels.allSatisfy({ $0.count == sweep.factors.count }),
      Set(levels).count == levels.count
    else { return nil }
    return FactorialAnalysis(fit, levels: levels)
  }

  /// All comparisons with the reference, and the variants that cannot be compared with it.
  func withReference() -> (found: [Pair], lost: [(variant: Int, reference: Int)]) {
    guard let reference else { return ([], []) }
    var (found, lost) = ([Pair](), [(variant: Int, reference: Int)]())
    for treatment in variants.indices where treatment != reference {
      if let difference = difference(ofVariant: variants[treatment]) {
        found.append((treatment, reference, difference))
      } else {
        lost.append((variants[treatment], variants[reference]))
      }
    }
    return (found, lost)
  }

  /// All pairs of variants.
  func allPairs() -> (found: [Pair], lost: [(variant: Int, reference: Int)]) {
    let count = variants.count * (variants.count - 1) / 2
    guard model.isPooled else {
      let pairs = variants.indices.flatMap { treatment in (0..<treatment).map { (treatment, $0) } }
      let found = pairs.compactMap { treatment, reference in
        difference(of: treatment, to: reference, nil, count: count).map { (treatment, reference, $0) }
      }
      return (found, [])
    }
    let tukey = TukeyComparison(fit, variances: variances, level: level)
    let found = tukey.comparisons.compactMap { comparison in
      difference(of: comparison.treatment, to: comparison.reference, comparison, family: .tukey, count: count)
        .map { (comparison.treatment, comparison.reference, $0) }
    }
    return (found, tukey.inestimable.map { (variants[$0.treatment], variants[$0.reference]) })
  }

  /// The comparison of two variants by themselves; none where nothing connects them.
  func pairs(_ variant: Int, _ other: Int) -> [Pair] {
    guard let treatment = variants.firstIndex(of: variant), let reference = variants.firstIndex(of: other) else {
      return []
    }
    let tukey =
      model.isPooled ? TukeyComparison(fit, variances: variances, among: [reference, treatment], level: level) : nil
    return difference(of: treatment, to: reference, tukey?.comparisons.first, count: 1)
      .map { [(treatment, reference, $0)] } ?? []
  }
}
