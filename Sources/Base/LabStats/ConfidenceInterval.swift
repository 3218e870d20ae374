/// A range that holds the true value in a given share of repetitions.
public struct ConfidenceInterval: Sendable, Hashable, Codable {
  /// The lower end.
  public var lower: Double
  /// The upper end.
  public var upper: Double
  /// The confidence level, in (0, 1).
  public var level: Double

  /// Creates an interval from its ends.
  public init(lower: Double, upper: Double, level: Double) {
    self.lower = lower
    self.upper = upper
    self.level = level
  }

  /// Creates Student's interval around an estimate.
  ///
  /// - Parameters:
  ///   - estimate: the estimate.
  ///   - standardError: its standard error.
  ///   - degreesOfFreedom: those of the standard error, more than 0.
  ///   - level: the confidence level, in (0, 1).
  public init(around estimate: Double, standardError: Double, degreesOfFreedom: Double, level: Double) {
    precondition(level > 0 && level < 1, "a confidence level lies between 0 and 1")
    let halfWidth =
      standardError == 0
      ? 0 : standardError * StudentT(degreesOfFreedom: degreesOfFreedom).criticalValue(level: level)
    self.init(lower: estimate - halfWidth, upper: estimate + halfWidth, level: level)
  }

  /// Half the distance between the ends.
  public var halfWidth: Double { (upper - lower) / 2 }

  /// Whether a value lies within the interval or on one of its ends.
  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}
