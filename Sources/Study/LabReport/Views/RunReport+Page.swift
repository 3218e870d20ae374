import LabCore
import LabRecords
import LabStats

extension RunReport {
  /// What is said of the run in one line below its title: its state, how far it is, and the sweeps that it is of.
  package var headline: [String] { headerLines }

  /// The report as a page: results, courses, classes, confusions, health, configuration, provenance and log.
  ///
  /// - Parameter address: where the counts of confusions lead, up to the parameters that name their classes; nil for nowhere.
  package func page(confusionsAt address: String? = nil) -> ReportPage {
    var classBlocks: [ReportPage.Block] = []
    var confusionBlocks: [ReportPage.Block] = []
    if let confusion = details.confusion, let matrix {
      classBlocks = [.table(classTable(confusion))]
      confusionBlocks =
        figureBlocks(confusion, address)
        + (matrix.isCompact
          // With addresses, they stand in a table of their own, ``confusionCells(at:)``.
          ? (address == nil ? [.details("The counts", [.table(matrix.table)])] : [])
          : [.table(matrix.pairTable(limit: RunReport.Options().confusedPairCount))])
    }
    let lists = factLists.filter { !$0.facts.isEmpty }.map { title, facts in
      ReportPage.Section(
        title.lowercased(), title: title, [.facts(facts.map { .init($0.name, $0.value) })])
    }
    return ReportPage(
      title: headerLines[0], subtitles: Array(headerLines.dropFirst()),
      sections: [
        .init("results", title: "Results", details.metrics.isEmpty ? [] : [.table(resultTable)]),
        .init("courses", title: "Courses", courseBlocks),
        .init("classes", title: "Classes", classBlocks),
        .init("confusions", title: "Predicted by true classes", confusionBlocks),
      ] + lists)
  }

  /// The metrics of epochs that only the machine decides.
  static let machineMetrics: Set<String> = [
    "train_seconds", "evaluation_seconds", "images_per_second", "step_milliseconds", "peak_memory_bytes",
    "planned_memory_bytes",
  ]

  /// A figure for each metric of epochs, with a course a split, and all numbers folded below.
  private var courseBlocks: [ReportPage.Block] {
    guard !details.epochs.isEmpty else { return [] }
    var bases: [String] = []
    var names: [String: [MetricName]] = [:]
    let known = details.epochs.reduce(into: Set<MetricName>()) { $0.formUnion($1.metrics.names) }
    for name in known.sorted(by: { $0.key < $1.key }) {
      if names[name.base] == nil { bases.append(name.base) }
      names[name.base, default: []].append(name)
    }
    // What is watched comes first; what only the machine decides is in the table.
    let order = ["loss", "accuracy", "macro_f1", "learning_rate"]
    let shown =
      order.filter(bases.contains)
      + bases.filter { !order.contains($0) && !RunReport.machineMetrics.contains($0) }
    return shown.compactMap { base in names[base].flatMap(figure).map { ReportPage.Block.figure($0) } }
      + [.details("Every epoch in numbers", [.table(epochTable)])]
  }

  private func figure(_ names: [MetricName]) -> (any Figure)? {
    guard let first = names.first else { return nil }
    let metric = MetricDescription(named: first.key)
    let scale = metric.unit == .percent ? 100.0 : 1
    let courses = names.map { name in
      FigureData.Curves.Course(
        name.split ?? name.key.replacing("_", with: " "),
        details.epochs.compactMap { epoch in
          epoch.metrics[name].map { FigureData.Curves.Point(epoch.number, $0 * scale) }
        })
    }
    let values = courses.flatMap { $0.points.map { $0.value / scale } }
    guard values.contains(where: \.isFinite) else { return nil }
    let title = first.split == nil ? metric.title : MetricDescription(named: first.base).title
    var curves = FigureData.Curves(means: courses)
    curves.isOfOneRun = true
    var data = FigureData(
      name: "run \(details.run.identity.short)",
      metric: .init(
        title, unit: metric.unit == .percent ? "%" : "", decimals: metric.decimals(for: values),
        higherIsBetter: metric.direction != .lowerIsBetter))
    data.curves = curves
    return CurveFigure(data: data)
  }

  private func figureBlocks(_ confusion: ConfusionMatrix, _ address: String?) -> [ReportPage.Block] {
    let classes = (0..<confusion.classCount)
    var data = FigureData(name: "run \(details.run.identity.short)", metric: .init("images"))
    data.confusion = .init(
      classes: classes.map { details.className($0).singleLine }, label: "its test images",
      counts: classes.map { label in classes.map { Double(confusion[label: label, prediction: $0]) } })
    data.confusion?.address = address
    return [.figure(ConfusionFigure(data: data))]
  }
}
