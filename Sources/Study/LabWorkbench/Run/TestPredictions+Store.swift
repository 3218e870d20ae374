import LabCore
import LabRecords
import LabReport
import LabStore

extension TestPredictions {
  /// What a store knows of the test predictions of a sweep's completed runs.
  ///
  /// - Parameters:
  ///   - sweep: the sweep.
  ///   - store: the store.
  ///   - metric: the metric that they are for.
  ///   - progress: is told the share of the runs that have been read.
  /// - Throws: `ReportError.metricWithoutImages` of a metric that test images have no part in.
  package init(
    of sweep: Sweep, in store: StudyStore, for metric: MetricDescription, progress: (Double) -> Void = { _ in }
  ) throws(ReportError) {
    guard let predictions = TestPredictions(metric: metric.name) else { throw .metricWithoutImages(metric.name) }
    self = predictions
    if let imported = sweep.imported {
      addProblem("predictions of single images are no part of what was imported from \(imported.sources[0].name)")
    }
    let runs = sweep.completedRuns
    for (index, run) in runs.enumerated() {
      let folder = store.folder(of: run.identity)
      if folder.has(.predictions) {
        do {
          add(try folder.readPredictions(), of: run)
        } catch {
          addProblem("\(error)")
        }
      }
      progress(Double(index + 1) / Double(runs.count))
    }
  }
}

extension Sweep {
  /// The completed runs, each once, however many variants need it.
  var completedRuns: [Run] {
    var seen: Set<RunIdentity> = []
    return runs.filter { $0.state == .completed && seen.insert($0.identity).inserted }
  }
}
