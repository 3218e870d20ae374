import LabRecords
import LabStats

extension SweepReport {
  /// The metric whose course over the epochs is shown: the report's own on the split that epochs were evaluated on, else the
  /// accuracy, else the loss.
  var courseMetric: MetricDescription? {
    sweep.courseMetric(
      metric.name, known: Set(records.epochs.values.lazy.compactMap(\.last).flatMap { $0.metrics.names })
    ).map { sweep.metric(named: $0.key) }
  }

  func fillCurves(of data: inout FigureData, _ options: PlotOptions) throws(PlotError) {
    guard let metric = courseMetric else { throw PlotError("no run has an epoch on record yet") }
    let scale = metric.unit == .percent ? 100.0 : 1
    let courses = sweep.variants.map { runCourses(of: $0, in: metric).map { $0.values.mapValues { $0 * scale } } }
    let baseline = sweep.variants.firstIndex(where: \.isBaseline)
    var shown = sweep.variants.indices.filter { !courses[$0].isEmpty }
    guard !shown.isEmpty else { throw PlotError("no completed run has the course of \(metric.name) on record") }
    if shown.count > options.variantLimit {
      let first = shown.filter { $0 == baseline }
      shown = (first + shown.filter { $0 != baseline }.prefix(options.variantLimit - first.count)).sorted()
    }
    data.noteLimit(shown.count, of: courses.count { !$0.isEmpty })
    data.metric = .init(
      metric.proseTitle, unit: metric.unit == .percent ? "%" : "",
      differenceUnit: metric.unit == .percent ? "points" : "",
      decimals: metric.decimals(for: courses.lazy.flatMap { $0 }.flatMap(\.values).map { $0 / scale }),
      higherIsBetter: metric.direction != .lowerIsBetter)
    let means = shown.map { index in
      FigureData.Curves.Course(sweep.variants[index].label.singleLine, SweepReport.means(courses[index]))
    }
    data.curves = .init(
      means: means, differences: differences(courses, among: shown, baseline: baseline),
      differenceBand: "\(data.confidenceText) at all epochs at once")
  }

  /// A metric at the epochs of a variant's completed runs, counted from 1; runs without it have no course.
  func runCourses(of variant: Variant, in metric: MetricDescription) -> [(seed: UInt64, values: [Int: Double])] {
    let name = MetricName(metric.name)
    return variant.runs.filter { $0.state == .completed }.compactMap { run in
      guard let epochs = records.epochs[run.identity] else { return nil }
      let values = epochs.compactMap { epoch in epoch.metrics[name].map { (epoch.epoch + 1, $0) } }
        .filter { $0.1.isFinite }
      return values.isEmpty ? nil : (run.seed, Dictionary(values) { _, last in last })
    }
  }

  /// The mean at each epoch with the standard deviation over the runs.
  private static func means(_ courses: [[Int: Double]]) -> [FigureData.Curves.Point] {
    Set(courses.flatMap(\.keys)).sorted().compactMap { epoch in
      SampleSummary(courses.compactMap { $0[epoch] }).map { summary in
        let spread = summary.standardDeviation
        return .init(
          epoch, summary.mean, band: spread.map { .init(summary.mean - $0, summary.mean + $0) })
      }
    }
  }

  /// The differences to the baseline; only of variants whose runs all have every epoch.
  private func differences(
    _ courses: [[[Int: Double]]], among shown: [Int], baseline: Int?
  ) -> [FigureData.Curves.Course] {
    guard let baseline, let first = courses[baseline].first, shown.contains(baseline) else { return [] }
    let epochs = first.keys.sorted()
    let whole = shown.filter { index in
      courses[index].count == courses[baseline].count && courses[index].allSatisfy { Set($0.keys) == Set(epochs) }
    }
    guard let reference = whole.firstIndex(of: baseline) else { return [] }
    let values = whole.map { index in courses[index].map { course in epochs.map { course[$0] ?? .nan } } }
    return whole.indices.filter { $0 != reference }.compactMap { treatment in
      CurveComparison(epochs: epochs, values: values, treatment: treatment, reference: reference).map {
        .init(sweep.variants[whole[treatment]].label.singleLine, $0, level: options.confidenceLevel)
      }
    }
  }
}

extension Sweep {
  /// The metric whose course over the epochs goes with a metric of results: the same on the split that epochs were evaluated
  /// on, else the accuracy, else the loss.
  ///
  /// - Parameters:
  ///   - name: the metric of results.
  ///   - known: the metrics that epochs have.
  package func courseMetric(_ name: String, known: Set<MetricName>) -> MetricName? {
    let names = [MetricName(name).base, "accuracy", "loss"].flatMap { base in
      ["validation", "test", "train"].map { MetricName(base, of: $0) }
    }
    // What another program calls its metrics may name no split.
    let own = imported == nil ? [] : [MetricName(name)]
    return (own + names).first(where: known.contains)
  }
}
