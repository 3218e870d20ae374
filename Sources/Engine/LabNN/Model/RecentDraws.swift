import Synchronization

/// Initial values that were drawn before.
///
/// The variants of a study start from the same numbers wherever they have a parameter in common, so that in a sweep of
/// short runs most numbers would be drawn a dozen times.
package final class RecentDraws: Sendable {
  /// What the numbers are a function of.
  package struct Key: Hashable {
    var initializer: Initializer
    var count: Int
    var seed: UInt64
    var name: String

    package init(initializer: Initializer, count: Int, seed: UInt64, name: String) {
      self.initializer = initializer
      self.count = count
      self.seed = seed
      self.name = name
    }
  }

  private struct State {
    var values: [Key: [Float]] = [:]
    /// The keys from the oldest on.
    var order: [Key] = []
    var elementCount = 0
  }

  /// 16 MiB: some dozen small networks.
  ///
  /// Drawing is no matter in runs of large ones.
  static let shared = RecentDraws(capacity: 4 << 20)

  /// The number of elements that are kept.
  ///
  /// Of a parameter that alone would take a quarter of it, none are.
  private let capacity: Int
  private let state = Mutex(State())

  package init(capacity: Int) { self.capacity = capacity }

  /// The number of elements that are kept now.
  package var elementCount: Int { state.withLock(\.elementCount) }

  /// The values that were drawn before, or those that `draw` returns.
  package func values(of key: Key, draw: () -> [Float]) -> [Float] {
    if let known = state.withLock({ $0.values[key] }) { return known }
    let values = draw()
    guard values.count <= capacity / 4 else { return values }
    state.withLock { state in
      guard state.values.updateValue(values, forKey: key) == nil else { return }
      state.order.append(key)
      state.elementCount += values.count
      var dropped = 0
      while state.elementCount > capacity {
        state.elementCount -= state.values.removeValue(forKey: state.order[dropped])?.count ?? 0
        dropped += 1
      }
      state.order.removeFirst(dropped)
    }
    return values
  }
}
