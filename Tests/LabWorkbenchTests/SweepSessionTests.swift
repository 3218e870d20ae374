import Foundation
import LabCore
import LabRecords
import LabScheduler
import LabStore
import LabStudy
import LabWorkbench
import Synchronization
import Testing

/// What a sweep tells while it trains.
@Suite struct SweepSessionTests {
  /// Raises a stop signal once the store has what its runs tell of their steps.
  private final class Reader: SchedulerObserver {
    let folder: String
    let stop: StopSignal
    private let found = Mutex<Run?>(nil)
    var run: Run? { found.withLock { $0 } }

    init(_ folder: String, stop: StopSignal) {
      self.folder = folder
      self.stop = stop
    }

    func observe(_ event: SchedulerEvent) {
      guard case .progress(let run, _, _) = event, self.run == nil,
        let stored = try? StudyStore(reading: folder).run(run.identity), stored.progress != nil
      else { return }
      found.withLock { $0 = stored }
      stop.raise(to: .now)
    }
  }

  /// Trains for far longer than the test lasts, which ends as soon as a step is seen.
  @Test func stepsAreStoredWhileARunIsTrained() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("labrun-steps-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let spec = """
      {
        "name": "steps",
        "dataset": { "name": "synthetic-signs", "image_size": 8, "train_limit": 64, "test_limit": 8 },
        "model": { "architecture": "plain" },
        "training": { "epochs": 100000, "batch_size": 4 },
        "factors": { "learning_rate": [0.01] },
        "baseline": { "learning_rate": 0.01 },
        "seeds": [0]
      }
      """
    let study = try SpecValidator(Workbench { _ in }).check(SpecSource(path: "steps.json", text: spec))
    try #require(study.check.plan != nil, "\(study.check.issues)")
    let session = try SweepSession(
      study: PlannedStudy(study, only: [], limit: nil, threads: 1, results: folder), folder: folder, workers: 1,
      threads: 1, memoryBudget: .max, claimPolicy: .unfinished, failsFast: false, checkpointSeconds: nil,
      heartbeatInterval: .milliseconds(20))
    let stop = StopSignal()
    let reader = Reader(folder, stop: stop)
    let report = session.train(session.runs, stop: stop, observer: reader)
    let run = try #require(reader.run, "\(report.results)")
    let progress = try #require(run.progress)
    #expect(run.state == .running && progress.epochs == 100_000 && progress.epoch >= run.completedEpochs)
    #expect(progress.stepsPerEpoch == 16 && (1...16).contains(progress.step))
    #expect((progress.loss ?? .nan).isFinite && (progress.imagesPerSecond ?? 0) > 0)
    let ended = try #require(try StudyStore(reading: folder).run(run.identity))
    #expect(ended.state == .interrupted && ended.progress == nil && ended.progressAt == nil)
  }
}
