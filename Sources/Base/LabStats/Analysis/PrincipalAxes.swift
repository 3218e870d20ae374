/// The turn of points' coordinates after which the first holds as much of their squares as it can, the second as much of
/// the rest, and so on.
enum PrincipalAxes {
  /// The turned points, without coordinates that are nothing but rounding.
  ///
  /// The axes are eigenvectors of the coordinates' products, found by Jacobi's rotations.
  ///
  /// ## Shapes
  /// - points: [points, dimensions]; returned: [points, at most dimensions].
  static func turn(_ points: [[Double]], weights: [Double]) -> [[Double]] {
    guard let count = points.first?.count, count > 1 else { return points }
    var matrix = [[Double]](repeating: [Double](repeating: 0, count: count), count: count)
    for (point, weight) in zip(points, weights) {
      for i in 0..<count { for j in 0..<count { matrix[i][j] += weight * point[i] * point[j] } }
    }
    var axes = (0..<count).map { i in (0..<count).map { $0 == i ? 1.0 : 0 } }
    let total = (0..<count).reduce(0) { $0 + matrix[$1][$1] }
    for _ in 0..<60 {
      var off = 0.0
      for i in 0..<count { for j in 0..<i { off += matrix[i][j] * matrix[i][j] } }
      if off.squareRoot() <= 1e-15 * total { break }
      for p in 0..<count {
        for q in (p + 1)..<max(count, p + 1) where abs(matrix[p][q]) > 1e-18 * total {
          let theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q])
          let t = (theta >= 0 ? 1 : -1) / (abs(theta) + (theta * theta + 1).squareRoot())
          let cosine = 1 / (t * t + 1).squareRoot()
          let sine = t * cosine
          for k in 0..<count {
            let (a, b) = (matrix[k][p], matrix[k][q])
            (matrix[k][p], matrix[k][q]) = (cosine * a - sine * b, sine * a + cosine * b)
          }
          for k in 0..<count {
            let (a, b) = (matrix[p][k], matrix[q][k])
            (matrix[p][k], matrix[q][k]) = (cosine * a - sine * b, sine * a + cosine * b)
            let (c, d) = (axes[p][k], axes[q][k])
            (axes[p][k], axes[q][k]) = (cosine * c - sine * d, sine * c + cosine * d)
          }
        }
      }
    }
    let order = (0..<count).sorted { (matrix[$1][$1], $0) < (matrix[$0][$0], $1) }
    let turned = points.map { point in order.map { axis in zip(axes[axis], point).reduce(0) { $0 + $1.0 * $1.1 } } }
    let kept = (0..<count).filter { axis in axis == 0 || turned.contains { abs($0[axis]) > 1e-9 } }
    return turned.map { point in kept.map { point[$0] } }
  }
}
