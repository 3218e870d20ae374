import BackendReference
import LabGraph
import LabTesting
import Testing

/// The reference interpreter through the interface of any backend: single precision at the edges, equal bits twice.
@Suite struct ConformanceTests {
  @Test(arguments: OperationSamples.all + OperationSamples.patterns)
  func isConsistent(_ sample: OperationSample) throws {
    try BackendConformance.check(sample, on: ReferenceBackend())
  }
}
