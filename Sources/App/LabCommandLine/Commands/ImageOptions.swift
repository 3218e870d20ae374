import ArgumentParser
import LabRecords
import LabReport
import LabStore
import LabWorkbench

/// Whether the test images are taken for a source of chance, beside the seeds.
struct ImageOptions: ParsableArguments {
  @Flag(help: "Consider other test images, too: which verdicts would survive another draw of them.")
  var images = false

  /// Considers the images of an analysis where that was asked for.
  ///
  /// - Throws: `ReportError` where its metric is nothing of single images, or no predictions are on record.
  func apply(to analysis: inout SweepAnalysis, of sweep: Sweep, in store: StudyStore) throws {
    guard images else { return }
    let progress = ProgressLine()
    defer { progress.close() }
    let predictions = try TestPredictions(
      of: sweep, in: store, for: analysis.metric, progress: progress.updates("reading predictions"))
    try analysis.consider(predictions, progress: progress.updates("drawing test images"))
  }
}
