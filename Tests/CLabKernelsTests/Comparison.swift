import Testing

/// Requires every number to be within `relative` of its expected value's size or `absolute`, NaN where NaN is expected.
func expectClose<Actual: BinaryFloatingPoint>(
  _ actual: [Actual], _ expected: [Double], relative: Double = 2e-6, absolute: Double = 2e-6,
  _ what: @autoclosure () -> String = "", sourceLocation: SourceLocation = #_sourceLocation
) {
  guard actual.count == expected.count else {
    Issue.record("\(what()): \(actual.count) numbers instead of \(expected.count)", sourceLocation: sourceLocation)
    return
  }
  var worst = (index: 0, excess: 0.0)
  for index in actual.indices {
    let excess = excessError(Double(actual[index]), expected[index], relative: relative, absolute: absolute)
    if excess > worst.excess { worst = (index, excess) }
  }
  #expect(
    worst.excess <= 1,
    "\(what())[\(worst.index)] is \(actual[worst.index]) instead of \(expected[worst.index])",
    sourceLocation: sourceLocation)
}

/// The error in units of what is allowed.
func excessError(_ actual: Double, _ expected: Double, relative: Double, absolute: Double) -> Double {
  if expected.isNaN || actual.isNaN { return expected.isNaN && actual.isNaN ? 0 : .infinity }
  // What rounds to infinity in single precision must be infinite.
  if Float(expected).isInfinite || actual.isInfinite { return Float(expected) == Float(actual) ? 0 : .infinity }
  let error = abs(actual - expected)
  return error == 0 ? 0 : error / (relative * abs(expected) + absolute)
}

/// A name for parameterised cases in messages.
func describe(_ parts: Any...) -> String { parts.map { "\($0)" }.joined(separator: " ") }
