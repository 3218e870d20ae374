import LabRecords
import LabStats

extension FactorTable {
  /// What the results of a metric are computed from.
  private struct Basis {
    /// The completed runs.
    var sample: FactorialSample
    /// The combinations of the model; nil where pairs decide.
    var contrasts: FactorialContrasts?
    /// The grouping factors, as indices of the sweep's.
    var factors: [Int]
    /// The level that each of them is compared with.
    var baseline: [Int]

    func levels(_ levels: [Int]) -> [Int: Int] { Dictionary(uniqueKeysWithValues: zip(factors, levels)) }

    func changes(_ levels: [Int], from reference: [Int]) -> [FactorialContrasts.Change] {
      zip(factors, zip(levels, reference)).map { .init(factor: $0, level: $1.0, baseline: $1.1) }
    }
  }

  /// Fills in the results of a metric.
  ///
  /// - Parameters:
  ///   - index: the metric.
  ///   - members: the variants that means and effects are over.
  ///   - visible: the levels of the rows that are shown.
  ///   - known: models of the sweep that were fitted already.
  mutating func fill(metric index: Int, members: [Int], visible: Set<[String]>, sharing known: [MetricComparisons]) {
    var judgement = judgement(of: metrics[index], members: members, sharing: known)
    let indices = factors.map { factor in sweep.factors.firstIndex { $0.name == factor.name } ?? 0 }
    let basis = Basis(
      sample: FactorialSample(observations(of: metrics[index].name, members)),
      contrasts: judgement.usesModel ? contrasts(judgement.comparisons, members: members) : nil, factors: indices,
      baseline: zip(factors, baselineLevels).map { $0.levels.firstIndex(of: $1) ?? 0 })
    let levels = rows.map { row in zip(factors, row.levels).map { $0.levels.firstIndex(of: $1) ?? 0 } }
    let isComplete = judgement.comparisons.fit.sample.isComplete
    for row in rows.indices {
      let isShared = zip(levels[row], basis.baseline).map { $0 == $1 }
      rows[row].isBaseline = comparing == .cells ? isShared.allSatisfy { $0 } : isShared.contains(true)
      guard let mean = basis.sample.marginalMean(at: basis.levels(levels[row])) else { continue }
      var result = MetricResult()
      (result.count, result.mean, result.standardDeviation) = (mean.runCount, mean.mean, mean.standardDeviation)
      // With all runs there, the model's means are the plain ones.
      if !isComplete, let adjusted = basis.contrasts?.mean(at: basis.levels(levels[row])) {
        result.mean = adjusted
        judgement.adjustsMeans = true
      }
      rows[row].results[index] = result
    }
    fillDifferences(metric: index, basis, levels, &judgement)
    let shown = rows.indices.filter { visible.contains(rows[$0].levels) }
    if options.multiplicity == .holm {
      var results = shown.map { rows[$0].results[index] }
      results.adjustPValues()
      for (row, result) in zip(shown, results) { rows[row].results[index] = result }
    }
    if comparing == .cells {
      let leaders = leaders(metric: index, basis, shown.map { levels[$0] }, rows: shown, judgement.comparisons)
      if let best = leaders.best { rows[shown[best]].results[index].isBest = true }
      if let second = leaders.second { rows[shown[second]].results[index].isSecondBest = true }
      judgement.unmarkedReason = leaders.reason
    }
    judgements.append(judgement)
  }

  private mutating func fillDifferences(
    metric index: Int, _ basis: Basis, _ levels: [[Int]], _ judgement: inout Judgement
  ) {
    let compared = rows.indices.filter { !rows[$0].isBaseline && rows[$0].results[index].mean != nil }
    let effects = compared.map { effect(levels[$0], basis) }
    let isOfCells = comparing == .cells || factors.count == 1
    if let contrasts = basis.contrasts {
      let weights = compared.map { row in
        let changes = basis.changes(levels[row], from: basis.baseline)
        return isOfCells ? contrasts.difference(changes) : contrasts.effect(changes)
      }
      let variances = judgement.comparisons.variances
      let family = ContrastFamily(variances, contrasts: weights.map { $0?.weights }, level: options.confidenceLevel)
      judgement.effectCount = family.comparisons.count { $0 != nil }
      for (place, row) in compared.enumerated() {
        guard let weights = weights[place], let comparison = family.comparisons[place] else { continue }
        let effect = effects[place]
        rows[row].comparedCellCounts[index] = weights.combinationCount
        // As of variants: what varies not at all has no standard error but that of its pairs.
        if comparison.contrast.standardError == nil, let effect {
          rows[row].results[index].difference = BaselineDifference(
            effect, options: options, familySize: judgement.effectCount)
        } else {
          rows[row].results[index].difference = BaselineDifference(
            comparison, effect, family: isOfCells ? .dunnett : .largest,
            isModerated: variances.isModerated(weights.weights), options: options)
        }
      }
    } else {
      judgement.effectCount = effects.count { $0 != nil }
      for (place, row) in compared.enumerated() {
        rows[row].results[index].difference = effects[place].map {
          BaselineDifference($0, options: options, familySize: judgement.effectCount)
        }
      }
    }
    guard !isOfCells else { return }
    for row in compared {
      // These are the two effects whose difference the interaction is, and no means of the metric.
      rows[row].results[index].difference?.pairedMean = nil
      rows[row].results[index].difference?.pairedBaselineMean = nil
    }
  }

