import Foundation
import LabStore

/// Notices when a store has changed, once for all clients, however many there are.
///
/// The version that it keeps grows by one with each change and says nothing else; it begins with the time, so that pages of a
/// server that was started again see that theirs is old.
final class ChangeWatcher: @unchecked Sendable {
  // Everything below is read and written while the condition is locked.
  private let condition = NSCondition()
  private var current = Int(Date().timeIntervalSince1970 * 1000)
  private var changes = 0
  private var isStopped = false
  private let store: StoreAccess
  private let interval: Double

  /// How often what changes without the store being written is looked at again, in seconds: a process may die without a word.
  private static let secondLook = 10.0

  /// - Parameters:
  ///   - store: the store, by a connection of the watcher's own.
  ///   - interval: how often it is looked at, in seconds.
  init(_ store: StoreAccess, interval: Double = 1) {
    self.store = store
    self.interval = interval
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
    defer { condition.unlock() }
    while current == version, !isStopped, Date() < deadline {
      _ = condition.wait(until: min(deadline, Date().addingTimeInterval(1)))
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
      if !isStopped { _ = condition.wait(until: Date().addingTimeInterval(interval)) }
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
