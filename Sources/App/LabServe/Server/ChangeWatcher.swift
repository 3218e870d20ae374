import Foundation
import LabStore

/// Notices when a store has changed, once for all clients, however many there are.
///
/// The version that it keeps grows by one with each change and says nothing else; it begins with the time, so that pages of a
/// server that was started again see that theirs is old.
package final class ChangeWatcher: @unchecked Sendable {
  // Everything below is read and written while the condition is locked.
  private let condition = NSCondition()
  private var current = Int(Date().timeIntervalSince1970 * 1000)
  private var changes = 0
  private var isStopped = false
  private var waiting = 0
  /// The most clients that have waited since the last look.
  private var mostWaiting = 0
  private let store: StoreAccess
  private let interval: Double

  /// So many clients who wait at a time are many: then looks are further apart, so that answering all of them takes no more of a
  /// sweep's time than answering a few.
  private static let crowd = 100
  /// How much further apart looks are for a crowd; what is shown stays younger than two seconds.
  private static let crowdFactor = 1.8

  /// After how long it is seen that a client has left, in seconds: a hundred that look every second take more than what they
  /// wait for.
  private static let patience = 5.0

  /// How often what changes without the store being written is looked at again, in seconds: a process may die without a word.
  private static let secondLook = 10.0

  /// - Parameters:
  ///   - store: the store, by a connection of the watcher's own.
  ///   - interval: how often it is looked at, in seconds, as long as few clients wait.
  init(_ store: StoreAccess, interval: Double = 1) {
    self.store = store
    self.interval = interval
  }

  /// The time from one look to the next, in seconds.
  ///
  /// - Parameters:
  ///   - interval: the time for a single client.
  ///   - clients: how many of them wait.
  package static func pauseSeconds(_ interval: Double, clients: Int) -> Double {
    interval * (1 + (crowdFactor - 1) * Double(min(clients, crowd)) / Double(crowd))
  }

  /// Begins to look.
  func start() {
    let thread = Thread { [self] in watch() }
    thread.name = "labrun.changes"
    thread.start()
  }

  /// Stops looking, and lets everybody go who waits.
  func stop() {
    condition.withLock {
      isStopped = true
      condition.broadcast()
    }
  }

  /// The version of what there is now.
  var version: Int { condition.withLock { current } }

  /// The version of what there is now, and how often the store has changed: what is not provisional is the same as long as
  /// that is.
  var state: (version: Int, changes: Int) { condition.withLock { (current, changes) } }

  /// Makes another version, since more is known now of a store that is the same.
  func touch() {
    condition.withLock {
      current += 1
      condition.broadcast()
    }
  }

  /// Waits until the version is another one.
  ///
  /// - Parameters:
  ///   - version: the one that is known; nil to be told at once.
  ///   - seconds: how long to wait.
  ///   - isGone: whether nobody wants to know any more.
  /// - Returns: the version then.
  func wait(since version: Int?, seconds: Double, isGone: () -> Bool) -> Int {
    let deadline = Date().addingTimeInterval(seconds)
    condition.lock()
    waiting += 1
    mostWaiting = max(mostWaiting, waiting)
    defer {
      waiting -= 1
      condition.unlock()
    }
    while current == version, !isStopped, Date() < deadline {
      _ = condition.wait(until: min(deadline, Date().addingTimeInterval(ChangeWatcher.patience)))
      if isGone() { break }
    }
    return current
  }

  private func watch() {
    var seen: String?
    var lastLook = Date()
    while true {
      let now = sign()
      var isOther = seen != nil && now != seen
      seen = now
      if Date().timeIntervalSince(lastLook) > ChangeWatcher.secondLook {
        lastLook = Date()
        isOther = isOther || (try? store.store().hasLeases) == true
      }
      condition.lock()
      if isOther {
        current += 1
        changes += 1
        condition.broadcast()
      }
      let pauseSeconds = ChangeWatcher.pauseSeconds(interval, clients: mostWaiting)
      mostWaiting = waiting
      if !isStopped { _ = condition.wait(until: Date().addingTimeInterval(pauseSeconds)) }
      let ends = isStopped
      condition.unlock()
      if ends { return }
    }
  }

  /// What is another text whenever the store has changed, or what is wrong with it.
  private func sign() -> String {
    do {
      let version = try store.store().dataVersion()
      return "\(store.openings) \(version)"
    } catch {
      return "\(error)"
    }
  }
}
