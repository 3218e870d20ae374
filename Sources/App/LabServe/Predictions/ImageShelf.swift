import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench

/// The test images of runs, read on a thread of their own: data may have to be decoded, and predictions to be made.
final class ImageShelf: Sendable {
  private let images: Shelf<TestImages>
  private let mistakes: Shelf<SharedMistakes>
  private let thread = WorkThread(name: "labrun.images", limit: 8)
  private let workbench = Workbench(say: { _ in })
  /// The most of each that are kept.
  private static let limit = 8

  /// - Parameter tell: is called whenever something is known that was not before.
  init(tell: @escaping @Sendable () -> Void) {
    images = Shelf(limit: ImageShelf.limit, on: thread, tell: tell)
    mistakes = Shelf(limit: ImageShelf.limit, on: thread, tell: tell)
  }

  /// Lets everybody go who waits.
  func stop() {
    thread.stop()
    images.stop()
    mistakes.stop()
  }

  /// The test images of a run.
  ///
  /// - Parameter seconds: how long they are waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func images(of run: Run, in store: StudyStore, seconds: Double) throws -> Shelf<TestImages>.State {
    let workbench = workbench
    return try images.state(run.identity.hash.hexadecimal, seconds: seconds) {
      try TestImages(of: run, in: store, workbench: workbench)
    }
  }

  /// The mistakes that the runs of a sweep share.
  ///
  /// - Parameter seconds: how long they are waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func mistakes(of sweep: Sweep, in store: StudyStore, seconds: Double) throws -> Shelf<SharedMistakes>.State {
    let runs = sweep.runs.filter { $0.state == .completed }.map(\.identity.short)
    let labels = sweep.variants.map(\.label)
    let key = "\(sweep.id ?? 0) \(ContentHash(of: "\(labels) \(runs)").short)"
    return try mistakes.state(key, seconds: seconds) { SharedMistakes(of: sweep, in: store) }
  }
}
