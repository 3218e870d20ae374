import Foundation
import LabStore
import LabWorkbench
import Synchronization

/// The data sets that sweeps use, each looked at on a thread of its own, and again where its files have changed since.
final class DataShelf: Sendable {
  private struct Known {
    var changes: Int
    var datasets: [UsedDataset]
  }

  private let inspections: Shelf<InspectedDataset>
  private let identities: DataIdentities
  /// What was last shown of each data set.
  private let shown = Mutex<[String: String]>([:])
  private let thread = WorkThread(name: "labrun.data", limit: 4)
  private let known = Mutex<Known?>(nil)
  /// Two pictures at a time are made: files of photographs take long to decode, and pages ask for many at once.
  private let places = DispatchSemaphore(value: 2)
  /// The most data sets that are kept.
  private static let limit = 4

  /// - Parameter tell: is called whenever something is known that was not before.
  init(tell: @escaping @Sendable () -> Void) {
    inspections = Shelf(limit: DataShelf.limit, on: thread, tell: tell)
    identities = DataIdentities(on: thread, tell: tell)
  }

  /// Lets everybody go who waits.
  func stop() {
    thread.stop()
    inspections.stop()
    identities.stop()
  }

  /// The data sets that sweeps of a store use.
  ///
  /// - Parameter changes: how often the store has changed: they are the same as long as that is.
  /// - Throws: an error of the store.
  func datasets(in store: StudyStore, changes: Int) throws -> [UsedDataset] {
    if let known = known.withLock({ $0 }), known.changes == changes { return known.datasets }
    let datasets = try UsedDataset.all(in: store)
    known.withLock { $0 = Known(changes: changes, datasets: datasets) }
    return datasets
  }

  /// What tells the files of a data set from others, as of the last look; nil where nobody knows it yet.
  ///
  /// - Parameter seconds: how long a look is waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func identity(of dataset: UsedDataset, seconds: Double) throws -> String? {
    try identities.identity(of: dataset, seconds: seconds)
  }

  /// What a data set consists of; it is looked at anew where its files are others than those that were looked at.
  ///
  /// - Parameter seconds: how long it is waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func inspection(of dataset: UsedDataset, seconds: Double) throws -> Shelf<InspectedDataset>.State {
    let start = Date()
    guard let identity = try identity(of: dataset, seconds: seconds) else { return .pending }
    let key = "\(dataset.id) \(identity)"
    let before = shown.withLock { $0.updateValue(key, forKey: dataset.id) }
    if let before, before != key { inspections.forget(before) }
    let left = seconds - Date().timeIntervalSince(start)
    return try inspections.state(key, seconds: left) { try InspectedDataset(dataset, identity: identity) }
  }

  /// What a data set consists of as it was looked at last, without looking whether its files are still the same.
  ///
  /// - Parameter seconds: how long it is waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func lastInspection(of dataset: UsedDataset, seconds: Double) throws -> Shelf<InspectedDataset>.State {
    guard let key = shown.withLock({ $0[dataset.id] }), let state = inspections.known(key) else {
      return try inspection(of: dataset, seconds: seconds)
    }
    return state
  }

  /// A picture of an image of a data set, as a PNG.
  ///
  /// - Throws: ``RequestProblem`` where there is none, or too many are asked for.
  func picture(_ index: Int, of inspected: InspectedDataset) throws -> Data {
    guard places.wait(timeout: .now() + 20) == .success else {
      throw RequestProblem(
        status: 503, description: "too many pictures are asked for at once: try again in a moment",
        headers: ["Retry-After": "5"])
    }
    defer { places.signal() }
    let picture: Data?
    do {
      picture = try inspected.png(index)
    } catch {
      throw RequestProblem(status: 404, description: "there is no picture of image \(index): \(error)")
    }
    guard let picture else {
      throw RequestProblem(status: 404, description: "the data set has no image \(index)")
    }
    return picture
  }
}
