import Foundation

/// The beta function and its incomplete integral, in logarithms so that no tail is too thin.
enum BetaFunctions {
  /// ln B(a, b) for positive a and b.
  ///
  /// Far from the origin the three log-gammas cancel to nearly nothing, so their Stirling remainders are
  /// subtracted instead.
  static func logBeta(_ a: Double, _ b: Double) -> Double {
    let small = min(a, b)
    let large = max(a, b)
    let sum = small + large
    if small >= 10 {
      let remainder = stirlingRemainder(small) + stirlingRemainder(large) - stirlingRemainder(sum)
      return -0.5 * log(large) + 0.5 * log(2 * .pi) + remainder + (small - 0.5) * log(small / sum)
        - large * log1p(small / large)
    }
    if large >= 10 {
      let remainder = stirlingRemainder(large) - stirlingRemainder(sum)
      return logGamma(small) + remainder + small - small * log(sum) - (large - 0.5) * log1p(small / large)
    }
    return logGamma(small) + logGamma(large) - logGamma(sum)
  }

  /// The logarithm of the regularised incomplete beta function I_x(a, b), for x below about (a+1)/(a+b+2).
  ///
  /// The complement and both logarithms are passed in, because whoever knows where x comes from can compute each
  /// without cancellation.
  ///
  /// - Parameters:
  ///   - x: the upper limit of the integral, in (0, 1).
  ///   - complement: 1 − x.
  ///   - logX: ln x.
  ///   - logComplement: ln (1 − x).
  static func logIncompleteBeta(
    _ a: Double, _ b: Double, x: Double, complement: Double, logX: Double, logComplement: Double
  ) -> Double {
    a * logX + b * logComplement - logBeta(a, b) - log(continuedFraction(a, b, x: x, complement: complement))
  }

  /// The continued fraction β₀ + α₁/(β₁ + α₂/(β₂ + …)) with I_x(a, b) = xᵃ(1 − x)ᵇ / (B(a, b) · fraction).
  ///
  /// This even part of the classical fraction has x and its complement only in sums without cancellation, which
  /// matters for a large `a` and an x close to 1.
  ///
  /// - Source: DLMF 8.17.22, contracted; evaluated by the modified Lentz method (Thompson and Barnett 1986).
  private static func continuedFraction(_ a: Double, _ b: Double, x: Double, complement: Double) -> Double {
    // Stands in for a denominator of zero.
    let tiny = 1e-300
    func nonZero(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    func partialDenominator(_ m: Double) -> Double {
      let last = (a + m) * (a * complement - b * x + 1 + m * (1 + complement)) / (a + 2 * m + 1)
      return m == 0 ? last : m + m * (b - m) * x / (a + 2 * m - 1) + last
    }

    var fraction = nonZero(partialDenominator(0))
    var numeratorRatio = fraction
    var denominatorRatio = 0.0
    for step in 1...100_000 {
      let m = Double(step)
      let root = x / (a + 2 * m - 1)
      let partialNumerator = (a + m - 1) * (a + b + m - 1) * m * (b - m) * root * root
      let denominator = partialDenominator(m)
      denominatorRatio = 1 / nonZero(denominator + partialNumerator * denominatorRatio)
      numeratorRatio = nonZero(denominator + partialNumerator / numeratorRatio)
      let factor = numeratorRatio * denominatorRatio
      fraction *= factor
      if abs(factor - 1) <= .ulpOfOne { break }
    }
    return fraction
  }

  /// ln Γ(x) − (x − ½) ln x + x − ½ ln 2π for x ≥ 10.
  static func stirlingRemainder(_ x: Double) -> Double {
    let r = 1 / (x * x)
    let series =
      1.0 / 12 + r
      * (-1.0 / 360 + r * (1.0 / 1260 + r * (-1.0 / 1680 + r * (1.0 / 1188 + r * (-691.0 / 360_360 + r / 156)))))
    return series / x
  }

  /// ln Γ(x) for positive x.
  static func logGamma(_ x: Double) -> Double {
    #if canImport(Darwin)
      return Foundation.lgamma(x)
    #else
      return Foundation.lgamma(x).0
    #endif
  }
}
