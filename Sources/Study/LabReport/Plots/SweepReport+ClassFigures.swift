import LabCore
import LabRecords
import LabStats

extension SweepReport {
  func fillClasses(of data: inout FigureData, _ options: PlotOptions) throws(PlotError) {
    guard let comparison = SweepClasses(sweep, finals: records.finals, level: self.options.confidenceLevel) else {
      throw PlotError("the results by class of the baseline and of another variant are not on record")
    }
    let shown = Array(comparison.variants.indices.prefix(options.variantLimit))
    var changes = comparison.classes.map { _ in [Double](repeating: .nan, count: shown.count) }
    var isCertain = comparison.classes.map { _ in [Bool](repeating: false, count: shown.count) }
    for change in comparison.changes where change.variant < shown.count {
      changes[change.classIndex][change.variant] = change.difference * 100
      isCertain[change.classIndex][change.variant] = change.isCertain
    }
    data.noteLimit(shown.count, of: comparison.variants.count)
    data.classes = .init(
      classes: comparison.classes.map(\.singleLine), variants: shown.map { comparison.variants[$0].singleLine },
      changes: changes, isCertain: isCertain)
  }

  func confusionData(_ options: PlotOptions) throws(PlotError) -> FigureData.Confusion {
    let baseline = sweep.variants.first(where: \.isBaseline) ?? sweep.variants.first
    var variant = baseline
    if let label = options.variant {
      do {
        variant = sweep.variants[try sweep.variantIndex(labeled: label)]
      } catch {
        throw PlotError(error.description)
      }
    }
    guard let variant, let own = confusions(of: variant) else {
      throw PlotError("no run of \(variant?.label.singleLine ?? "the sweep") has its confusions on record")
    }
    guard let baseline, variant.label != baseline.label, let other = confusions(of: baseline),
      other.classes == own.classes
    else { return .init(classes: own.classes, label: variant.label.singleLine, counts: own.counts) }
    return .init(
      classes: own.classes, label: variant.label.singleLine, counts: own.counts,
      otherLabel: baseline.label.singleLine, otherCounts: other.counts)
  }

  /// The mean over the runs of how often each class was predicted.
  private func confusions(of variant: Variant) -> (classes: [String], counts: [[Double]])? {
    let finals = variant.runs.filter { $0.state == .completed }.compactMap { records.finals[$0.identity] }
    guard let names = finals.first?.classNames else { return nil }
    let matrices = finals.filter { $0.classNames == names }.compactMap(\.confusion).filter {
      $0.classCount == names.count
    }
    guard !matrices.isEmpty else { return nil }
    let counts = names.indices.map { label in
      names.indices.map { prediction in
        Double(matrices.reduce(0) { $0 + $1[label: label, prediction: prediction] }) / Double(matrices.count)
      }
    }
    return (names.map(\.singleLine), counts)
  }

  func fillReliability(of data: inout FigureData, _ options: PlotOptions) throws(PlotError) {
    let variants = sweep.variants.compactMap { variant -> FigureData.Reliability? in
      let runs = variant.runs.filter { $0.state == .completed }.compactMap { records.calibration[$0.identity] }
      guard var whole = runs.first else { return nil }
      for run in runs.dropFirst() where run.bins.count == whole.bins.count { whole.merge(run) }
      let errors = runs.map(\.expectedCalibrationError)
      let bins = ReliabilityCurve(whole).points.map { point in
        // The runs have the same images, so that their number tells no more than that of one run.
        let interval = ConfidenceInterval.wilson(
          successes: point.correct / runs.count, trials: max(1, point.count / runs.count),
          level: self.options.confidenceLevel)
        return FigureData.Reliability.Bin(
          range: .init(point.lowerEdge, point.upperEdge), count: Double(point.count) / Double(runs.count),
          meanConfidence: point.confidence, accuracy: point.accuracy,
          interval: .init(min(interval.lower, point.accuracy), max(interval.upper, point.accuracy)))
      }
      return .init(variant.label.singleLine, bins: bins, calibrationError: SampleSummary(errors)?.mean)
    }
    guard !variants.isEmpty else { throw PlotError("no run has its predictions on record") }
    data.reliability = Array(variants.prefix(options.variantLimit))
    data.noteLimit(min(variants.count, options.variantLimit), of: variants.count)
  }
}

extension FigureData {
  /// Says that some variants are left out, where some are.
  mutating func noteLimit(_ shown: Int, of count: Int) {
    if shown < count { notes.append("The first \(shown) of \(count) variants are shown.") }
  }
}
