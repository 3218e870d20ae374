import Foundation
import LabCore
import LabRecords
import LabStore
import LabWorkbench

/// The test images of runs, read on a thread of their own: data may have to be decoded, and predictions to be made.
final class ImageShelf: @unchecked Sendable {
  /// What there is of something.
  enum State<Value: Sendable>: Sendable {
    case pending
    case ready(Value)
    case failed(String)
  }

  private struct Entry<Value: Sendable> {
    var key: String
    var state: State<Value>
    /// When what failed may be tried again: a page that follows would ask for it without end.
    var retryAt = Date.distantFuture
  }

  // Both lists are read and written while the condition is locked.
  private let condition = NSCondition()
  private var images: [Entry<TestImages>] = []
  private var mistakes: [Entry<SharedMistakes>] = []
  private let thread = WorkThread(name: "labrun.images", limit: 8)
  private let workbench = Workbench(say: { _ in })
  private let tell: @Sendable () -> Void
  /// The most of each that are kept.
  private static let limit = 8

  /// - Parameter tell: is called whenever something is known that was not before.
  init(tell: @escaping @Sendable () -> Void) { self.tell = tell }

  /// Lets everybody go who waits.
  func stop() {
    thread.stop()
    condition.withLock { condition.broadcast() }
  }

  /// The test images of a run.
  ///
  /// - Parameter seconds: how long they are waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func images(of run: Run, in store: StudyStore, seconds: Double) throws -> State<TestImages> {
    let workbench = workbench
    return try state(run.identity.hash.hexadecimal, in: \.images, seconds: seconds) {
      try TestImages(of: run, in: store, workbench: workbench)
    }
  }

  /// The mistakes that the runs of a sweep share.
  ///
  /// - Parameter seconds: how long they are waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read.
  func mistakes(of sweep: Sweep, in store: StudyStore, seconds: Double) throws -> State<SharedMistakes> {
    let runs = sweep.runs.filter { $0.state == .completed }.map(\.identity.short)
    let labels = sweep.variants.map(\.label)
    let key = "\(sweep.id ?? 0) \(ContentHash(of: "\(labels) \(runs)").short)"
    return try state(key, in: \.mistakes, seconds: seconds) { SharedMistakes(of: sweep, in: store) }
  }

  private func state<Value: Sendable>(
    _ key: String, in list: ReferenceWritableKeyPath<ImageShelf, [Entry<Value>]>, seconds: Double,
    _ make: @escaping @Sendable () throws -> Value
  ) throws -> State<Value> {
    let deadline = Date().addingTimeInterval(seconds)
    condition.lock()
    defer { condition.unlock() }
    if let place = self[keyPath: list].firstIndex(where: { $0.key == key }) {
      // What was asked for last is kept longest.
      let entry = self[keyPath: list].remove(at: place)
      if entry.retryAt > Date() { self[keyPath: list].append(entry) }
    }
    if !self[keyPath: list].contains(where: { $0.key == key }) {
      nonisolated(unsafe) let list = list
      try thread.begin { [self] in
        let state: State<Value>
        do {
          state = .ready(try make())
        } catch {
          state = .failed("\(error)")
        }
        condition.withLock {
          if let place = self[keyPath: list].firstIndex(where: { $0.key == key }) {
            self[keyPath: list][place].state = state
            if case .failed = state { self[keyPath: list][place].retryAt = Date().addingTimeInterval(30) }
          }
          condition.broadcast()
        }
        tell()
      }
      self[keyPath: list].append(Entry(key: key, state: .pending))
      if self[keyPath: list].count > ImageShelf.limit { self[keyPath: list].removeFirst() }
    }
    while true {
      guard let entry = self[keyPath: list].first(where: { $0.key == key }) else { return .pending }
      guard case .pending = entry.state, Date() < deadline else { return entry.state }
      _ = condition.wait(until: min(deadline, Date().addingTimeInterval(1)))
    }
  }
}
