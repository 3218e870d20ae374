/// The lower triangle L of a symmetric positive definite matrix LLᵀ.
struct CholeskyFactor: Sendable {
  /// The number of rows.
  let count: Int
  /// L by rows, whole.
  private var lower: [Double]

  /// Factors a matrix; nil where it is not positive definite.
  ///
  /// ## Shapes
  /// - matrix: [count, count], row-major; its lower triangle is read.
  ///
  /// - Parameter tolerance: the share of its diagonal element below which a pivot is nothing but rounding, of a column that
  ///   others make up.
  init?(_ matrix: [Double], count: Int, tolerance: Double = 1e-13) {
    self.count = count
    var lower = matrix
    let isPositive = lower.withUnsafeMutableBufferPointer { l in
      for i in 0..<count {
        for j in 0...i {
          var sum = l[i * count + j]
          for k in 0..<j { sum -= l[i * count + k] * l[j * count + k] }
          if i == j {
            guard sum > tolerance * abs(l[i * count + i]) else { return false }
            l[i * count + i] = sum.squareRoot()
          } else {
            l[i * count + j] = sum / l[j * count + j]
          }
        }
      }
      return true
    }
    guard isPositive else { return nil }
    self.lower = lower
  }

  /// The x with LLᵀx = right side.
  func solve(_ rightSide: [Double]) -> [Double] {
    var x = solveLower(rightSide)
    lower.withUnsafeBufferPointer { l in
      for i in stride(from: count - 1, through: 0, by: -1) {
        x[i] /= l[i * count + i]
        let value = x[i]
        for k in 0..<i { x[k] -= l[i * count + k] * value }
      }
    }
    return x
  }

  /// The x with Lx = right side.
  func solveLower(_ rightSide: [Double]) -> [Double] {
    var x = rightSide
    lower.withUnsafeBufferPointer { l in
      for i in 0..<count {
        var sum = x[i]
        for k in 0..<i { sum -= l[i * count + k] * x[k] }
        x[i] = sum / l[i * count + i]
      }
    }
    return x
  }

  /// The inverse of the matrix, row-major.
  func inverse() -> [Double] {
    var inverse = [Double](repeating: 0, count: count * count)
    var unit = [Double](repeating: 0, count: count)
    for i in 0..<count {
      unit[i] = 1
      let column = solve(unit)
      unit[i] = 0
      for j in 0..<count { inverse[j * count + i] = column[j] }
    }
    return inverse
  }
}
