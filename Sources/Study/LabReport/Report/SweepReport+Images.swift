import LabRecords
import LabStats

extension SweepReport {
  /// The chance of the seeds and that of the test images; nothing where predictions are not on record, or the metric is
  /// nothing of single images.
  var imageBlocks: [ReportPage.Block] {
    analysis.imageParagraphs.map { .paragraph($0) } + [analysis.imageTable].compactMap { $0 }.map { .table($0) }
  }

  // MARK: Calibration

  /// Whether predictions are as sure as they are right.
  var calibrationBlocks: [ReportPage.Block] {
    figures("reliability") + [calibrationTable].compactMap { $0 }.map { .table($0) }
  }

  /// The calibration error of each variant with what chance makes of it; nil where no run's predictions are on record.
  private var calibrationTable: ReportTable? {
    let rows = sweep.variants.compactMap { variant -> ReportTable.Row? in
      let runs = variant.runs.filter { $0.state == .completed }.compactMap { records.calibration[$0.identity] }
      guard let summary = SampleSummary(runs.map(\.expectedCalibrationError)) else { return nil }
      return calibrationRow(variant.label, summary, CalibrationError(runs))
    }
    guard !rows.isEmpty else { return nil }
    let level = NumberText.percentage(options.confidenceLevel)
    return ReportTable(
      kind: "calibration", title: "Calibration error", subtitle: "in points, of 15 ranges of confidence of equal width",
      columns: [
        .init("variant", fields: ["variant"], wraps: true),
        .init("runs", fields: ["runs"], alignment: .right),
        .init(
          "as printed", fields: ["ece", "ece_sd"], alignment: .plusMinus,
          legend: "mean distance of confidence and accuracy ± its standard deviation over seeds"),
        .init(
          "by chance", fields: ["ece_by_chance"], alignment: .right,
          legend: "what a perfectly calibrated network with these confidences has on as many images, on average"),
        .init(
          "corrected", fields: ["ece_corrected", "ece_lower", "ece_upper"], alignment: .right,
          legend: "the error whose printed value would be this one on average, with its \(level) interval over other "
            + "images with these networks"),
      ], rows: rows,
      notes: [
        "Each interval holds by itself. labrun analyze --metric test_ece --images tells how variants differ in the printed "
          + "error, over seeds and images."
      ])
  }

  private func calibrationRow(_ label: String, _ summary: SampleSummary, _ error: CalibrationError) -> ReportTable.Row {
    func points(_ value: Double) -> String { NumberText.fixed(100 * value, decimals: 2) }
    let interval = error.interval(level: options.confidenceLevel)
    return .init([
      .string(label), .init("\(summary.count)", values: [.integer(summary.count)]),
      .init(
        points(summary.mean) + (summary.standardDeviation.map { " ± " + points($0) } ?? ""),
        values: [.number(summary.mean), summary.standardDeviation.map { .number($0) } ?? .null]),
      .init(points(error.expectedByChance), values: [.number(error.expectedByChance)]),
      .init(
        "\(points(error.corrected)) [\(points(interval.lower)), \(points(interval.upper))]",
        values: [.number(error.corrected), .number(interval.lower), .number(interval.upper)]),
    ])
  }
}
