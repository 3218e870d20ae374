/// Whether comparisons of an experiment rest on a residual that all runs share, and what is to be known of it.
///
/// They do wherever there are residuals: what varies more than the others has a variance of its own
/// (``TreatmentVariances``). Without residuals, each comparison has to be judged by its own pairs (``PairedDifference``).
///
/// Other tests of assumptions are taken at 1 %. Missing additivity is a caution, since it makes no difference appear where
/// there is none: where seeds act on good and bad variants differently, the residual has their interaction, so that variants
/// that are equal are compared too cautiously (a familywise error of 0 to 1 % among equal ones, simulated with interactions as
/// large as the residual and twice as large), and only intervals of large differences are too narrow (80 to 91 % for a single
/// one of 95 %; 91 to 98 % for each of those that hold at once). Pairs would be exact, and with three seeds several times as
/// wide.
public struct PoolingDecision: Sendable, Hashable {
  /// What speaks against a residual that all treatments share, or is to be known of it.
  public enum Reason: Sendable, Hashable {
    /// The treatments differ in their spread, and none stands out.
    case unequalSpread(pValue: Double)
    /// One treatment spreads more than the others, by a ratio of standard deviations; those count in its variance by a
    /// weight.
    case noisyTreatment(Int, ratio: Double, weightOfOthers: Double)
    /// The baseline, which takes part in every comparison, spreads more than the others.
    case noisyBaseline(ratio: Double, weightOfOthers: Double)
    /// Blocks change differences in proportion to what they compare.
    case notAdditive(pValue: Double)
    /// There is nothing to take a common residual from.
    case noResiduals

    /// Why, in words.
    ///
    /// - Parameter name: the name of a treatment.
    public func sentence(name: (Int) -> String) -> String {
      switch self {
      case .unequalSpread: "the variants differ in how much their runs vary"
      case .noisyTreatment(let treatment, let ratio, let weight):
        "the runs of \(name(treatment)) vary \(Self.text(ratio)) times as much as those of the others, "
          + Self.consequence(weight)
      case .noisyBaseline(let ratio, let weight):
        "the runs of the baseline vary \(Self.text(ratio)) times as much as those of the others, "
          + Self.consequence(weight)
      case .notAdditive:
        "differences between variants grow or shrink with the seed's level, so that intervals of large ones are somewhat too "
          + "narrow, and those of small ones too wide"
      case .noResiduals: "the runs leave no residuals that all comparisons could share"
      }
    }

    private static func text(_ ratio: Double) -> String {
      let tenths = Int((min(ratio, 1e6) * 10).rounded())
      return tenths % 10 == 0 || tenths >= 100 ? "\((tenths + 5) / 10)" : "\(tenths / 10).\(tenths % 10)"
    }

    private static func consequence(_ weight: Double) -> String {
      let percent = Int((100 * weight).rounded())
      return percent == 0
        ? "so that its variance is that of its own runs" : "so that the others' runs count \(percent) % in its variance"
    }
  }

  /// The level of the tests.
  public static let level = 0.01

  /// What speaks against pooling; empty where nothing does.
  public let reasons: [Reason]

  /// What is to be known of the treatments' variances, the noisiest first; empty where all are alike.
  public let spreads: [Reason]

  /// What else is to be known of pooled intervals; empty where nothing is.
  public let cautions: [Reason]

  /// Whether all comparisons share a residual.
  public var isPooled: Bool { reasons.isEmpty }

  /// Decides.
  ///
  /// - Parameters:
  ///   - variances: the variances of the fit whose residuals would be pooled.
  ///   - diagnostics: those of the fit, where they are known.
  public init(_ variances: TreatmentVariances, diagnostics: Diagnostics? = nil) {
    let fit = variances.fit
    guard fit.hasSpread else {
      reasons = [.noResiduals]
      spreads = []
      cautions = []
      return
    }
    reasons = []
    spreads = variances.moderated.sorted { $0.weightOfOthers < $1.weightOfOthers }.map { own in
      own.treatment == variances.reference
        ? .noisyBaseline(ratio: own.ratio, weightOfOthers: own.weightOfOthers)
        : .noisyTreatment(own.treatment, ratio: own.ratio, weightOfOthers: own.weightOfOthers)
    }
    guard fit.sample.blocks.count >= DifferenceCaveat.smallestCount else {
      cautions = []
      return
    }
    let diagnostics = diagnostics ?? Diagnostics(fit)
    var cautions = [Reason]()
    if variances.isCommon, let test = diagnostics.equalSpread, test.pValue < Self.level {
      cautions.append(.unequalSpread(pValue: test.pValue))
    }
    if let test = diagnostics.additivity, test.pValue < Self.level {
      cautions.append(.notAdditive(pValue: test.pValue))
    }
    self.cautions = cautions
  }
}
