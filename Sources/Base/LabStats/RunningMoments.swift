/// Mean and variance of a stream of values, without keeping them.
///
/// Measurements that arrive one by one (step times, throughput) go in here; a sample that is at hand as an array is
/// better summarised by ``SampleSummary``.
///
/// - Source: Welford, Technometrics 4 (1962); the merge of two streams is Chan, Golub and LeVeque (1979).
public struct RunningMoments: Sendable, Hashable {
  /// The number of values added.
  public private(set) var count = 0
  private var runningMean = 0.0
  private var squaredDeviations = 0.0

  /// Creates an empty stream.
  public init() {}

  /// Adds one value.
  public mutating func add(_ value: Double) {
    count += 1
    let deviation = value - runningMean
    runningMean += deviation / Double(count)
    squaredDeviations += deviation * (value - runningMean)
  }

  /// Adds the values of another stream.
  public mutating func merge(_ other: RunningMoments) {
    guard other.count > 0 else { return }
    guard count > 0 else {
      self = other
      return
    }
    let total = Double(count + other.count)
    let deviation = other.runningMean - runningMean
    runningMean += deviation * Double(other.count) / total
    squaredDeviations += other.squaredDeviations + deviation * deviation * Double(count) * Double(other.count) / total
    count += other.count
  }

  /// The mean; nil while the stream is empty.
  public var mean: Double? { count > 0 ? runningMean : nil }

  /// The sample standard deviation; nil below two values.
  public var standardDeviation: Double? {
    count > 1 ? (squaredDeviations / Double(count - 1)).squareRoot() : nil
  }
}
