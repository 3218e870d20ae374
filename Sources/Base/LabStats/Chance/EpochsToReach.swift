/// How long runs train until a metric has reached a value; a run that never does is known to take longer than it trained.
public struct EpochsToReach: Sendable, Hashable {
  /// The first epoch of each run at which the value is reached; nil for runs that did not reach it.
  public let epochs: [Int?]
  /// The epoch at which observation ends.
  public let lastEpoch: Int

  /// Looks for the first epoch of each run.
  ///
  /// - Parameters:
  ///   - value: what is to be reached.
  ///   - epochs: the epochs at which the runs were evaluated, ascending, at least one.
  ///   - courses: the metric at these epochs, an array a run.
  ///   - higherIsBetter: whether the metric has to rise to the value, or else to fall.
  public init(_ value: Double, epochs: [Int], courses: [[Double]], higherIsBetter: Bool = true) {
    precondition(!epochs.isEmpty && courses.allSatisfy { $0.count == epochs.count }, "a course has a value an epoch")
    lastEpoch = epochs[epochs.count - 1]
    self.epochs = courses.map { course in
      course.firstIndex { higherIsBetter ? $0 >= value : $0 <= value }.map { epochs[$0] }
    }
  }

  /// Looks for the first epoch of each run, where runs may have ended at different epochs.
  ///
  /// - Parameters:
  ///   - value: what is to be reached.
  ///   - courses: the metric of each run by epoch, at one epoch at least.
  ///   - higherIsBetter: whether the metric has to rise to the value, or else to fall.
  public init(_ value: Double, courses: [[Int: Double]], higherIsBetter: Bool = true) {
    lastEpoch = courses.lazy.compactMap { $0.keys.max() }.max() ?? 0
    epochs = courses.map { course in
      course.filter { higherIsBetter ? $0.value >= value : $0.value <= value }.keys.min()
    }
  }

  /// The number of runs that reached the value.
  public var reachedCount: Int { epochs.lazy.compactMap { $0 }.count }

  /// The median over all runs, with those that did not reach the value after all others; nil where it is among them.
  public var median: Double? {
    let sorted = epochs.map { $0 ?? .max }.sorted()
    guard !sorted.isEmpty else { return nil }
    let (low, high) = (sorted[(sorted.count - 1) / 2], sorted[sorted.count / 2])
    return high == .max ? nil : (Double(low) + Double(high)) / 2
  }

  /// Compares runs with those of another variant of the same seeds, in the same order.
  ///
  /// Where one of two runs did not reach the value, the other was earlier; where neither did, nobody knows.
  ///
  /// - Returns: the seeds in which these runs are earlier and later, and the exact two-sided p-value of the sign test,
  ///   which is 1 without such seeds.
  public func compared(with reference: EpochsToReach) -> (earlier: Int, later: Int, pValue: Double) {
    let pairs = zip(epochs, reference.epochs).map { ($0 ?? .max, $1 ?? .max) }
    let earlier = pairs.lazy.filter { $0.0 < $0.1 }.count
    let later = pairs.lazy.filter { $0.0 > $0.1 }.count
    return (earlier, later, McNemar(gained: earlier, lost: later).exactPValue)
  }
}
