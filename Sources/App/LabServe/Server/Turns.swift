import Foundation

/// Lets one at a time make what many want at once, and a few things be made at a time.
package final class Turns: Sendable {
  /// What has come of waiting for a turn.
  package enum Outcome<Value> {
    /// It is the caller's, who gives it back.
    case taken
    /// Somebody else has made what is wanted.
    case made(Value)
    /// It has taken too long.
    case late
  }

  private let condition = NSCondition()
  // Is read and written while the condition is locked.
  private nonisolated(unsafe) var names: Set<String> = []
  private let limit: Int

  /// - Parameter limit: how many things are made at a time.
  package init(limit: Int) { self.limit = limit }

  /// Waits until nobody makes the thing, and there is room for another one.
  ///
  /// - Parameters:
  ///   - name: what is wanted.
  ///   - seconds: how long to wait.
  ///   - made: the thing where it has been made, which is asked before and after everything that ends.
  package func take<Value>(_ name: String, seconds: Double, unless made: () -> Value?) -> Outcome<Value> {
    let deadline = Date().addingTimeInterval(seconds)
    return condition.withLock {
      while true {
        if let value = made() { return .made(value) }
        if names.count < limit, names.insert(name).inserted { return .taken }
        guard condition.wait(until: deadline) else { return .late }
      }
    }
  }

  /// Gives a turn back.
  package func giveBack(_ name: String) {
    condition.withLock {
      names.remove(name)
      condition.broadcast()
    }
  }
}
