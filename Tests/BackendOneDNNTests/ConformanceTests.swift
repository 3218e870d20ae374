import BackendOneDNN
import LabGraph
import LabTesting
import Testing

/// The executor against the reference interpreter, for every operation and for patterns that it fuses.
@Suite struct ConformanceTests {
  @Test(arguments: OperationSamples.all + OperationSamples.grid + OperationSamples.patterns)
  func agreesWithTheReference(_ sample: OperationSample) throws {
    try BackendConformance.check(sample, on: OneDNNBackend())
  }

  /// Without transforms of images and weights.
  @Test(arguments: OperationSamples.convolutions)
  func directConvolutionsAgreeWithTheReference(_ sample: OperationSample) throws {
    try BackendConformance.check(sample, on: OneDNNBackend(), options: SessionOptions(algorithms: .direct))
  }

  /// Dynamic convolutions by products of one tap at a time, also where another method is faster.
  @Test(arguments: OneDNNBackend.availableInstructionSets, OperationSamples.dynamicConvolutions)
  func productsByTapsAgreeWithTheReference(_ instructionSet: String, _ sample: OperationSample) throws {
    let backend = try OneDNNBackend(method: .taps, instructionSet: instructionSet)
    try BackendConformance.check(sample, on: backend)
    try BackendConformance.check(sample, on: backend, options: SessionOptions(threads: 3))
  }

  /// Samples are shared among threads, and sums combined in a fixed order.
  @Test(arguments: OperationSamples.all + OperationSamples.grid + OperationSamples.patterns)
  func agreesWithTheReferenceOnThreeThreads(_ sample: OperationSample) throws {
    try BackendConformance.check(sample, on: OneDNNBackend(), options: SessionOptions(threads: 3))
  }

  /// Blocks of eight channels, which machines with the widest vectors never use otherwise.
  @Test(
    arguments: OneDNNBackend.availableInstructionSets.dropFirst(),
    OperationSamples.all + OperationSamples.patterns)
  func agreesWithTheReferenceInNarrowerVectors(_ instructionSet: String, _ sample: OperationSample) throws {
    try BackendConformance.check(sample, on: OneDNNBackend(instructionSet: instructionSet))
  }

  @Test func unknownInstructionSetsAreRefused() throws {
    #expect(throws: GraphError.self) { try OneDNNBackend(instructionSet: "avx1024") }
  }
}
