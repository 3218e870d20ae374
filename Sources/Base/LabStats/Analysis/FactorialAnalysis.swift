/// The analysis of variance of treatments that combine levels of factors, in blocks.
///
/// Each row is what its term explains beyond all others (sums of squares of type III, with levels coded by effects that
/// sum to zero). In complete designs the rows do not depend on each other and add up. Where combinations are missing, a
/// term whose effects cannot all be estimated is left out, together with the interactions that contain it; what the
/// combinations vary beyond the terms of the table stands in ``remainder``. All is tested with the residual of treatments
/// and blocks, as all other comparisons are.
///
/// - Source: Scheffé, The Analysis of Variance, 1959; Searle, Linear Models for Unbalanced Data, 1987, for type III;
///   Olejnik and Algina, Psychological Methods 8, 2003, for ω².
public struct FactorialAnalysis: Sendable {
  /// What a row is about.
  public enum Term: Sendable, Hashable {
    /// A factor, or the interaction of several, by their indices in rising order.
    case factors([Int])
    /// The blocks.
    case blocks
    /// What the combinations vary beyond the table's terms.
    case remainder
  }

  /// A row of the table.
  public struct Row: Sendable, Hashable {
    /// What it is about.
    public let term: Term
    /// The number of independent effects.
    public let degreesOfFreedom: Int
    /// The sum of squares that it explains beyond all others.
    public let sumOfSquares: Double
    /// Its test; nil without a residual.
    public let test: FTest?
    /// The share of the variance around the grand mean; shares sum to 1 with the residual's in complete designs.
    public let varianceShare: Double
    /// The share of what neither the other rows nor blocks explain.
    public let partialEtaSquared: Double
    /// The same of the populations, free of what chance explains in samples; at least 0, and nil without a residual.
    public let partialOmegaSquared: Double?
    /// The share of the populations' variance; at least 0, and nil without a residual.
    public let omegaSquared: Double?
  }

  /// The fit of treatments and blocks.
  public let fit: BlockedFit
  /// The levels of each treatment, one a factor.
  public let levels: [[Int]]
  /// The rows of factors, main effects first; nothing for factors with a single level.
  public let rows: [Row]
  /// The blocks' row, beyond all treatments; nil with a single block.
  public let blocks: Row?
  /// What the combinations vary beyond the rows; nil where the rows explain all of it.
  public let remainder: Row?
  /// The terms that cannot be estimated from these combinations, or are of a higher order than is asked for.
  public let omitted: [[Int]]
  /// The sum of squares around the grand mean.
  public let totalSumOfSquares: Double

  /// The most effects that a table is computed of.
  private static let effectLimit = 300

  /// Analyzes a fit.
  ///
  /// - Parameters:
  ///   - fit: the fit of treatments and blocks.
  ///   - levels: the level of each factor, one array a treatment.
  ///   - maximumOrder: the most factors in an interaction; nil for all, as far as there are not too many effects.
  public init(_ fit: BlockedFit, levels: [[Int]], maximumOrder: Int? = nil) {
    precondition(levels.count == fit.sample.treatmentCount, "there are levels for every treatment")
    self.fit = fit
    self.levels = levels
    let observations = fit.sample.observations
    let mean = observations.map(\.value).compensatedSum() / Double(max(1, observations.count))
    let total = observations.map { ($0.value - mean) * ($0.value - mean) }.compensatedSum()
    totalSumOfSquares = total
    let residual = fit.residualSumOfSquares
    let degrees = Double(fit.residualDegreesOfFreedom)
    let meanSquare = degrees > 0 ? residual / degrees : nil
    func row(_ term: Term, _ count: Int, _ squares: Double) -> Row {
      let squares = max(0, squares)
      let excess = meanSquare.map { squares - Double(count) * $0 }
      return Row(
        term: term, degreesOfFreedom: count, sumOfSquares: squares,
        test: FTest(squares, Double(count), residual: residual, degrees),
        varianceShare: total > 0 ? squares / total : 0,
        partialEtaSquared: squares + residual > 0 ? squares / (squares + residual) : 0,
        partialOmegaSquared: excess.flatMap { excess in
          let whole = squares + (Double(observations.count - count)) * (meanSquare ?? 0)
          return whole > 0 ? max(0, excess / whole) : nil
        },
        omegaSquared: excess.flatMap { excess in
          let whole = total + (meanSquare ?? 0)
          return whole > 0 ? max(0, excess / whole) : nil
        })
    }

    var design = EffectDesign(fit, levels: levels)
    var omitted = [[Int]]()
    for term in design.terms(maximumOrder: maximumOrder) {
      let isContained = omitted.contains { Set($0).isSubset(of: term) }
      if isContained || design.effectCount + design.effectCount(of: term) > Self.effectLimit || !design.add(term) {
        omitted.append(term)
      }
    }
    if let maximumOrder {
      omitted += design.terms(maximumOrder: nil).filter { $0.count > maximumOrder && !omitted.contains($0) }
    }
    self.omitted = omitted
    let solution = design.solve()
    rows = solution.terms.map { row(.factors($0.term), $0.count, $0.sumOfSquares) }
    let rest = design.treatmentRank - design.effectCount
    let unexplained = solution.residual - residual
    remainder = rest > 0 ? row(.remainder, rest, unexplained) : nil

    let blockDegrees = fit.sample.blocks.count - fit.components.count
    var byTreatment = [[Double]](repeating: [], count: fit.sample.treatmentCount)
    for observation in observations { byTreatment[observation.treatment].append(observation.value - mean) }
    let withinTreatments = byTreatment.flatMap { values in
      let mean = values.isEmpty ? 0 : Bootstrap.mean(values)
      return values.map { ($0 - mean) * ($0 - mean) }
    }
    blocks = blockDegrees > 0 ? row(.blocks, blockDegrees, withinTreatments.compensatedSum() - residual) : nil
  }
}

