/// A running sum whose rounding error does not grow with the number of terms.
///
/// - Source: Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54 (1974).
public struct CompensatedSum: Sendable, Hashable {
  private var sum = 0.0
  private var compensation = 0.0

  /// Creates an empty sum.
  public init() {}

  /// The sum of everything added so far.
  public var value: Double {
    // An infinite or undefined sum has no meaningful compensation.
    compensation.isFinite ? sum + compensation : sum
  }

  /// Adds one term.
  public mutating func add(_ term: Double) {
    let total = sum + term
    compensation += abs(sum) >= abs(term) ? (sum - total) + term : (term - total) + sum
    sum = total
  }

  /// Adds the terms of another sum.
  public mutating func merge(_ other: CompensatedSum) {
    add(other.sum)
    add(other.compensation)
  }
}

extension Sequence<Double> {
  /// The sum of the elements, with the rounding error of a single addition.
  public func compensatedSum() -> Double {
    var sum = CompensatedSum()
    for term in self { sum.add(term) }
    return sum.value
  }
}
