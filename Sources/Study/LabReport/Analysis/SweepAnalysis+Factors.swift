import LabCore
import LabRecords
import LabStats

extension SweepAnalysis {
  /// The factors of a term, such as `conv × loss`.
  func name(of term: [Int]) -> String { term.map { sweep.factors[$0].name }.joined(separator: " × ") }

  private func name(of term: FactorialAnalysis.Term) -> String {
    switch term {
    case .factors(let factors): name(of: factors)
    case .blocks: "seed"
    case .remainder: "other interactions"
    }
  }

  /// The level of each factor that others are compared with.
  private var baselineLevels: [Int] {
    let baseline = sweep.variants.first(where: \.isBaseline)
    return sweep.factors.map { factor in baseline?.levels[factor.name].flatMap(factor.levels.firstIndex) ?? 0 }
  }

  // MARK: Analysis of variance

  /// Where the metric's variance comes from.
  var varianceTable: ReportTable? {
    guard let factorial, !factorial.rows.isEmpty else { return nil }
    let scale = metric.unit == .percent ? 1e4 : 1
    let rows = factorial.rows + [factorial.remainder, factorial.blocks].compactMap { $0 }
    let fit = factorial.fit
    let cells = rows.map { row -> ReportTable.Row in
      let test = row.test
      return .init([
        .string(name(of: row.term)), .init("\(row.degreesOfFreedom)", values: [.integer(row.degreesOfFreedom)]),
        .init(
          NumberText.significant(scale * row.sumOfSquares, digits: 4), values: [MetricText.number(row.sumOfSquares)]),
        .init(
          test.map { NumberText.significant($0.statistic, digits: 3) } ?? NumberText.missing,
          values: [MetricText.number(test?.statistic)]),
        .init(
          test.map { NumberText.probability($0.pValue) } ?? NumberText.missing,
          values: [MetricText.number(test?.pValue)]),
        .init(NumberText.fixed(row.partialEtaSquared, decimals: 3), values: [MetricText.number(row.partialEtaSquared)]),
        .init(
          row.omegaSquared.map { NumberText.fixed($0, decimals: 3) } ?? NumberText.missing,
          values: [MetricText.number(row.omegaSquared)]),
        .init(
          NumberText.fixed(100 * row.varianceShare, decimals: 1) + " %", values: [MetricText.number(row.varianceShare)]),
      ])
    }
    let share = factorial.totalSumOfSquares > 0 ? fit.residualSumOfSquares / factorial.totalSumOfSquares : 0
    let residual = ReportTable.Row([
      .string("residual"),
      .init("\(fit.residualDegreesOfFreedom)", values: [.integer(fit.residualDegreesOfFreedom)]),
      .init(
        NumberText.significant(scale * fit.residualSumOfSquares, digits: 4),
        values: [MetricText.number(fit.residualSumOfSquares)]), .init("", values: [.null]), .init("", values: [.null]),
      .init("", values: [.null]), .init("", values: [.null]),
      .init(NumberText.fixed(100 * share, decimals: 1) + " %", values: [MetricText.number(share)]),
    ])
    let unit = metric.unit == .percent ? ", in squared points" : ""
    return ReportTable(
      kind: "analysis-of-variance", title: "Analysis of variance",
      columns: [
        .init("source", fields: ["source"], wraps: true),
        .init("df", fields: ["df"], alignment: .right, legend: "degrees of freedom"),
        .init(
          "SS", fields: ["sum_of_squares"], alignment: .right, priority: 3,
          legend: "sum of squares, each adjusted for the others (type III)\(unit)"),
        .init("F", fields: ["f"], alignment: .right), .init("p", fields: ["p"], alignment: .right),
        .init(
          "partial η²", fields: ["partial_eta_squared"], alignment: .right, priority: 2,
          legend: "share of the variance that is left when all other sources are taken out"),
        .init(
          "ω²", fields: ["omega_squared"], alignment: .right, priority: 1,
          legend: "share of the whole variance, corrected for chance"),
        .init("share", fields: ["variance_share"], alignment: .right, legend: "share of the sum of squares"),
      ], rows: cells + [residual])
  }

  // MARK: Effects

  /// The variances that effects are judged by, as comparisons are; nil for that of the common residual.
  var effectVariances: TreatmentVariances? { model.model.isPooled ? model.variances : nil }

  /// The effect of each level of each factor.
  var effectTable: ReportTable? {
    guard let factorial else { return nil }
    let baseline = baselineLevels
    let effects = sweep.factors.enumerated().flatMap { index, factor in
      factor.levels.indices.filter { $0 != baseline[index] }.compactMap { level in
        factorial.effect(of: index, level: level, to: baseline[index], variances: effectVariances).map {
          (index, level, $0)
        }
      }
    }
    guard !effects.isEmpty else { return nil }
    let rows = effects.map { index, level, effect -> ReportTable.Row in
      let factor = sweep.factors[index]
      let interval = effect.contrast.interval(level: options.confidenceLevel)
      return .init([
        .string(factor.name), .string(factor.levels[level]), .string(factor.levels[baseline[index]]),
        .init("\(effect.combinationCount)", values: [.integer(effect.combinationCount)]),
        .init(
          text.difference(effect.contrast.estimate, interval),
          values: [
            .number(effect.contrast.estimate), MetricText.number(interval?.lower), MetricText.number(interval?.upper),
          ]),
        .init(
          effect.contrast.pValue.map(NumberText.probability) ?? NumberText.missing,
          values: [MetricText.number(effect.contrast.pValue)]),
      ])
    }
    return ReportTable(
      kind: "effects", title: "Effects of the factors",
      columns: [
        .init("factor", fields: ["factor"]), .init("level", fields: ["level"]), .init("against", fields: ["reference"]),
        .init(
          "cells", fields: ["cells"], alignment: .right, priority: 1,
          legend: "combinations of the other factors' levels that the effect is the mean over"),
        .init(
          "effect \(metric.titleWithUnit)", fields: ["effect", "effect_lower", "effect_upper"], alignment: .right,
          legend: "mean difference with its \(level) interval, each by itself"),
        .init("p", fields: ["p"], alignment: .right, legend: "p-value of this effect by itself"),
      ], rows: rows)
  }

