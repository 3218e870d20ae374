/// A linear combination of treatment means, such as a difference of two, with what is known of its chance.
public struct Contrast: Sendable, Hashable {
  /// The estimate.
  public let estimate: Double
  /// The estimate's standard error; nil where the data have no spread to take it from.
  public let standardError: Double?
  /// The degrees of freedom of the standard error; 0 where there is none.
  public let degreesOfFreedom: Double

  /// Creates a contrast.
  ///
  /// - Parameters:
  ///   - estimate: the estimate.
  ///   - standardError: its standard error; zero and nil both stand for none.
  ///   - degreesOfFreedom: those of the standard error.
  public init(estimate: Double, standardError: Double?, degreesOfFreedom: Double) {
    self.estimate = estimate
    let isKnown = degreesOfFreedom > 0 && (standardError ?? 0) > 0
    self.standardError = isKnown ? standardError : nil
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The contrast of paired differences.
  public init(_ paired: PairedDifference) {
    self.init(
      estimate: paired.mean, standardError: paired.hasSpread ? paired.summary.standardError : nil,
      degreesOfFreedom: Double(paired.summary.count - 1))
  }

  /// The degrees of freedom that it is judged by; nil without a standard error.
  var judgedDegreesOfFreedom: Double? { standardError == nil ? nil : degreesOfFreedom }

  /// The estimate in units of its standard error; nil without one.
  public var tStatistic: Double? { standardError.map { estimate / $0 } }

  /// The p-value of no difference, two-sided; nil without a standard error.
  public var pValue: Double? { pValue(.twoSided) }

  /// The p-value of no difference; nil without a standard error.
  public func pValue(_ alternative: Alternative) -> Double? {
    tStatistic.map { t in
      let distribution = StudentT(degreesOfFreedom: degreesOfFreedom)
      return switch alternative {
      case .twoSided: distribution.twoSidedProbability(t)
      case .greater: distribution.survival(t)
      case .less: distribution.cumulativeProbability(t)
      }
    }
  }

  /// Student's interval, of this one comparison by itself; nil without a standard error.
  public func interval(level: Double = 0.95, _ alternative: Alternative = .twoSided) -> ConfidenceInterval? {
    guard standardError != nil else { return nil }
    let distribution = StudentT(degreesOfFreedom: degreesOfFreedom)
    let criticalValue =
      alternative == .twoSided ? distribution.criticalValue(level: level) : -distribution.quantile(1 - level)
    return interval(criticalValue: criticalValue, level: level, alternative)
  }

  /// The interval of a critical value, such as a simultaneous one; nil without a standard error.
  ///
  /// An interval of one side reaches to infinity on the other.
  public func interval(
    criticalValue: Double, level: Double, _ alternative: Alternative = .twoSided
  ) -> ConfidenceInterval? {
    standardError.map { error in
      ConfidenceInterval(
        lower: alternative == .less ? -.infinity : estimate - criticalValue * error,
        upper: alternative == .greater ? .infinity : estimate + criticalValue * error, level: level)
    }
  }

  /// The contrast with its sign turned.
  public var negated: Contrast {
    Contrast(estimate: -estimate, standardError: standardError, degreesOfFreedom: degreesOfFreedom)
  }
}
