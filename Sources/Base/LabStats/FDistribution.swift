import Foundation

/// Fisher's distribution of the ratio of two variances.
public struct FDistribution: Sendable, Hashable {
  /// The degrees of freedom of the numerator, more than 0.
  public let numerator: Double
  /// The degrees of freedom of the denominator, more than 0.
  public let denominator: Double

  /// Creates a distribution.
  public init(numerator: Double, denominator: Double) {
    precondition(numerator > 0 && denominator > 0, "degrees of freedom are positive")
    self.numerator = numerator
    self.denominator = denominator
  }

  /// The probability of a ratio above `ratio`.
  public func survival(_ ratio: Double) -> Double {
    if ratio.isNaN { return .nan }
    if ratio <= 0 { return 1 }
    if ratio == .infinity { return 0 }
    let (a, b) = (denominator / 2, numerator / 2)
    // x = d/(d + n·ratio), its complement, and both logarithms, each without cancellation.
    let odds = numerator * ratio / denominator
    let (x, complement) = (1 / (1 + odds), odds / (1 + odds))
    let (logX, logComplement) = (-log1p(odds), -log1p(1 / odds))
    if x < (a + 1) / (a + b + 2) {
      return exp(
        BetaFunctions.logIncompleteBeta(a, b, x: x, complement: complement, logX: logX, logComplement: logComplement))
    }
    return -expm1(
      BetaFunctions.logIncompleteBeta(b, a, x: complement, complement: x, logX: logComplement, logComplement: logX))
  }
}
