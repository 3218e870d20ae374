import Foundation

/// Critical values of a family whose comparisons differ in their degrees of freedom.
///
/// A few are computed each by itself. Many are read from the polynomial through 24 of them, in the reciprocal of the degrees
/// of freedom, with a relative error below 10⁻⁷.
struct CriticalValueTable: Sendable {
  private let known: [Double: Double]
  /// Points of Chebyshev, with the logarithm of the critical value at each.
  private let points: [(reciprocal: Double, logValue: Double)]
  private static let mostKnown = 32
  private static let pointCount = 24

  /// - Parameters:
  ///   - degreesOfFreedom: all that will be asked for, each at least 1.
  ///   - criticalValue: that of some degrees of freedom.
  init(_ degreesOfFreedom: Set<Double>, criticalValue: (Double) -> Double) {
    guard degreesOfFreedom.count > Self.mostKnown, let least = degreesOfFreedom.min(), let most = degreesOfFreedom.max()
    else {
      known = Dictionary(uniqueKeysWithValues: degreesOfFreedom.map { ($0, criticalValue($0)) })
      points = []
      return
    }
    known = [most: criticalValue(most)]
    let (center, radius) = ((1 / least + 1 / most) / 2, (1 / least - 1 / most) / 2)
    points = (0..<Self.pointCount).map { index in
      let reciprocal = center + radius * cos(.pi * Double(index) / Double(Self.pointCount - 1))
      return (reciprocal, log(criticalValue(1 / reciprocal)))
    }
  }

  /// The critical value of some degrees of freedom.
  func value(_ degreesOfFreedom: Double) -> Double? {
    if let value = known[degreesOfFreedom] { return value }
    guard !points.isEmpty else { return nil }
    let reciprocal = 1 / degreesOfFreedom
    var (sum, weights) = (0.0, 0.0)
    for (index, point) in points.enumerated() {
      let distance = reciprocal - point.reciprocal
      guard distance != 0 else { return exp(point.logValue) }
      let isEnd = index == 0 || index == points.count - 1
      let weight = (index.isMultiple(of: 2) ? 1 : -1) * (isEnd ? 0.5 : 1) / distance
      sum += weight * point.logValue
      weights += weight
    }
    return exp(sum / weights)
  }
}