// MARK: - Effects

extension FactorialAnalysis {
  /// A change of one factor's level.
  public struct Change: Sendable, Hashable {
    /// The factor.
    public var factor: Int
    /// The level that the effect is of.
    public var level: Int
    /// The level that it is compared with.
    public var baseline: Int

    /// Creates a change.
    public init(factor: Int, level: Int, baseline: Int) {
      self.factor = factor
      self.level = level
      self.baseline = baseline
    }
  }

  /// An effect over the combinations of the other factors in which it can be seen.
  public struct Effect: Sendable, Hashable {
    /// The effect.
    public let contrast: Contrast
    /// The number of combinations that it is the mean over.
    public let combinationCount: Int
  }

  /// The effect of one change, or the interaction of several, over the combinations of all other factors for which every
  /// part is measured: that of ``FactorialContrasts/effect(_:)``.
  ///
  /// - Parameters:
  ///   - changes: the changes.
  ///   - variances: the variances of the fit's treatments; nil for that of the common residual.
  /// - Returns: nil where there is no such combination.
  public func effect(_ changes: [Change], variances: TreatmentVariances? = nil) -> Effect? {
    FactorialContrasts(fit, levels: levels).effect(changes).flatMap { effect in
      (variances?.contrast(effect.weights) ?? fit.contrast(effect.weights))
        .map { Effect(contrast: $0, combinationCount: effect.combinationCount) }
    }
  }

  /// The effect of a factor's level against another.
  public func effect(
    of factor: Int, level: Int, to baseline: Int, variances: TreatmentVariances? = nil
  ) -> Effect? {
    effect([Change(factor: factor, level: level, baseline: baseline)], variances: variances)
  }
}

// MARK: - Designs without replication

extension FactorialAnalysis {
  /// One of the independent effects that make up a term.
  public struct SingleEffect: Sendable, Hashable {
    /// The factors.
    public let factors: [Int]
    /// The position among the term's effects.
    public let index: Int
    /// The effect, scaled so that its standard error is that of a single run.
    public let value: Double
  }

  /// The independent effects of a design with every combination of levels, for ``LenthAnalysis`` and a half-normal plot.
  ///
  /// Of a factor with more than two levels, the second is set against the first, the third against the mean of the first
  /// two, and so on (Helmert's contrasts).
  ///
  /// - Returns: nil where combinations are missing or are there twice.
  public var singleEffects: [SingleEffect]? {
    guard let factorCount = levels.first?.count, fit.estimableGroups.count == 1 else { return nil }
    let measured = (0..<factorCount).map { factor in Set(levels.map { $0[factor] }).sorted() }
    let combinationCount = measured.reduce(1) { $0 * $1.count }
    guard levels.count == combinationCount, Set(levels).count == combinationCount else { return nil }
    let means = fit.adjustedMeans.compactMap { $0 }
    guard means.count == levels.count else { return nil }
    let center = Bootstrap.mean(means)
    let positions = levels.map { combination in
      zip(combination, measured).map { level, all in all.firstIndex(of: level) ?? 0 }
    }
    /// The coefficient of a level in a contrast of a factor with some levels, all of length 1.
    func coefficient(_ contrast: Int, _ level: Int) -> Double {
      let length = Double((contrast + 1) * (contrast + 2)).squareRoot()
      return level <= contrast ? -1 / length : level == contrast + 1 ? Double(contrast + 1) / length : 0
    }
    let design = EffectDesign(fit, levels: levels)
    return design.terms(maximumOrder: nil).flatMap { term in
      let others = combinationCount / term.reduce(1) { $0 * measured[$1].count }
      return (0..<design.effectCount(of: term)).map { index in
        var rest = index
        var contrasts = [Int]()
        for factor in term.reversed() {
          contrasts.insert(rest % (measured[factor].count - 1), at: 0)
          rest /= measured[factor].count - 1
        }
        let value = positions.indices.map { treatment in
          zip(term, contrasts).reduce(means[treatment] - center) { $0 * coefficient($1.1, positions[treatment][$1.0]) }
        }.compensatedSum()
        return SingleEffect(factors: term, index: index, value: value / Double(others).squareRoot())
      }
    }
  }
}
