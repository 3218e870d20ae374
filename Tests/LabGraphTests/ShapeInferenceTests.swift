import LabCore
import LabGraph
import Testing

/// Operands that do not fit are refused with a sentence that says what was expected.
@Suite struct ShapeInferenceTests {
  private struct Refusal: Sendable, CustomStringConvertible {
    var operation: any LabGraph.Operation
    var operands: [TensorType]
    var expected: String
    var description: String { "\(type(of: operation).name) of \(operands)" }

    init(_ operation: any LabGraph.Operation, _ operands: [Shape], _ expected: String) {
      self.init(operation, types: operands.map { TensorType($0) }, expected)
    }

    init(_ operation: any LabGraph.Operation, types: [TensorType], _ expected: String) {
      self.operation = operation
      operands = types
      self.expected = expected
    }
  }

  private static let geometry = ConvolutionGeometry(stride: 1, padding: 0)
  private static let integers = TensorType([2, 3], .int32)

  private static let refusals = [
    Refusal(Activation(.relu), types: [integers], "one float tensor"),
    Refusal(Activation(.relu), [], "one float tensor"),
    Refusal(Unary(.square), [[2], [2]], "one float tensor"),
    Refusal(Binary(.add), [[2, 3], [2, 4]], "two float tensors whose shapes broadcast"),
    Refusal(Binary(.add), types: [integers, integers], "two float tensors"),
    Refusal(Convolution2D(geometry), [[1, 3, 2, 2], [4, 3, 3, 3]], "no larger than the padded image"),
    Refusal(Convolution2D(geometry), [[1, 3, 4, 4], [4, 3, 3, 3], [5]], "an optional bias [O]"),
    Refusal(Convolution2D(ConvolutionGeometry(stride: 0, padding: 0)), [[1, 3, 4, 4], [4, 3, 3, 3]], "an image"),
    Refusal(
      Convolution2D(ConvolutionGeometry(stride: 1, padding: 0, groups: 2)), [[1, 4, 4, 4], [3, 2, 3, 3]], "I/2"),
    Refusal(
      Convolution2DInputGradient(geometry, image: [1, 3, 4, 4]), [[1, 4, 3, 2], [4, 3, 3, 3]],
      "fit the image [1, 3, 4, 4]"),
    Refusal(
      Convolution2DWeightGradient(geometry, kernel: [4, 3, 3, 3]), [[1, 3, 4, 4], [1, 4, 3, 3]],
      "fit the kernel [4, 3, 3, 3]"),
    Refusal(
      DynamicConvolution2D(geometry, attentions: [.kernel]), [[2, 3, 4, 4], [4, 5, 3, 3, 3], [2, 3]],
      "attentions [N, …] for 1 of"),
    Refusal(DynamicConvolution2D(geometry, attentions: []), [[2, 3, 4, 4], [2, 5, 3, 3, 3]], "K = 1 without"),
    Refusal(MatrixProduct(), [[2, 3], [4, 5]], "inner extents agree"),
    Refusal(MatrixProduct(), [[2, 3, 4], [3, 4, 5]], "inner extents agree"),
    Refusal(BatchNormalization(), [[1, 3, 1, 1], [3], [3], [3], [3]], "more than one value a channel"),
    Refusal(BatchNormalization(), [[2, 3], [3], [3], [3], [4]], "four vectors [C]"),
    Refusal(BatchNormalizationInference(), [[2, 3, 4], [3], [3], [3], [3]], "a batch [N, C, …]"),
    Refusal(GroupNormalization(groups: 2), [[1, 3, 4, 4], [3], [3]], "divide by 2 groups"),
    Refusal(GroupNormalization(groups: 3), [[1, 3, 4, 4], [3], [4]], "two vectors [C]"),
    Refusal(
      GroupNormalizationGradient(groups: 3), [[2, 3, 4, 4], [2, 3, 4, 4], [3], [2, 3], [3, 2]], "two matrices [N, 3]"),
    Refusal(Pooling2D(.maximum, PoolingGeometry(window: 5)), [[1, 3, 4, 4]], "the window 5×5"),
    Refusal(Pooling2D(.maximum, PoolingGeometry(window: 2, padding: 2)), [[1, 3, 8, 8]], "at most half of it"),
    Refusal(
      Pooling2DGradient(.maximum, PoolingGeometry(window: 2)), [[1, 3, 3, 2], [1, 3, 4, 4], [1, 3, 3, 2]], "its pooling"
    ),
    Refusal(Reduction(.sum, axes: [2]), [[2, 3]], "has the axes [2]"),
    Refusal(Reduction(.sum, axes: [0, 0]), [[2, 3]], "has the axes [0, 0]"),
    Refusal(Broadcast(to: [2, 3], axes: [0]), [[2]], "a float tensor [3]"),
    Refusal(MaximumGradient(axes: [1]), [[3], [2, 3], [3]], "its maxima"),
    Refusal(Reshape([5]), [[2, 3]], "a tensor of 5 elements for [5]"),
    Refusal(Permute([0, 0]), [[2, 3]], "whose axes are those of [0, 0]"),
    Refusal(Permute([0, 1]), [[2, 3, 4]], "whose axes are those of [0, 1]"),
    Refusal(Concatenation(axis: 1), [[2, 3], [3, 3]], "differ at most along axis 1"),
    Refusal(Concatenation(axis: 2), [[2, 3]], "axis 2"),
    Refusal(Concatenation(axis: 0), [], "axis 0"),
    Refusal(Slice(axis: 1, start: 2, count: 3), [[2, 4]], "positions 2 to 4 along axis 1"),
    Refusal(Slice(axis: 0, start: -1, count: 1), [[2, 4]], "positions -1"),
    Refusal(Pad(axis: 2, before: 1, after: 1), [[2, 4]], "the axis 2"),
    Refusal(SpaceToDepth(), [[1, 3, 5, 4]], "H and W divisible by 2"),
    Refusal(DepthToSpace(), [[1, 6, 4, 4]], "C divisible by 4"),
    Refusal(Softmax(), [.scalar], "at least one dimension"),
    Refusal(ClassificationLoss(.focal(alpha: 1, gamma: 1)), [[2, 3], [2]], "integer labels [N]"),
    Refusal(
      ClassificationLoss(.crossEntropy(labelSmoothing: 0)),
      types: [TensorType([2, 3]), TensorType([2], .int32), TensorType([2])], "class weights [C]"),
    Refusal(
      Dropout(rate: 0.5, streamName: ""), [[2], .scalar], "an int32 step [] or [1]"),
    Refusal(
      SGDUpdate(momentum: 0.9, isNesterov: false, weightDecay: 0), [[2], [2], .scalar, .scalar],
      "3 tensors of one shape and 2 scalars"),
    Refusal(
      AdamUpdate(beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, isDecoupled: false), [[2], [2], [2], [3]],
      "4 tensors of one shape and 4 scalars"),
    Refusal(GradientClipFactor(maximumNorm: 1), [], "at least one float tensor"),
    Refusal(MovingAverageUpdate(), [[2], [2], [2]], "a scalar share"),
  ]

