import BackendOneDNN
import LabGraph
import LabTesting
import Testing

/// Which convolutions take minimal filtering: those whose bits change when it is turned off.
@Suite struct AlgorithmTests {
  private func differences(_ sample: OperationSample, differentiates: Bool) throws -> Set<String> {
    try BackendConformance.differences(
      sample, on: OneDNNBackend(), between: SessionOptions(), and: SessionOptions(algorithms: .direct),
      differentiates: differentiates)
  }

  @Test(arguments: OperationSamples.convolutionTiles)
  func samplesOfTilesAreFiltered(_ sample: OperationSample) throws {
    #expect(try differences(sample, differentiates: false).count == 1)
    // Of the image and of the weights, not of the bias.
    #expect(try differences(sample, differentiates: true).count == 2)
  }

  /// Batch, side, channels of the image and of the result.
  static let tooSmall = [(1, 4, 16, 32), (8, 4, 64, 64), (16, 4, 256, 256), (1, 1, 16, 16)]

  @Test(arguments: tooSmall)
  func fewTilesForManyWeightsAreNot(_ batch: Int, _ side: Int, _ inputs: Int, _ outputs: Int) throws {
    let sample = OperationSample(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), "\(batch) of \(side)×\(side)",
      [.tensor([batch, inputs, side, side]), .parameter([outputs, inputs, 3, 3])])
    #expect(try differences(sample, differentiates: false).isEmpty)
  }
}