  /// A sentence an interaction.
  var factorParagraphs: [String] {
    guard let factorial else { return [] }
    let alpha = 1 - options.confidenceLevel
    let sentences = factorial.rows.compactMap { row -> String? in
      guard case .factors(let factors) = row.term, factors.count > 1, let test = row.test else { return nil }
      let names = factors.map { sweep.factors[$0].name }
      let numbers =
        "F(\(row.degreesOfFreedom), \(factorial.fit.residualDegreesOfFreedom)) = "
        + "\(NumberText.significant(test.statistic, digits: 3)), p = \(NumberText.probability(test.pValue))"
      let rest = names.dropFirst().joined(separator: " and ")
      let claim =
        test.pValue < alpha
        ? "the effect of \(names[0]) depends on \(rest)\(factors.count > 2 ? " together" : "")"
        : "the runs do not tell whether the effect of \(names[0]) depends on \(rest)"
          + (factors.count > 2 ? " together" : "")
      return "\(name(of: factors)): \(claim) (\(numbers))\(size(of: factors, factorial))."
    }
    let limit = 20
    return Array(sentences.prefix(limit))
      + (sentences.count > limit ? ["And \(sentences.count - limit) more interactions, in the table."] : [])
  }

  /// How large an interaction of factors with two levels each is.
  private func size(of factors: [Int], _ factorial: FactorialAnalysis) -> String {
    let baseline = baselineLevels
    guard factors.allSatisfy({ sweep.factors[$0].levels.count == 2 }),
      let effect = factorial.effect(
        factors.map { .init(factor: $0, level: 1 - baseline[$0], baseline: baseline[$0]) }, variances: effectVariances)
    else { return "" }
    let interval = effect.contrast.interval(level: options.confidenceLevel)
    return ": \(text.difference(effect.contrast.estimate, interval))\(text.unit) beyond what each does alone"
  }

  // MARK: Parts

  /// What each part of the full model adds to the baseline alone, and to the rest of the full model.
  var partTable: ReportTable? {
    let places = Dictionary(
      model.variants.enumerated().map { (sweep.variants[$1].levels, $0) }, uniquingKeysWith: { first, _ in first })
    guard sweep.factors.count > 1, let baseline = sweep.variants.first(where: \.isBaseline)?.levels,
      let start = places[baseline]
    else { return nil }
    let full = model.variants.map { sweep.variants[$0].levels }.filter { levels in
      sweep.factors.allSatisfy { levels[$0.name] != baseline[$0.name] }
    }
    // Which of several full models a part belongs to would be a guess.
    guard full.count == 1, let whole = full.first, let end = places[whole] else { return nil }
    let rows = sweep.factors.compactMap { factor -> ReportTable.Row? in
      var (alone, rest) = (baseline, whole)
      alone[factor.name] = whole[factor.name]
      rest[factor.name] = baseline[factor.name]
      let first = places[alone].flatMap { part($0, start) }
      let second = places[rest].flatMap { part(end, $0) }
      guard first != nil || second != nil else { return nil }
      return .init(
        [.string(factor.name), .string(whole[factor.name] ?? "")]
          + [first, second].map { part in
            part.map { part in
              ReportTable.Cell(
                text.difference(part.estimate, part.interval),
                values: [
                  .number(part.estimate), MetricText.number(part.interval?.lower),
                  MetricText.number(part.interval?.upper),
                ])
            } ?? .missing(fieldCount: 3)
          })
    }
    guard !rows.isEmpty else { return nil }
    func fields(_ name: String) -> [String] { [name, name + "_lower", name + "_upper"] }
    return ReportTable(
      kind: "parts", title: "What each part adds",
      columns: [
        .init("factor", fields: ["factor"]), .init("part", fields: ["level"]),
        .init(
          "alone", fields: fields("alone"), alignment: .right,
          legend: "baseline with the part less the baseline, with its \(level) interval, each by itself"),
        .init(
          "to the rest", fields: fields("to_the_rest"), alignment: .right,
          legend: "the full model less the full model without the part, with its \(level) interval, each by itself"),
      ], rows: rows)
  }

  /// A difference of two treatments by itself.
  private func part(_ treatment: Int, _ reference: Int) -> (estimate: Double, interval: ConfidenceInterval?)? {
    if model.model.isPooled {
      return model.variances.difference(of: treatment, to: reference).map {
        ($0.estimate, $0.interval(level: options.confidenceLevel))
      }
    }
    return model.difference(of: treatment, to: reference, nil, count: 1).map { ($0.mean, $0.interval) }
  }
}
