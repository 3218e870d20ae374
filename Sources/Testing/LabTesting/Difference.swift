/// The largest difference between two tensors where it is more than a tolerance.
public struct Difference: CustomStringConvertible, Sendable {
  /// The position of the largest difference.
  public var position: Int
  /// The number that was found there.
  public var found: Double
  /// The number that was expected there.
  public var expected: Double
  /// The difference divided by the largest absolute value that was expected anywhere in the tensor.
  public var relative: Double

  /// Compares two tensors; nil where they agree.
  ///
  /// - Parameters:
  ///   - found: the numbers to check.
  ///   - expected: the numbers that they should be.
  ///   - tolerance: the largest difference, relative to the largest absolute value of `expected`.
  ///   - floor: stands for the largest absolute value where everything is smaller.
  public init?(_ found: [Double], _ expected: [Double], tolerance: Double, floor: Double = 1e-2) {
    let largest = Difference.largest(found, expected, floor: floor)
    // Written so that a NaN is a difference.
    guard !(largest.relative <= tolerance) else { return nil }
    self = largest
  }

  /// The largest difference, however small.
  public static func largest(_ found: [Double], _ expected: [Double], floor: Double = 1e-2) -> Difference {
    precondition(found.count == expected.count && !found.isEmpty, "tensors of different shape cannot be compared")
    let scale = expected.reduce(floor) { max($0, abs($1)) }
    var largest = Difference(position: 0, found: found[0], expected: expected[0], relative: -1)
    for (position, (a, b)) in zip(found, expected).enumerated() {
      let relative = abs(a - b) / scale
      if !(relative <= largest.relative) {
        largest = Difference(position: position, found: a, expected: b, relative: relative)
        if relative.isNaN { break }
      }
    }
    return largest
  }

  /// The length of the vector of differences, divided by that of the expected one.
  public static func relativeLength(_ found: [Double], _ expected: [Double], floor: Double = 1e-2) -> Double {
    precondition(found.count == expected.count && !found.isEmpty, "tensors of different shape cannot be compared")
    let difference = zip(found, expected).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    let length = expected.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return difference / max(length, floor)
  }

  private init(position: Int, found: Double, expected: Double, relative: Double) {
    self.position = position
    self.found = found
    self.expected = expected
    self.relative = relative
  }

  /// Where, what was found, what was expected.
  public var description: String {
    "is \(found) at position \(position) instead of \(expected), a relative difference of \(relative)"
  }
}
