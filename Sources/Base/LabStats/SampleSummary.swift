/// Size, centre and spread of a sample.
public struct SampleSummary: Sendable, Hashable {
  /// The number of values, at least 1.
  public let count: Int
  /// The arithmetic mean.
  public let mean: Double
  /// The sample standard deviation, with n − 1 in the denominator; nil for a single value.
  public let standardDeviation: Double?
  /// The smallest value.
  public let minimum: Double
  /// The largest value.
  public let maximum: Double

  /// Summarises a sample; nil where it is empty.
  ///
  /// - Parameter values: finite numbers.
  public init?(_ values: some Collection<Double>) {
    guard let minimum = values.min(), let maximum = values.max() else { return nil }
    let count = Double(values.count)
    self.count = values.count
    self.minimum = minimum
    self.maximum = maximum
    guard minimum < maximum else {
      // Equal values have exactly no spread, whatever the rounding of their sum.
      mean = minimum
      standardDeviation = values.count > 1 ? 0 : nil
      return
    }
    let mean = Swift.min(Swift.max(values.compensatedSum() / count, minimum), maximum)
    let deviations = values.lazy.map { $0 - mean }
    // The second term removes what the rounding of the mean adds to the first.
    let squares = deviations.map { $0 * $0 }.compensatedSum()
    let residual = deviations.compensatedSum()
    self.mean = mean
    standardDeviation = (Swift.max(0, squares - residual * residual / count) / (count - 1)).squareRoot()
  }

  /// The standard error of the mean; nil for a single value.
  public var standardError: Double? { standardDeviation.map { $0 / Double(count).squareRoot() } }

  /// Student's interval of the mean; nil for a single value.
  ///
  /// - Parameter level: the confidence level, in (0, 1).
  public func interval(level: Double = 0.95) -> ConfidenceInterval? {
    guard let standardError else { return nil }
    return ConfidenceInterval(
      around: mean, standardError: standardError, degreesOfFreedom: Double(count - 1), level: level)
  }
}
