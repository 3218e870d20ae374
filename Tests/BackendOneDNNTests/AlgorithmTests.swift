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

  /// The methods of a sample's passes by the operation's name.
  private func methods(
    _ sample: OperationSample, on backend: OneDNNBackend = OneDNNBackend(), _ options: SessionOptions = SessionOptions()
  ) throws -> [String: String] {
    let operands = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
    let session = try backend.makeSession(options)
    _ = try session.compile(SampleGraph(sample, differentiating: operands).graph)
    return Dictionary(
      session.choices.map { (String($0.key.prefix { $0 != " " }), $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  private func convolution(_ batch: Int, _ channels: Int, _ side: Int) -> OperationSample {
    OperationSample(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), "\(batch) of \(channels) channels on \(side)×\(side)",
      [.tensor([batch, channels, side, side]), .parameter([channels, channels, 3, 3])])
  }

  /// Products of bfloat16 numbers leave less to save, and large weights cost more to transform.
  @Test(.enabled(if: OneDNNBackend.instructionSet == "avx512"), arguments: BFloat16Products.allCases)
  func productsOfBFloat16ReplaceFilteringOfLargeWeights(_ products: BFloat16Products) throws {
    let methods = try methods(
      convolution(64, 256, 4), on: OneDNNBackend(bfloat16Products: products), SessionOptions(precision: .bfloat16))
    let filtered = "winograd 4×4"
    #expect(methods["conv2d"] == [.none: filtered, .vectors: "direct"][products])
    #expect(methods["conv2d_input_gradient"] == [.none: filtered, .vectors: "direct"][products])
    #expect(methods["conv2d_weight_gradient"] == [.none: filtered, .vectors: filtered][products])
    let thin = try self.methods(
      convolution(64, 32, 8), on: OneDNNBackend(bfloat16Products: products), SessionOptions(precision: .bfloat16))
    #expect(thin["conv2d"] == [.none: filtered, .vectors: filtered][products])
  }

  /// Large weights cost more to sum directly than to transform, however few tiles there are.
  @Test func gradientsOfLargeWeightsAreFiltered() throws {
    #expect(
      try methods(convolution(16, 512, 2)) == [
        "conv2d": "direct", "conv2d_input_gradient": "direct", "conv2d_weight_gradient": "winograd 2×2",
      ])
    #expect(try methods(convolution(8, 64, 4)).values.allSatisfy { $0 == "direct" })
  }

  /// Side, channels, and the method of samples that have weights of their own.
  static let ownWeights = [
    (4, 64, "direct"), (6, 64, "winograd 2×2"), (7, 64, "winograd 2×2"), (7, 16, "direct"), (12, 32, "winograd 4×4"),
    // With more channels, weights of a sample's own cost more than products by taps where there are few pixels.
    (2, 256, "taps"), (4, 128, "taps"), (16, 128, "winograd 4×4"),
  ]

  @Test(arguments: ownWeights)
  func smallMapsOfSamplesWithOwnWeightsAreFiltered(_ side: Int, _ channels: Int, _ method: String) throws {
    let sample = OperationSample(
      DynamicConvolution2D(ConvolutionGeometry(stride: 1, padding: 1), attentions: [.kernel]),
      "\(channels) channels on \(side)×\(side)",
      [.tensor([2, channels, side, side]), .parameter([2, channels, channels, 3, 3]), .tensor([2, 2])])
    #expect(try methods(sample) == ["dynamic_conv2d": method, "dynamic_conv2d_gradient": method])
  }
}
