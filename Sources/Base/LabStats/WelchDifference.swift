import Foundation

/// The difference of two means of unrelated samples, whose variances may differ.
///
/// It is the fallback where two treatments share no unit; where they do, ``PairedDifference`` knows more.
///
/// - Source: Welch, Biometrika 34 (1947), with Satterthwaite's degrees of freedom.
public struct WelchDifference: Sendable, Hashable {
  /// The treatment's sample.
  public let treatment: SampleSummary
  /// The reference's sample.
  public let reference: SampleSummary

  /// Compares two samples; nil where one is empty.
  public init?(treatment: [Double], reference: [Double]) {
    guard let treatment = SampleSummary(treatment), let reference = SampleSummary(reference) else { return nil }
    self.treatment = treatment
    self.reference = reference
  }

  /// Treatment mean minus reference mean.
  public var mean: Double { treatment.mean - reference.mean }

  /// The standard error of the difference; nil where a sample has a single value.
  public var standardError: Double? {
    guard let first = treatment.standardError, let second = reference.standardError else { return nil }
    return (first * first + second * second).squareRoot()
  }

  /// Satterthwaite's degrees of freedom; nil where a sample has a single value or neither has any spread.
  public var degreesOfFreedom: Double? {
    guard let first = treatment.standardError, let second = reference.standardError, first > 0 || second > 0 else {
      return nil
    }
    // Shares of the larger variance, so that tiny errors do not vanish when squared.
    let largest = max(first, second)
    let a = (first / largest) * (first / largest)
    let b = (second / largest) * (second / largest)
    return (a + b) * (a + b) / (a * a / Double(treatment.count - 1) + b * b / Double(reference.count - 1))
  }

  /// The difference in units of its standard error; nil where that is unknown or zero.
  public var tStatistic: Double? {
    guard let standardError, standardError > 0 else { return nil }
    return mean / standardError
  }

  /// What keeps the difference from being judged; nil where nothing does.
  ///
  /// The statistics below are defined where a single sample has spread, but then all of the chance is estimated from
  /// the other one.
  public var caveat: DifferenceCaveat? {
    if min(treatment.count, reference.count) < DifferenceCaveat.smallestCount {
      return .tooFewValues(treatment: treatment.count, reference: reference.count)
    }
    let lacking = (treatment: treatment.standardDeviation == 0, reference: reference.standardDeviation == 0)
    return lacking.treatment || lacking.reference
      ? .samplesWithoutSpread(treatment: lacking.treatment, reference: lacking.reference) : nil
  }

  /// The two-sided p-value; nil where a sample has a single value or neither has any spread.
  public var pValue: Double? {
    guard let tStatistic, let degreesOfFreedom else { return nil }
    return StudentT(degreesOfFreedom: degreesOfFreedom).twoSidedProbability(tStatistic)
  }

  /// The interval of the difference; nil where a sample has a single value or neither has any spread.
  public func interval(level: Double = 0.95) -> ConfidenceInterval? {
    guard let standardError, let degreesOfFreedom else { return nil }
    return ConfidenceInterval(
      around: mean, standardError: standardError, degreesOfFreedom: degreesOfFreedom, level: level)
  }

  /// Hedges' g: the difference in units of the pooled standard deviation, corrected for small samples.
  ///
  /// Nil where a sample has a single value or neither has any spread.
  ///
  /// - Source: Hedges, Journal of Educational Statistics 6 (1981), with the exact gamma correction.
  public var hedgesG: Double? {
    guard let first = treatment.standardDeviation, let second = reference.standardDeviation else { return nil }
    let degrees = Double(treatment.count + reference.count - 2)
    let pooled =
      ((Double(treatment.count - 1) * first * first + Double(reference.count - 1) * second * second) / degrees)
      .squareRoot()
    guard pooled > 0 else { return nil }
    let correction =
      exp(BetaFunctions.logGamma(degrees / 2) - BetaFunctions.logGamma((degrees - 1) / 2)) / (degrees / 2).squareRoot()
    return mean / pooled * correction
  }
}
