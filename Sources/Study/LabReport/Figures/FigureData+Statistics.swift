import LabStats

/// Parts of figures' data, made of analyses. Values are multiplied by a scale: 100 makes percent of shares.

extension FigureData.Interval {
  /// The ends of an interval; nil where there is none.
  public init?(_ interval: ConfidenceInterval?, scale: Double = 1) {
    guard let interval else { return nil }
    self.init(interval.lower * scale, interval.upper * scale)
  }
}

extension FigureData.Comparisons {
  /// Comparisons with a baseline, in the order of treatments.
  ///
  /// - Parameters:
  ///   - dunnett: the comparisons.
  ///   - labels: the name of each treatment, also of the baseline.
  ///   - scale: what values are multiplied by.
  ///   - smallestEffect: the smallest difference that matters, in the unit that is shown.
  ///   - higherIsBetter: whether a positive difference is good.
  ///   - notes: what stands beside treatments.
  public init(
    _ dunnett: DunnettComparison, labels: [String], scale: Double = 1, smallestEffect: Double? = nil,
    higherIsBetter: Bool = true, notes: [Int: String] = [:]
  ) {
    let known = dunnett.comparisons.map { comparison -> (Int, Row) in
      let verdict = Verdict(
        interval: comparison.interval, smallestEffect: smallestEffect.map { $0 / scale }, higherIsBetter: higherIsBetter
      )
      return (
        comparison.treatment,
        Row(
          labels[comparison.treatment], estimate: comparison.contrast.estimate * scale,
          single: .init(comparison.singleInterval, scale: scale),
          simultaneous: .init(comparison.interval, scale: scale), verdict: verdict,
          note: notes[comparison.treatment])
      )
    }
    let unknown = dunnett.inestimable.map { treatment in
      (treatment, Row(labels[treatment], estimate: .nan, note: notes[treatment] ?? "shares no seed with the baseline"))
    }
    self.init((known + unknown).sorted { $0.0 < $1.0 }.map(\.1), smallestEffect: smallestEffect)
  }
}

extension FigureData.Effects {
  /// Effects with Lenth's margins.
  public init(_ lenth: LenthAnalysis, labels: [String], level: Double = 0.95, scale: Double = 1) {
    self.init(
      zip(labels, lenth.effects).map { Effect($0, $1 * scale) },
      pseudoStandardError: lenth.pseudoStandardError * scale, margin: lenth.marginOfError(level: level) * scale,
      simultaneousMargin: lenth.simultaneousMarginOfError(level: level) * scale)
  }
}

extension FigureData.Curves.Course {
  /// The difference of two courses with a band that holds for all epochs at once.
  public init(_ label: String, _ comparison: CurveComparison, level: Double = 0.95, scale: Double = 1) {
    let band = comparison.band(level: level)
    self.init(
      label,
      comparison.epochs.indices.map { index in
        .init(
          comparison.epochs[index], comparison.estimates[index] * scale, band: .init(band[index], scale: scale))
      })
  }
}

extension FigureData.Classes {
  /// The differences of variants by class in points, known to be ones by Holm's correction for the number of classes.
  public init(
    _ comparisons: [(variant: String, comparison: ClassComparison)], classes: [String], measure: String = "recall"
  ) {
    let certain = comparisons.map { Set($0.comparison.gained + $0.comparison.lost) }
    self.init(
      measure: measure, classes: classes, variants: comparisons.map(\.variant),
      changes: classes.indices.map { row in comparisons.map { $0.comparison.changes[row].estimate * 100 } },
      isCertain: classes.indices.map { row in certain.map { $0.contains(row) } })
  }
}

extension FigureData.Reliability {
  /// The reliability of a variant with its calibration error.
  public init(_ label: String, _ curve: ReliabilityCurve, error: CalibrationError? = nil, level: Double = 0.95) {
    self.init(
      label,
      bins: curve.points.map { point in
        .init(
          range: .init(point.lowerEdge, point.upperEdge), count: Double(point.count), meanConfidence: point.confidence,
          accuracy: point.accuracy, interval: .init(point.interval(level: level)))
      }, calibrationError: error?.observed, calibrationInterval: .init(error?.interval(level: level)))
  }
}

extension FigureData.Ranks {
  /// The average ranks of methods with Nemenyi's critical difference.
  public init(_ friedman: FriedmanTest, labels: [String], level: Double = 0.95) {
    self.init(
      zip(labels, friedman.averageRanks).map { Item($0, rank: $1) },
      criticalDifference: friedman.criticalDifference(level: level), datasets: friedman.dataSetCount)
  }
}

extension FigureData.Importance {
  /// The shares of an analysis of factors: of factors and interactions, of seeds, and of what none of these explains.
  ///
  /// - Parameters:
  ///   - analysis: the analysis.
  ///   - factors: the name of each factor.
  public static func shares(of analysis: FactorialAnalysis, factors: [String]) -> [FigureData.Importance] {
    var shares = (analysis.rows + [analysis.remainder, analysis.blocks].compactMap(\.self)).map { row in
      let label =
        switch row.term {
        case .factors(let indices): indices.map { factors[$0] }.joined(separator: " × ")
        case .blocks: "seed"
        case .remainder: "other interactions"
        }
      return FigureData.Importance(label, share: row.varianceShare)
    }
    let fit = analysis.fit
    if fit.residualDegreesOfFreedom > 0, analysis.totalSumOfSquares > 0 {
      let residual = fit.residualSumOfSquares / analysis.totalSumOfSquares
      shares.append(.init("rest", share: residual, isResidual: true))
    }
    return shares
  }
}
