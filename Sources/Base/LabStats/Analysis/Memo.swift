import Synchronization

/// What a pure function has given for the arguments that it was last asked with, for all threads.
///
/// A value is a function of its key alone, so that remembered and computed ones have the same bits, and two threads that
/// ask for the same at once may both compute it. Of more keys than there is room for, those go that were not asked for the
/// longest time.
package final class Memo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct State {
    var entries: [Key: (value: Value, use: UInt64)] = [:]
    var uses: UInt64 = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: the most values that are kept, at least 1.
  package init(limit: Int) { self.limit = max(1, limit) }

  /// The number of values that are kept.
  package var count: Int { state.withLock { $0.entries.count } }

  /// The value of a key, computed where it is not known.
  ///
  /// - Parameters:
  ///   - key: everything that the value depends on.
  ///   - compute: the function; other threads go on meanwhile.
  package func value(_ key: Key, _ compute: () -> Value) -> Value {
    let known = state.withLock { state -> Value? in
      guard let index = state.entries.index(forKey: key) else { return nil }
      state.uses += 1
      state.entries.values[index].use = state.uses
      return state.entries.values[index].value
    }
    if let known { return known }
    let value = compute()
    state.withLock { state in
      state.uses += 1
      state.entries[key] = (value, state.uses)
      guard state.entries.count > limit else { return }
      // Half of them at once, so that a function whose arguments never repeat does not search at each.
      let uses = state.entries.values.map(\.use).sorted()
      let least = uses[uses.count - max(1, limit / 2)]
      state.entries = state.entries.filter { $0.value.use >= least }
    }
    return value
  }
}
