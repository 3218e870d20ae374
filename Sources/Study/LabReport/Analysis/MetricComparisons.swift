import LabRecords
import LabStats

/// The variants of a sweep in one metric, compared by the model that the data allow: variant + seed + residual, with one
/// residual for all where that is justified.
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
    let model =
      options.isPaired
      ? .pairs(nil)
      : ComparisonModel(fit, reference: reference) { sweep.variants[variants[$0]].label.singleLine }
    var family: DunnettComparison?
    if let reference, variants.count > 1, model.isPooled {
      family = DunnettComparison(
        fit, baseline: reference, level: options.confidenceLevel, alternative: options.alternative(metric))
    }
    self.variants = variants
    self.treatments = treatments
    self.reference = reference
    self.fit = fit
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
    if model.isPooled, let comparison {
      return BaselineDifference(comparison, paired, family: family, options: options)
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
      fit, baseline: treatment, level: level, alternative: sign > 0 ? .less : .greater)
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
  /// Variant + seed + residual, with one residual for all; with what is to be known of it, in words.
  case pooled(caution: String?)
  /// Each comparison by its own pairs: why, in words; nil where that needs no word.
  case pairs(String?)

  /// - Parameters:
  ///   - fit: the fit whose residuals would be pooled.
  ///   - reference: the treatment that the others are compared with.
  ///   - name: the name of a treatment.
  init(_ fit: BlockedFit, reference: Int?, name: (Int) -> String) {
    // Of two variants, their pairs tell all that the model could.
    guard fit.sample.treatmentCount > 2, fit.hasSpread, fit.residualDegreesOfFreedom >= 2 else {
      self = .pairs(nil)
      return
    }
    let decision = PoolingDecision(fit, baseline: reference)
    func text(_ reasons: [PoolingDecision.Reason]) -> String {
      reasons.map { $0.sentence(name: name) }.joined(separator: ", and ")
    }
    self =
      decision.isPooled
      ? .pooled(caution: decision.cautions.isEmpty ? nil : text(decision.cautions)) : .pairs(text(decision.reasons))
  }

  /// Whether all comparisons share a residual.
  var isPooled: Bool { if case .pooled = self { true } else { false } }

  /// What is to be known of the common residual; nil where nothing is.
  var caution: String? { if case .pooled(let caution) = self { caution } else { nil } }

  /// Why pairs are judged each by itself, as a note says it; nil where they are not, or nothing is to be said.
  var reason: String? { if case .pairs(let reason) = self { reason } else { nil } }
}
