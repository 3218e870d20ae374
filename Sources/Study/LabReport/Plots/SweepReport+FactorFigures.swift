import LabRecords
import LabStats

extension SweepReport {
  /// The analysis of the factors, also of designs without repetition, which leave no residual.
  private var factorial: FactorialAnalysis? { analysis.factorial ?? analysis.model.factorial(of: sweep) }

  private func requiredFactorial() throws(PlotError) -> FactorialAnalysis {
    guard let factorial else {
      throw PlotError("the sweep has no factors with results in \(metric.name) that could be told apart")
    }
    return factorial
  }

  func importanceData() throws(PlotError) -> [FigureData.Importance] {
    let factorial = try requiredFactorial()
    guard factorial.totalSumOfSquares > 0, !factorial.rows.isEmpty else {
      throw PlotError("all results in \(metric.name) are equal, so there is no variance to share out")
    }
    return FigureData.Importance.shares(of: factorial, factors: sweep.factors.map(\.name))
  }

  func effectData() throws(PlotError) -> FigureData.Effects {
    let factorial = try requiredFactorial()
    guard let effects = factorial.singleEffects else {
      throw PlotError("half-normal plots are of designs with every combination of levels, and this one lacks some")
    }
    guard let lenth = LenthAnalysis(effects.map(\.value)) else {
      throw PlotError("a half-normal plot takes at least three effects that are not zero")
    }
    let labels = effects.map { effect in
      let count = effect.factors.reduce(1) { $0 * (sweep.factors[$1].levels.count - 1) }
      return effect.factors.map { sweep.factors[$0].name }.joined(separator: " × ")
        + (count > 1 ? " (\(effect.index + 1))" : "")
    }
    return .init(lenth, labels: labels, level: options.confidenceLevel, scale: scale)
  }

  func levelData(_ options: PlotOptions) throws(PlotError) -> FigureData.Levels {
    let known = sweep.factors.filter { $0.levels.count > 1 }.map(\.name)
    let names = options.factors.isEmpty ? Array(known.prefix(2)) : options.factors
    guard names.count == 2 else {
      throw PlotError(
        known.count < 2
          ? "an interaction is of two factors with several levels, and the sweep has \(known.count)"
          : "an interaction is of two factors, but \(names.count) \(names.count == 1 ? "was" : "were") given")
    }
    var tableOptions = self.options
    (tableOptions.metrics, tableOptions.sort) = ([metric.name], nil)
    let means: FactorTable
    do {
      means = try FactorTable(sweep, by: names, options: tableOptions)
    } catch {
      throw PlotError(error.description)
    }
    let cells = means.rows.compactMap { row in
      row.results[0].mean.map {
        FigureData.Levels.Cell(column: row.levels[0], line: row.levels[1], mean: $0 * scale)
      }
    }
    guard !cells.isEmpty else { throw PlotError("no variant has a result in \(metric.name) yet") }
    return .init(columnFactor: names[0], lineFactor: names[1], cells: cells, conclusion: interactionSentence(of: names))
  }

  /// Whether the effect of one factor depends on the other, by the test of their interaction.
  func interactionSentence(of names: [String]) -> String? {
    let indices = names.compactMap { name in sweep.factors.firstIndex { $0.name == name } }.sorted()
    guard let factorial, let row = factorial.rows.first(where: { $0.term == .factors(indices) }), let test = row.test
    else { return nil }
    let numbers =
      "F(\(row.degreesOfFreedom), \(factorial.fit.residualDegreesOfFreedom)) = "
      + "\(NumberText.significant(test.statistic, digits: 3)), p \(test.pValue < 0.001 ? "" : "= ")"
      + NumberText.probability(test.pValue)
    return test.pValue < 1 - options.confidenceLevel
      ? "The effect of \(names[0]) depends on \(names[1]) (\(numbers))."
      : "Whether the effect of \(names[0]) depends on \(names[1]) is undecided (\(numbers))."
  }

  // MARK: Several data sets

  func rankData() throws(PlotError) -> FigureData.Ranks {
    guard sweep.dataSetFactor != nil else {
      throw PlotError("ranks are over several data sets, and no factor of the sweep has data sets as its levels")
    }
    guard let found = analysis.dataSets else {
      throw PlotError("ranks take two variants with comparable results in \(metric.name) on each of two data sets")
    }
    return .init(found.ranks, labels: found.methods.map(\.label), level: options.confidenceLevel)
  }
}
