import LabGraph
import LabTesting
import Testing

/// Every gradient rule against finite differences in double precision.
@Suite struct GradientTests {
  @Test(arguments: OperationSamples.all)
  func agreesWithFiniteDifferences(_ sample: OperationSample) throws {
    try GradientCheck.check(sample)
  }

  /// The patterns come in several channel counts, which only matter to layouts.
  @Test(arguments: OperationSamples.patterns.filter { $0.operands[0].shape[1] == 3 })
  func patternAgreesWithFiniteDifferences(_ sample: OperationSample) throws {
    try GradientCheck.check(sample)
  }
}
