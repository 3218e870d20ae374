import Foundation

/// The normal distribution with mean 0 and variance 1.
public struct StandardNormal: Sendable {
  /// Creates the distribution.
  public init() {}

  /// The density at a point.
  public func density(_ z: Double) -> Double { exp(logDensity(z)) }

  /// The probability of a value of at most `z`.
  public func cumulativeProbability(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// The probability of a value above `z`.
  public func survival(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

  /// The value that a share `probability` of the distribution does not exceed.
  public func quantile(_ probability: Double) -> Double { solveQuantile(probability) }
}

extension StandardNormal: SymmetricDistribution {
  func logDensity(_ t: Double) -> Double { -0.5 * t * t - 0.5 * log(2 * .pi) }

  func logSurvival(_ t: Double) -> Double { log(survival(t)) }

  func centralProbability(_ t: Double) -> Double { 0.5 * erf(t / 2.0.squareRoot()) }

  func tailGuess(_ probability: Double) -> Double {
    // S(z) ≤ ½ exp(−z²/2) for z ≥ 0.
    (-2 * log(2 * probability)).squareRoot()
  }
}