  /// The matched runs behind a row's difference; nil where there are none.
  private func effect(_ levels: [Int], _ basis: Basis) -> FactorEffect? {
    let (factors, baseline, unit) = (basis.factors, basis.baseline, options.replicationUnit)
    guard comparing == .effects, factors.count > 1 else {
      return basis.sample.difference(of: basis.levels(levels), to: basis.levels(baseline), unit: unit)
    }
    return basis.sample.interaction(
      of: (factor: factors[0], level: levels[0], baseline: baseline[0]),
      with: (factor: factors[1], level: levels[1], baseline: baseline[1]), unit: unit)
  }

  private func leaders(
    metric index: Int, _ basis: Basis, _ levels: [[Int]], rows shown: [Int], _ comparisons: MetricComparisons
  ) -> Leaders {
    let metric = metrics[index]
    let (level, coverage) = (options.confidenceLevel, options.coverage)
    let isHigherBetter = metric.direction != .lowerIsBetter
    return Leaders(
      shown.map { .init(mean: rows[$0].results[index].mean, hasFailures: rows[$0].tally.unsuccessful > 0) }, of: metric,
      noun: "cell", options: options,
      modelLead: { leader, rivals in
        guard let contrasts = basis.contrasts else { return nil }
        let others = levels.indices.filter { $0 != leader && rows[shown[$0]].results[index].mean != nil }
        // As of variants, the best against all others on one side.
        let family = ContrastFamily(
          comparisons.variances,
          contrasts: others.map { contrasts.difference(basis.changes(levels[$0], from: levels[leader]))?.weights },
          level: level, alternative: isHigherBetter ? .less : .greater)
        return zip(others, family.comparisons).filter { rivals.contains($0.0) }.allSatisfy { _, comparison in
          let interval = coverage == .simultaneous ? comparison?.interval : comparison?.contrast.interval(level: level)
          return interval.map { isHigherBetter ? $0.upper < 0 : $0.lower > 0 } ?? false
        }
      },
      pairedLead: { leader, rival in
        basis.sample.difference(of: basis.levels(levels[leader]), to: basis.levels(levels[rival]))?.difference
      })
  }

  // MARK: The model

  /// The model of the sweep in a metric, and whether effects are judged by it.
  private func judgement(
    of metric: MetricDescription, members: [Int], sharing known: [MetricComparisons]
  ) -> Judgement {
    var whole = sweep
    let isWhole = sweep.lossFunctions(of: metric, sweep.variants).count < 2
    if !isWhole { whole.variants = members.map { sweep.variants[$0] } }
    let shared = isWhole ? known.first { $0.metric == metric } : nil
    let comparisons =
      shared
      ?? MetricComparisons(
        whole, metric, values: whole.variants.map { $0.values(of: metric.name) }, options: options)
    var judgement = Judgement(comparisons: comparisons)
    guard comparisons.model.isPooled, options.replicationUnit == .seed else { return judgement }
    let levels = comparisons.variants.map { self.levels(of: whole.variants[$0]) }
    if Set(levels).count < levels.count {
      judgement.reason = "several variants have the same levels, so that levels do not tell them apart"
    } else {
      judgement.usesModel = true
    }
    return judgement
  }

  private func contrasts(_ comparisons: MetricComparisons, members: [Int]) -> FactorialContrasts {
    // Of several loss functions, the model has the members only, in their order.
    let isWhole = sweep.lossFunctions(of: comparisons.metric, sweep.variants).count < 2
    let indices = comparisons.variants.map { isWhole ? $0 : members[$0] }
    let included = Set(members)
    return FactorialContrasts(
      comparisons.fit, levels: indices.map { levels(of: sweep.variants[$0]) },
      among: Set(indices.indices.filter { included.contains(indices[$0]) }))
  }

  /// The levels of a variant; a factor that it does not have gets a level of its own.
  private func levels(of variant: Variant) -> [Int] {
    sweep.factors.map { factor in variant.levels[factor.name].flatMap(factor.levels.firstIndex) ?? -1 }
  }

  /// The completed runs with their cell.
  private func observations(of metric: String, _ members: [Int]) -> [FactorialSample.Observation] {
    members.flatMap { index in
      let levels = levels(of: sweep.variants[index])
      return sweep.variants[index].values(of: metric).sorted { $0.key < $1.key }
        .map { FactorialSample.Observation(levels: levels, seed: $0.key, value: $0.value) }
    }
  }
}