  @Test(arguments: refusals)
  private func isRefused(_ refusal: Refusal) throws {
    let error = #expect(throws: GraphError.self) { try refusal.operation.outputTypes(for: refusal.operands) }
    guard case .shape(let operation, let path, let expected, let actual) = try #require(error) else {
      Issue.record("\(refusal) throws another error")
      return
    }
    #expect(operation == type(of: refusal.operation).name)
    #expect(path == "")
    #expect(expected.contains(refusal.expected))
    #expect(
      actual
        == (refusal.operands.isEmpty ? "no operands" : refusal.operands.map(\.description).joined(separator: ", ")))
  }

  @Test func poolingExtentsFollowPyTorch() {
    func extent(_ input: Int, _ window: Int, _ stride: Int, _ padding: Int, _ roundsUp: Bool) -> Int {
      PoolingGeometry(window: window, stride: stride, padding: padding, roundsUp: roundsUp)
        .outputExtent(input: Extent2D(input)).height
    }
    #expect(extent(112, 3, 2, 0, false) == 55)
    #expect(extent(112, 3, 2, 0, true) == 56)
    #expect(extent(112, 3, 2, 1, false) == 56)
    // A last window that would start in the padding is left out.
    #expect(extent(4, 2, 2, 1, true) == 3)
    #expect(extent(5, 2, 2, 1, true) == 3)
    #expect(extent(3, 1, 2, 0, true) == 2)
    #expect(extent(2, 3, 1, 0, true) == 0)
  }

  @Test func shapesBroadcastLikeNumPys() {
    #expect(Shape([2, 1, 4]).broadcast(with: [3, 1]) == [2, 3, 4])
    #expect(Shape.scalar.broadcast(with: [3, 1]) == [3, 1])
    #expect(Shape.scalar.broadcast(with: .scalar) == Shape.scalar)
    #expect(Shape([2]).broadcast(with: [3]) == nil)
    #expect(Shape([0, 1]).broadcast(with: [5]) == [0, 5])
  }
}
