import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench
import Synchronization

/// The test images of runs, read on a thread of their own: data may have to be decoded, and predictions to be made.
final class ImageShelf: Sendable {
  /// The test images of a run as they were read.
  struct Read: Sendable {
    var images: TestImages
    /// What tells the files of their data set from others; empty where nobody knows them.
    var version: String
  }

  /// What has read a data set, as long as its files are the same: it reads each once.
  private struct Reader {
    var version: String
    var workbench: Workbench
  }

  private let images: Shelf<Read>
  private let mistakes: Shelf<SharedMistakes>
  private let thread = WorkThread(name: "labrun.images", limit: 8)
  private let data: DataShelf
  /// By the data sets.
  private let readers = Mutex<[String: Reader]>([:])
  /// The most of each that are kept.
  private static let limit = 8

  /// - Parameters:
  ///   - data: tells whether the files of data sets have changed.
  ///   - tell: is called whenever something is known that was not before.
  init(_ data: DataShelf, tell: @escaping @Sendable () -> Void) {
    self.data = data
    images = Shelf(limit: ImageShelf.limit, on: thread, tell: tell)
    mistakes = Shelf(limit: ImageShelf.limit, on: thread, tell: tell)
  }

  /// Lets everybody go who waits.
  func stop() {
    thread.stop()
    images.stop()
    mistakes.stop()
  }

  /// The test images of a run; they are read anew where the files of their data set are others than those that were read.
  ///
  /// - Parameters:
  ///   - seconds: how long they are waited for, in seconds.
  ///   - isLast: whether the files are those of the last look, wherever there has been one.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func images(of run: Run, in store: StudyStore, seconds: Double, isLast: Bool = false) throws -> Shelf<Read>.State {
    let start = Date()
    var version = ""
    var known: Workbench?
    if let dataset = UsedDataset(of: run) {
      let last = try isLast ? data.identity(of: dataset, seconds: 0) : nil
      guard let identity = try last ?? data.identity(of: dataset, seconds: seconds) else { return .pending }
      version = ContentHash(of: identity).short
      known = reader(of: dataset, version)
    }
    let left = seconds - Date().timeIntervalSince(start)
    return try images.state("\(run.identity.hash.hexadecimal) \(version)", seconds: left) { [version, known] in
      let workbench = known ?? Workbench(say: { _ in })
      return Read(images: try TestImages(of: run, in: store, workbench: workbench), version: version)
    }
  }

  /// What reads a data set: another one than before where its files are others.
  private func reader(of dataset: UsedDataset, _ version: String) -> Workbench {
    readers.withLock { readers in
      if let known = readers[dataset.id], known.version == version { return known.workbench }
      if readers.count >= ImageShelf.limit { readers.removeAll() }
      let fresh = Workbench(say: { _ in })
      readers[dataset.id] = Reader(version: version, workbench: fresh)
      return fresh
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
