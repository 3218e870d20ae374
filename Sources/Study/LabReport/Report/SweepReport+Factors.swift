import LabRecords
import LabStats

extension SweepReport {
  /// What each factor does on average, where the variance comes from, and which factors depend on each other.
  var factorBlocks: [ReportPage.Block] {
    let factors = sweep.factors.filter { $0.levels.count > 1 }.map(\.name)
    guard factors.count > 1 else { return [] }
    let effects = effects.map { ReportPage.Item($0.sentence, role: $0.verdict.role) }
    let interactions = analysis.factorParagraphs
    let isReplicated = sweep.seeds.count > 1
    var blocks = figures("importance")
    if !effects.isEmpty {
      blocks += [
        .heading("Main effects"),
        .paragraph(
          "Each interval holds by itself; an effect that depends on another factor is a mean of several effects."),
        .list(effects),
      ]
    }
    if !interactions.isEmpty { blocks += [.heading("Interactions"), .list(interactions.map { .init($0) })] }
    blocks += isReplicated ? [] : figures("half-normal")
    blocks += pairs(factors).prefix(6).flatMap { figures("interaction", .init(factors: $0)) }
    blocks += [analysis.partTable, analysis.varianceTable, analysis.effectTable].compactMap { $0 }.map { .table($0) }
    let tables = factors.flatMap { means([$0]) } + pairs(factors).flatMap { means($0) }
    return blocks + (tables.isEmpty ? [] : [.details("Means by one factor and by two", tables)])
  }

  private func pairs(_ names: [String]) -> [[String]] {
    names.indices.flatMap { first in names.indices.dropFirst(first + 1).map { [names[first], names[$0]] } }
  }

  /// What each level does against the baseline's, on average over the other factors.
  private var effects: [Conclusion] {
    guard let factorial = analysis.factorial else { return [] }
    let baseline = sweep.variants.first(where: \.isBaseline)
    return sweep.factors.enumerated().flatMap { index, factor in
      let reference = baseline?.levels[factor.name].flatMap(factor.levels.firstIndex) ?? 0
      return factor.levels.indices.filter { $0 != reference }.compactMap { level in
        factorial.effect(of: index, level: level, to: reference, variances: analysis.effectVariances).map { effect in
          Conclusion(
            "\(factor.name)=\(factor.levels[level].singleLine)",
            reference: "\(factor.name)=\(factor.levels[reference].singleLine)", metric: metric,
            difference: effect.contrast.estimate, interval: effect.contrast.interval(level: options.confidenceLevel),
            smallestEffect: smallestEffect, scope: "on average over the other factors")
        }
      }
    }
  }

  /// The table of means by factors.
  private func means(_ factors: [String]) -> [ReportPage.Block] {
    var options = options
    options.metrics = table.metrics.map(\.name)
    guard let means = try? FactorTable(sweep, by: factors, options: options, sharing: table.comparisons) else {
      return []
    }
    return [.table(means.table)]
  }
}

extension Verdict {
  /// How what has this verdict stands out.
  var role: Style.Role {
    switch self {
    case .better: .better
    case .worse: .worse
    case .equivalent: .best
    case .undecided: .faint
    }
  }
}
