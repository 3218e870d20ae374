import Foundation

/// Points and weights for the mean of a function over a few independent standard normal factors, of which the first matters
/// most.
///
/// The first factor is integrated by the trapezoidal rule, which for such functions is as accurate as any, and the others by
/// Gauss and Hermite's with the fewer points the less a factor matters. Points that weigh nothing are left out, so that a
/// mean has an absolute error of some 10⁻⁹ .
struct FactorQuadrature: Sendable {
  /// A point after another, each with a coordinate a factor.
  let points: [[Double]]
  /// The weights of the points.
  let weights: [Double]

  /// The least weight of a point.
  private static let leastWeight = 1e-11

  /// Creates the rule; nil where it takes too many points.
  ///
  /// - Parameters:
  ///   - importances: of each factor, its largest loading in units of the standard deviation beside the factors.
  ///   - isEven: whether the function is the same for all factors with their signs turned.
  ///   - limit: the most points.
  init?(importances: [Double], isEven: Bool, limit: Int) {
    guard let first = importances.first else { return nil }
    let step = min(0.25, 0.25 / max(first, 1e-9))
    let count = Int((8.5 / step).rounded(.up))
    guard count < limit else { return nil }
    let normal = StandardNormal()
    var points = ((isEven ? 0 : -count)...count).map { [Double($0) * step] }
    var weights = points.map { step * normal.density($0[0]) * (isEven && $0[0] > 0 ? 2 : 1) }
    for importance in importances.dropFirst() {
      let rule = Self.hermite(count: 4 + Int((importance * (18 + 16 * importance)).rounded(.up)))
      var (nextPoints, nextWeights) = ([[Double]](), [Double]())
      for (point, weight) in zip(points, weights) {
        for (node, share) in rule where weight * share > Self.leastWeight {
          nextPoints.append(point + [node])
          nextWeights.append(weight * share)
        }
      }
      guard nextPoints.count <= limit else { return nil }
      (points, weights) = (nextPoints, nextWeights)
    }
    self.points = points
    self.weights = weights
  }

  /// Points that weigh the same.
  init(evenlyWeighted points: [[Double]]) {
    self.points = points
    weights = points.map { _ in 1 / Double(points.count) }
  }

  /// Gauss and Hermite's rule for the mean over a standard normal variable.
  ///
  /// The nodes are roots of the Hermite polynomial, found by Newton's method from the last root less a step, with those found
  /// before divided out.
  private static func hermite(count: Int) -> [(node: Double, weight: Double)] {
    let total = Double(count)
    /// The orthonormal polynomials of the last two degrees.
    func polynomials(_ x: Double) -> (last: Double, previous: Double) {
      var (previous, last) = (0.0, 1.0)
      for degree in 0..<count {
        (previous, last) = (
          last, (x * last - Double(degree).squareRoot() * previous) / Double(degree + 1).squareRoot()
        )
      }
      return (last, previous)
    }
    var found = [Double]()
    var x = 2 * total.squareRoot()
    for _ in 0..<count / 2 {
      for _ in 0..<200 {
        let (last, previous) = polynomials(x)
        let slope = total.squareRoot() * previous / last
        // Roots come in pairs, and the middle one of an odd count is 0.
        let deflation = found.reduce(count.isMultiple(of: 2) ? 0 : 1 / x) { $0 + 1 / (x - $1) + 1 / (x + $1) }
        let step = 1 / (slope - deflation)
        x -= step
        if !(abs(step) > 1e-15 * abs(x)) { break }
      }
      found.append(x)
      x *= 0.999
    }
    let nodes = found + (count.isMultiple(of: 2) ? [] : [0]) + found.reversed().map { -$0 }
    return nodes.map { node in
      let previous = polynomials(node).previous
      return (node, 1 / (total * previous * previous))
    }
  }
}
