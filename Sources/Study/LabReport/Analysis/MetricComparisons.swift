import LabRecords
import LabStats

/// The variants of a sweep in one metric, compared by the model that the data allow: variant + seed + residual, with one
/// residual for all but those whose runs vary more.
///
/// The family of a simultaneous interval are all comparisons of the sweep with its baseline in the metric, whether or not
/// a table shows them: what is shown changes no interval.
struct MetricComparisons: Sendable {
  /// The metric.
  let metric: MetricDescription
  /// The index of each treatment's variant in the sweep: variants with results that can be set beside each other.
  let variants: [Int]
  /// The treatment that the others are compared with; nil where there is none, or it has no result.
  let reference: Int?
  /// The least squares of the model.
  let fit: BlockedFit
  /// The variances of the model's treatments.
  let variances: TreatmentVariances
  /// By what comparisons are judged.
  let model: ComparisonModel
  /// All comparisons with the reference; nil without one.
  let family: DunnettComparison?
  /// The level of all intervals.
  let level: Double

  private let options: ReportOptions
  /// The treatment of each variant, by the variant's index in the sweep.
  private let treatments: [Int: Int]
  private let comparisons: [Int: TreatmentComparison]
  private let values: [[UInt64: Double]]

  /// Fits the model to a metric.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - metric: the metric.
  ///   - values: each variant's values by seed.
  ///   - options: what was asked for.
  init(_ sweep: Sweep, _ metric: MetricDescription, values: [[UInt64: Double]], options: ReportOptions) {
    self.metric = metric
    self.options = options
    level = options.confidenceLevel
    let baseline = sweep.variants.firstIndex(where: \.isBaseline)
    let isOneFunction = sweep.lossFunctions(of: metric, sweep.variants).count < 2
    let variants = sweep.variants.indices.filter { index in
      guard !values[index].isEmpty else { return false }
      // Values of another loss function say nothing about the residual of these.
      guard !isOneFunction, let baseline else { return isOneFunction }
      return sweep.incomparability(of: metric, sweep.variants[index], baseline: sweep.variants[baseline])
        == nil
    }
    let treatments = Dictionary(uniqueKeysWithValues: zip(variants, variants.indices))
    let reference = baseline.flatMap { treatments[$0] }
    let sample = BlockedSample(
      variants.indices.flatMap { treatment in
        values[variants[treatment]].map {
          BlockedSample.Observation(treatment: treatment, block: $0.key, value: $0.value)
        }
      }, treatmentCount: variants.count)
    let fit = BlockedFit(sample)
    let variances = TreatmentVariances(fit, reference: reference)
    let model =
      options.isPaired
      ? .pairs(nil) : ComparisonModel(variances) { sweep.variants[variants[$0]].label.singleLine }
    var family: DunnettComparison?
    if let reference, variants.count > 1, model.isPooled {
      family = DunnettComparison(
        fit, variances: variances, baseline: reference, level: options.confidenceLevel,
        alternative: options.alternative(metric))
    }
    self.variants = variants
    self.treatments = treatments
    self.reference = reference
    self.fit = fit
    self.variances = variances
    self.values = variants.map { values[$0] }
    self.model = model
    self.family = family
    comparisons = Dictionary(
      (family?.comparisons ?? []).map { ($0.treatment, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The number of comparisons with the reference.
  var comparisonCount: Int { reference == nil ? 0 : variants.count - 1 }

  /// How a variant differs from the reference; nil where it has no result, or is the reference.
  ///
  /// - Parameter variant: the variant's index in the sweep.
  func difference(ofVariant variant: Int) -> BaselineDifference? {
    guard let reference, let treatment = treatments[variant], treatment != reference else { return nil }
    return difference(of: treatment, to: reference, comparisons[treatment], count: comparisonCount)
  }

  /// How two treatments differ.
  ///
  /// - Parameters:
  ///   - comparison: the difference within its family; nil where it cannot be estimated.
  ///   - family: how the family's intervals hold at once.
  ///   - count: the number of comparisons in the family.
  func difference(
    of treatment: Int, to reference: Int, _ comparison: TreatmentComparison?,
    family: BaselineDifference.Method = .dunnett, count: Int
  ) -> BaselineDifference? {
    let paired = PairedDifference(treatment: values[treatment], reference: values[reference])
    // Variants that vary not at all, beside others that do, have no standard error but that of their pairs.
    if model.isPooled, let comparison, comparison.contrast.standardError != nil || paired == nil {
      return BaselineDifference(
        comparison, paired, family: family, isModerated: variances.isModerated([treatment: 1, reference: -1]),
        options: options)
    }
    if let paired { return BaselineDifference(paired, options: options, familySize: count) }
    return WelchDifference(
      treatment: values[treatment].sorted { $0.key < $1.key }.map(\.value),
      reference: values[reference].sorted { $0.key < $1.key }.map(\.value)
    ).map { BaselineDifference($0, options: options) }
  }

  // MARK: The best

  /// Whether a variant leads all others beyond chance.
  ///
  /// - Parameters:
  ///   - variant: the index in the sweep of the one with the best mean.
  ///   - rivals: those of the others.
  /// - Returns: nil where pairs decide, and not the model.
  func isBest(_ variant: Int, among rivals: [Int]) -> Bool? {
    guard model.isPooled, let treatment = treatments[variant], !rivals.isEmpty else { return nil }
    let others = Set(rivals.compactMap { treatments[$0] })
    guard others.count == rivals.count else { return nil }
    let sign = metric.direction == .lowerIsBetter ? -1.0 : 1.0
    // With the best against all others on one side, the one selected as the best is right with the level's confidence.
    let lead = DunnettComparison(
      fit, variances: TreatmentVariances(fit, reference: treatment), baseline: treatment, level: level,
      alternative: sign > 0 ? .less : .greater)
    let intervals = lead.comparisons.filter { others.contains($0.treatment) }.map {
      options.coverage == .simultaneous ? $0.interval : $0.contrast.interval(level: level)
    }
    guard intervals.count == others.count else { return false }
    return intervals.allSatisfy { interval in
      interval.map { sign > 0 ? $0.upper < 0 : $0.lower > 0 } ?? false
    }
  }
}

/// By what the comparisons of a metric are judged.
enum ComparisonModel: Sendable, Hashable {
  /// Variant + seed + residual, with one residual for all but those whose runs vary more; what is to be known of it.
  case pooled(PooledCautions)
  /// Each comparison by its own pairs: why, in words; nil where that needs no word.
  case pairs(String?)

  /// What is to be known of a common residual, in words.
  struct PooledCautions: Sendable, Hashable {
    /// Which variants have variances of their own.
    var spreads: [String] = []
    /// Which of them count for most of their variance by themselves: the first of ``spreads``.
    var notableCount = 0
    /// What else is to be known; nil where nothing is.
    var other: String?
  }

  /// - Parameters:
  ///   - variances: the variances of the fit whose residuals would be pooled.
  ///   - name: the name of a treatment.
  init(_ variances: TreatmentVariances, name: (Int) -> String) {
    let fit = variances.fit
    // Of two variants, their pairs tell all that the model could.
    guard fit.sample.treatmentCount > 2, fit.hasSpread, fit.residualDegreesOfFreedom >= 2 else {
      self = .pairs(nil)
      return
    }
    let decision = PoolingDecision(variances)
    guard decision.isPooled else {
      self = .pairs(Self.text(decision.reasons.map { $0.sentence(name: name) }))
      return
    }
    self = .pooled(
      PooledCautions(
        spreads: decision.spreads.map { $0.sentence(name: name) },
        notableCount: variances.moderated.count { $0.weightOfOthers < 0.5 },
        other: Self.text(decision.cautions.map { $0.sentence(name: name) })))
  }

  /// Whether all comparisons share a residual.
  var isPooled: Bool { if case .pooled = self { true } else { false } }

  /// What is to be known of the common residual, in words; nil where nothing is.
  ///
  /// - Parameter isBrief: leaves out variants whose variances are for the most part those of all.
  func caution(isBrief: Bool = false) -> String? {
    guard case .pooled(let cautions) = self else { return nil }
    let spreads = isBrief ? Array(cautions.spreads.prefix(cautions.notableCount)) : cautions.spreads
    let shown = spreads.count > 4 ? 3 : spreads.count
    let rest = spreads.count > shown ? ["\(spreads.count - shown) more vary more too"] : []
    return Self.text(Array(spreads.prefix(shown)) + rest + (cautions.other.map { [$0] } ?? []))
  }

  /// Which variants have variances of their own, in words; nil where none has.
  var spreadCaution: String? {
    guard case .pooled(var cautions) = self else { return nil }
    cautions.other = nil
    return ComparisonModel.pooled(cautions).caution()
  }

  /// Why pairs are judged each by itself, as a note says it; nil where they are not, or nothing is to be said.
  var reason: String? { if case .pairs(let reason) = self { reason } else { nil } }

  private static func text(_ sentences: [String]) -> String? {
    sentences.isEmpty ? nil : sentences.joined(separator: ", and ")
  }
}
