import Foundation
import LabWorkbench

/// What tells that the files of data sets are still those that were looked at: paths, sizes and times.
///
/// Of many images that takes a while, so it is found out on a thread, at most once in twenty times as long as it took, and
/// pages wait for it for a moment only.
final class DataIdentities: @unchecked Sendable {
  private struct Known {
    /// The identity; nil as long as it has not been found out.
    var identity: String?
    var isBeingRead = false
    /// When it is to be found out again.
    var nextReading = Date.distantPast
  }

  // Everything below is read and written while the condition is locked.
  private let condition = NSCondition()
  private var known: [String: Known] = [:]
  private let thread: WorkThread
  private let tell: @Sendable () -> Void

  /// The least time between two looks at the files of a data set, in seconds.
  private static let leastInterval = 2.0
  /// How many times as long as a look takes there is none.
  private static let restFactor = 20.0

  /// - Parameters:
  ///   - thread: reads what tells files apart.
  ///   - tell: is called whenever something is known that was not before.
  init(on thread: WorkThread, tell: @escaping @Sendable () -> Void) {
    self.thread = thread
    self.tell = tell
  }

  /// Lets everybody go who waits.
  func stop() { condition.withLock { condition.broadcast() } }

  /// What tells the files of a data set from others, as of the last look; nil where nobody knows it yet.
  ///
  /// - Parameter seconds: how long a look is waited for, in seconds.
  /// - Throws: ``RequestProblem`` where too much is being read, and nothing is known yet.
  func identity(of dataset: UsedDataset, seconds: Double) throws -> String? {
    let deadline = Date().addingTimeInterval(seconds)
    condition.lock()
    defer { condition.unlock() }
    var entry = known[dataset.id] ?? Known()
    if !entry.isBeingRead, Date() >= entry.nextReading {
      do {
        try thread.begin { [self] in read(dataset) }
        entry.isBeingRead = true
        known[dataset.id] = entry
      } catch {
        // What was known before is shown until the thread has time for a look.
        if entry.identity == nil { throw error }
      }
    }
    while known[dataset.id]?.isBeingRead == true, Date() < deadline {
      _ = condition.wait(until: deadline)
    }
    return known[dataset.id]?.identity
  }

  private func read(_ dataset: UsedDataset) {
    let start = Date()
    // What keeps files from being read is one of the things that change.
    let identity: String
    do { identity = try dataset.contentIdentity() } catch { identity = "\(error)" }
    let seconds = Date().timeIntervalSince(start)
    condition.lock()
    let before = known[dataset.id]?.identity
    known[dataset.id] = Known(
      identity: identity,
      nextReading: Date().addingTimeInterval(
        max(DataIdentities.leastInterval, DataIdentities.restFactor * seconds)))
    condition.broadcast()
    condition.unlock()
    if before != identity { tell() }
  }
}
