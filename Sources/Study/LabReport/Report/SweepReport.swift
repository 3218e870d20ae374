import LabRecords
import LabStats

/// All that a sweep says: what was asked, what is concluded and why, with everything that it rests on.
public struct SweepReport: Sendable {
  /// The sweep.
  let sweep: Sweep
  /// What is known beyond it.
  let records: SweepRecords
  /// The analysis that conclusions are from.
  let analysis: SweepAnalysis
  /// The comparison of all variants; its first metric is the one that conclusions are about.
  let table: ComparisonTable

  /// Makes a report.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - records: what is known beyond it.
  ///   - options: what conclusions are about, and how they are judged.
  ///   - metrics: further metrics to show; accuracy and macro F1 where there are none.
  ///   - progress: is told, from any thread, the share that is done of what takes longest, the chance of the test images.
  /// - Throws: ``ReportError`` where the options name what the sweep does not have.
  public init(
    _ sweep: Sweep, records: SweepRecords = .init(), options: AnalysisOptions = .init(), metrics: [String] = [],
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) throws(ReportError) {
    var analysis = try SweepAnalysis(sweep, options: options)
    analysis.origins = records.origins(of: sweep)
    if let predictions = records.predictions, predictions.metric.key == analysis.metric.name, !predictions.isEmpty {
      try analysis.consider(predictions, progress: progress)
    }
    let further = metrics.isEmpty ? sweep.defaultMetricNames.filter(sweep.metricNames.contains) : metrics
    var tableOptions = analysis.options
    tableOptions.metrics = [analysis.metric.name] + further
    self.analysis = analysis
    self.sweep = analysis.sweep
    self.records = records
    table = try ComparisonTable(sweep, options: tableOptions)
  }

  /// What was asked for.
  var options: ReportOptions { analysis.options }

  /// The metric that conclusions are about.
  var metric: MetricDescription { analysis.metric }

  /// The smallest difference that matters, in values of the metric; nil where none is named for it.
  var smallestEffect: Double? { analysis.smallestDifference }

  /// The report.
  public var page: ReportPage {
    let sections = [
      ReportPage.Section("question", title: "Question and design", questionBlocks),
      .init("conclusions", title: "Conclusions", conclusionBlocks + figures("forest")),
      .init("results", title: "Results", resultBlocks),
      .init("images", title: "Two sources of chance", imageBlocks),
      .init("factors", title: "By factor", factorBlocks),
      .init("data-sets", title: "Over data sets", dataSetBlocks),
      .init("classes", title: "Classes", classBlocks),
      .init("calibration", title: "Calibration", calibrationBlocks),
      .init("lesions", title: "Lesions", lesionBlocks),
      .init("fairness", title: "Fairness", fairnessBlocks),
      .init("diagnostics", title: "Diagnostics", diagnosticBlocks),
      .init("health", title: "Failures and health", healthBlocks),
      .init("methods", title: "Methods", methodBlocks),
      .init("runs", title: "Runs", runBlocks),
    ]
    return ReportPage(title: sweep.name.singleLine, subtitles: subtitles, sections: sections)
  }

  private var subtitles: [String] {
    var total = RunTally()
    for variant in sweep.variants { total.addCounts(of: RunTally(variant, seeds: sweep.seeds)) }
    let states = ["\(total.completed) of \(total.planned) runs completed"] + total.stateSummary
    let origin = sweep.imported.map {
      "imported from \($0.sources.map(\.name.singleLine).inWords), not measured by labrun"
    }
    return [records.description?.singleLine, origin, states.joined(separator: ", ")].compactMap { $0 }.filter {
      !$0.isEmpty
    }
  }

  private var resultBlocks: [ReportPage.Block] {
    // Where all variants cost the same, nothing is weighed against it.
    let costs = [PlotOptions.Cost.multiplyAdds, .time].filter { cost in
      Set(table.rows.compactMap { value(of: cost, $0) }).count > 1
    }.flatMap { figures("pareto", .init(cost: $0)) }
    let comparisons = analysis.comparisons.isEmpty ? [] : [analysis.comparisonTable]
    return ([table.table] + comparisons).map { .table($0) } + figures("seeds") + figures("curves") + courseBlocks
      + costs
  }

  /// How variants do over several data sets; nothing where the sweep has one.
  private var dataSetBlocks: [ReportPage.Block] {
    guard let dataSets = analysis.dataSets else { return [] }
    return dataSets.paragraphs.map { .paragraph($0) } + [.list(dataSets.conclusions.map { .init($0) })]
      + figures("critical-difference") + [.table(dataSets.table)]
  }

  /// In what the arms of comparisons differ beside what is studied.
  private var fairnessBlocks: [ReportPage.Block] {
    let notes = analysis.fairness
    return notes.isEmpty
      ? [.paragraph("Nothing that is on record differs between the arms beside what is studied.")]
      : [
        .paragraph("Where arms differ in more than what is studied, a difference may be the other thing's."),
        .list(notes.map { .init($0) }),
      ]
  }

  /// Whether the model's assumptions hold.
  private var diagnosticBlocks: [ReportPage.Block] {
    (analysis.diagnosticParagraphs + analysis.lossParagraphs).map { .paragraph($0) }
      + [analysis.diagnosticTable].compactMap { $0 }.map { .table($0) }
  }

  /// The figure of a kind, where there is such a kind and the sweep has what it shows.
  func figures(_ kind: String, _ options: PlotOptions = .init()) -> [ReportPage.Block] {
    guard let kind = try? Figures.named(kind), let figure = try? figure(kind, options: options) else { return [] }
    return [.figure(figure)]
  }
}
