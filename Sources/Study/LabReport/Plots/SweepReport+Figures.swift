import LabCore
import LabRecords
import LabStats

extension SweepReport {
  /// A figure of the sweep.
  ///
  /// - Throws: ``PlotError`` where the sweep has not what the kind shows.
  public func figure(_ kind: FigureKind, options: PlotOptions = .init()) throws -> any Figure {
    var data = FigureData(
      name: sweep.name.singleLine,
      metric: .init(
        metric.proseTitle, unit: metric.unit == .percent ? "%" : metric.unit == .seconds ? "s" : "",
        differenceUnit: metric.unit == .percent ? "points" : metric.unit == .seconds ? "s" : "",
        decimals: metric.decimals(for: table.rows.lazy.compactMap { $0.results[0].mean }),
        higherIsBetter: metric.direction != .lowerIsBetter),
      baseline: table.baselineLabel?.singleLine, confidence: self.options.confidenceLevel)
    for part in kind.needs { try fill(part, of: &data, options) }
    return try kind.figure(of: data)
  }

  /// Takes a part of a figure's data from the sweep.
  ///
  /// - Throws: ``PlotError``.
  private func fill(_ part: FigureData.Part, of data: inout FigureData, _ options: PlotOptions) throws(PlotError) {
    switch part {
    case .comparisons: data.comparisons = try comparisonData()
    case .runs: data.runs = try runData()
    case .curves: try fillCurves(of: &data, options)
    case .levels: data.levels = try levelData(options)
    case .effects: data.effects = try effectData()
    case .costs: data.costs = try costData(options)
    case .classes: try fillClasses(of: &data, options)
    case .confusion: data.confusion = try confusionData(options)
    case .reliability: try fillReliability(of: &data, options)
    case .ranks: data.ranks = try rankData()
    case .importance: data.importance = try importanceData()
    case .lesions: try fillLesions(of: &data, options)
    }
  }

  /// What values of the metric are multiplied with to be in the unit in which they are shown.
  var scale: Double { metric.unit == .percent ? 100 : 1 }

  func shown(_ interval: ConfidenceInterval?) -> FigureData.Interval? {
    .init(interval, scale: scale)
  }

  // MARK: Variants and runs

  private func comparisonData() throws(PlotError) -> FigureData.Comparisons {
    guard !analysis.comparisons.isEmpty else {
      throw PlotError("there are no two variants with results in \(metric.name) that could be compared yet")
    }
    let family = analysis.comparesAllPairs ? [] : analysis.model.family?.comparisons ?? []
    let singles = Dictionary(
      family.map { (analysis.model.variants[$0.treatment], $0.singleInterval) }, uniquingKeysWith: { first, _ in first }
    )
    let isSimultaneous = options.coverage == .simultaneous && analysis.comparisons.count > 1
    let rows = analysis.comparisons.map { comparison -> FigureData.Comparisons.Row in
      let difference = comparison.difference
      let label = analysis.label(comparison.variant)
      return .init(
        analysis.comparesAllPairs ? "\(label) − \(analysis.label(comparison.reference))" : label,
        estimate: difference.mean * scale,
        // What cannot be judged has no interval of either kind.
        single: isSimultaneous && difference.caveat == nil
          ? shown(singles[comparison.variant] ?? nil) : shown(difference.interval),
        simultaneous: isSimultaneous ? shown(difference.interval) : nil,
        verdict: comparison.verdict,
        note: difference.caveatText(metric) ?? (comparison.isPreliminary ? "preliminary: runs still improve" : nil))
    }
    return .init(
      rows, smallestEffect: smallestEffect.map { $0 * scale },
      method: analysis.comparesAllPairs ? "Tukey" : analysis.model.model.isPooled ? "Dunnett" : "Bonferroni")
  }

  private func runData() throws(PlotError) -> [FigureData.Run] {
    let runs = sweep.variants.flatMap { variant in
      variant.values(of: metric.name).sorted { $0.key < $1.key }.map {
        FigureData.Run(variant.label.singleLine, seed: $0.key, value: $0.value * scale)
      }
    }
    guard !runs.isEmpty else { throw PlotError("no run has a result in \(metric.name) yet") }
    return runs
  }

  /// What a variant costs; nil where it is not known, or nothing.
  func value(of cost: PlotOptions.Cost, _ row: ComparisonTable.Row) -> Double? {
    let value: Double? =
      switch cost {
      case .multiplyAdds: row.multiplyAdds.map(Double.init)
      case .parameters: row.parameterCount.map(Double.init)
      case .time: row.trainSeconds
      case .memory: plannedMemory(of: sweep.variants[row.variantIndex])
      }
    return value.flatMap { $0 > 0 ? $0 : nil }
  }

  private func costData(_ options: PlotOptions) throws(PlotError) -> FigureData.Costs {
    let (label, unit): (String, FigureData.Costs.Unit) =
      switch options.cost {
      case .multiplyAdds: ("multiply-adds an image", .count)
      case .parameters: ("parameters", .count)
      case .time: ("training time", .seconds)
      case .memory: ("planned memory of a run", .bytes)
      }
    let items = table.rows.compactMap { row -> FigureData.Costs.Item? in
      guard let cost = value(of: options.cost, row), let mean = row.results[0].mean else { return nil }
      return .init(row.label.singleLine, cost: cost, value: mean * scale)
    }
    guard !items.isEmpty else { throw PlotError("no variant has both a result in \(metric.name) and known \(label)") }
    return .init(label, unit: unit, items)
  }

  private func plannedMemory(of variant: Variant) -> Double? {
    variant.runs.lazy.compactMap { records.epochs[$0.identity]?.compactMap(\.timing.plannedMemoryBytes).max() }.max()
      .map(Double.init)
  }
}
