import Foundation

/// Gauss's rule on [−1, 1].
struct Quadrature: Sendable {
  let nodes: [Double]
  let weights: [Double]

  /// Creates the rule of some nodes.
  ///
  /// The nodes are roots of the Legendre polynomial, found by Newton's method from Tricomi's approximation.
  init(count: Int) {
    var nodes = [Double]()
    var weights = [Double]()
    for i in 0..<count {
      var x = cos(.pi * (Double(i) + 0.75) / (Double(count) + 0.5))
      var slope = 1.0
      for _ in 0..<20 {
        var (previous, current) = (1.0, x)
        for k in stride(from: 2, through: count, by: 1) {
          (previous, current) = (current, ((2 * Double(k) - 1) * x * current - (Double(k) - 1) * previous) / Double(k))
        }
        slope = Double(count) * (x * current - previous) / (x * x - 1)
        let step = current / slope
        x -= step
        if abs(step) < 1e-15 { break }
      }
      nodes.append(x)
      weights.append(2 / ((1 - x * x) * slope * slope))
    }
    self.nodes = nodes
    self.weights = weights
  }

  /// The rule that most integrals here take a panel.
  static let panel = Quadrature(count: 16)

  /// The nodes and weights of equal panels that make up a range.
  func composite(from lower: Double, to upper: Double, width: Double) -> [(node: Double, weight: Double)] {
    guard upper > lower else { return [] }
    let count = max(1, Int(((upper - lower) / width).rounded(.up)))
    let half = (upper - lower) / Double(count) / 2
    return (0..<count).flatMap { panel in
      let center = lower + half * (2 * Double(panel) + 1)
      return zip(nodes, weights).map { (center + half * $0, half * $1) }
    }
  }
}

/// A smooth function as polynomials on equal panels.
struct PanelTable: Sendable {
  let upper: Double
  private let width: Double
  private let order: Int
  private let panelCount: Int
  /// Chebyshev coefficients, a row a panel.
  private var coefficients: [Double]

  /// The points from 0 to `upper` whose values a table is made of.
  static func points(upper: Double, width: Double, order: Int) -> [Double] {
    let panelCount = Int((upper / width).rounded(.up))
    let places = (0..<order).map { 0.5 + 0.5 * cos(.pi * (Double($0) + 0.5) / Double(order)) }
    return (0..<panelCount).flatMap { panel in places.map { width * (Double(panel) + $0) } }
  }

  /// Creates a table from the function's values at ``points(upper:width:order:)``.
  init(values: [Double], width: Double, order: Int) {
    panelCount = values.count / order
    (self.width, self.order, upper) = (width, order, width * Double(panelCount))
    coefficients = []
    for panel in 0..<panelCount {
      for degree in 0..<order {
        var sum = 0.0
        for k in 0..<order {
          sum += values[panel * order + k] * cos(.pi * Double(degree) * (Double(k) + 0.5) / Double(order))
        }
        coefficients.append(sum * (degree == 0 ? 1 : 2) / Double(order))
      }
    }
  }

  /// The function's value; that of the nearest end outside of the table.
  func value(_ x: Double) -> Double {
    let position = min(max(x / width, 0), Double(panelCount))
    let panel = min(Int(position), panelCount - 1)
    let t = 2 * (position - Double(panel)) - 1
    return coefficients.withUnsafeBufferPointer { c in
      var (b1, b2) = (0.0, 0.0)
      for degree in stride(from: order - 1, to: 0, by: -1) {
        (b1, b2) = (c[panel * order + degree] + 2 * t * b1 - b2, b1)
      }
      return c[panel * order] + t * b1 - b2
    }
  }
}
