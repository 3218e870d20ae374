import LabStats

/// Parts of figures' data, made of analyses. Values are multiplied by a scale: 100 makes percent of shares.

extension FigureData.Interval {
  /// The ends of an interval; nil where there is none.
  public init?(_ interval: ConfidenceInterval?, scale: Double = 1) {
    guard let interval else { return nil }
    self.init(interval.lower * scale, interval.upper * scale)
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
