import BackendReference
import Foundation
import LabCore
import LabGraph
import LabTesting
import Testing

/// Results that can be followed by hand, for everything that no other framework's numbers cover.
@Suite struct KernelTests {
  /// Applies an operation to tensors and returns its first result.
  private func apply(_ operation: some LabGraph.Operation, _ operands: (Shape, [Double])...) throws -> [Double] {
    try applyAll(operation, operands)[0]
  }

  private func applyAll(
    _ operation: some LabGraph.Operation, _ operands: [(Shape, [Double])]
  ) throws -> [[Double]] {
    let builder = GraphBuilder()
    let tensors = try operands.enumerated().map { try builder.input("x\($0)", $1.0) }
    let results = try builder.apply(operation, tensors)
    for (index, result) in results.enumerated() { try builder.output("y\(index)", result) }
    let executable = try ReferenceBackend().makeReferenceSession().compileReference(builder.graph)
    for (index, operand) in operands.enumerated() { try executable.writeDouble("x\(index)", operand.1) }
    try executable.run()
    return try results.indices.map { try executable.readDouble("y\($0)") }
  }

  private func counting(_ shape: Shape) -> (Shape, [Double]) { (shape, (0..<shape.elementCount).map(Double.init)) }

  @Test func permuteMovesAxes() throws {
    #expect(try apply(Permute([1, 0]), counting([2, 3])) == [0, 3, 1, 4, 2, 5])
    // [2, 1, 3] to [3, 2, 1]
    #expect(try apply(Permute([2, 0, 1]), counting([2, 1, 3])) == [0, 3, 1, 4, 2, 5])
  }

  @Test func channelShuffleInterleavesGroups() throws {
    // Channels 0 1 2 | 3 4 5 become 0 3 1 4 2 5.
    #expect(try apply(Permute([0, 2, 1, 3]), counting([1, 2, 3, 1])) == [0, 3, 1, 4, 2, 5])
  }

  @Test func sliceAndPadAreInverse() throws {
    #expect(try apply(Slice(axis: 1, start: 1, count: 2), counting([2, 4])) == [1, 2, 5, 6])
    #expect(
      try apply(Pad(axis: 1, before: 1, after: 2), ([2, 1], [7, 8])) == [0, 7, 0, 0, 0, 8, 0, 0])
    #expect(try apply(Pad(axis: 0, before: 1, after: 0), ([1, 2], [7, 8])) == [0, 0, 7, 8])
  }

  @Test func concatenationKeepsTheOrder() throws {
    #expect(try apply(Concatenation(axis: 1), ([2, 1], [1, 2]), ([2, 2], [3, 4, 5, 6])) == [1, 3, 4, 2, 5, 6])
    #expect(try apply(Concatenation(axis: 0), ([1, 2], [1, 2]), ([1, 2], [3, 4])) == [1, 2, 3, 4])
  }

  @Test func spaceToDepthVariesTheRowOffsetFastest() throws {
    // x[::2, ::2], x[1::2, ::2], x[::2, 1::2], x[1::2, 1::2] of a 2×4 image
    #expect(try apply(SpaceToDepth(), counting([1, 1, 2, 4])) == [0, 2, 4, 6, 1, 3, 5, 7])
    #expect(try apply(DepthToSpace(), ([1, 4, 1, 2], [0, 2, 4, 6, 1, 3, 5, 7])) == (0..<8).map(Double.init))
    // Two channels stay together within each offset.
    #expect(try apply(SpaceToDepth(), counting([1, 2, 2, 2])) == [0, 4, 2, 6, 1, 5, 3, 7])
  }

  @Test func reductionsRemoveTheirAxes() throws {
    #expect(try apply(Reduction(.sum, axes: [1]), counting([2, 3])) == [3, 12])
    #expect(try apply(Reduction(.mean, axes: [0]), counting([2, 3])) == [1.5, 2.5, 3.5])
    #expect(try apply(Reduction(.maximum, axes: [0, 2]), ([2, 2, 2], [1, 5, 2, 2, -1, 0, 7, 3])) == [5, 7])
    #expect(try apply(Broadcast(to: [2, 3], axes: [0], factor: 2), ([3], [1, 2, 3])) == [2, 4, 6, 2, 4, 6])
    #expect(try apply(Broadcast(to: [2, 3], axes: [1]), ([2], [1, 2])) == [1, 1, 1, 2, 2, 2])
  }

  @Test func theFirstMaximumTakesTheGradient() throws {
    #expect(
      try apply(MaximumGradient(axes: [1]), ([2], [10, 20]), ([2, 3], [1, 4, 4, 2, 2, 2]), ([2], [4, 2]))
        == [0, 10, 0, 20, 0, 0])
    let gradient = Pooling2DGradient(.maximum, PoolingGeometry(window: 2, stride: 1))
    // Both windows of [3 1 3] / [3 2 0] take their first 3 in row-major order.
    #expect(
      try apply(gradient, ([1, 1, 1, 2], [1, 10]), ([1, 1, 2, 3], [3, 1, 3, 3, 2, 0]), ([1, 1, 1, 2], [3, 3]))
        == [1, 0, 10, 0, 0, 0])
  }

  @Test func averagePoolingCountsPaddingOnRequest() throws {
    let x: (Shape, [Double]) = ([1, 1, 2, 2], [4, 8, 12, 16])
    let geometry = PoolingGeometry(window: 3, stride: 2, padding: 1)
    #expect(try apply(Pooling2D(.average(countsPadding: false), geometry), x) == [10])
    #expect(try apply(Pooling2D(.average(countsPadding: true), geometry), x) == [40.0 / 9])
    // The last window of five columns reaches beyond the image: it holds one column.
    let row: (Shape, [Double]) = ([1, 1, 1, 5], [1, 2, 3, 4, 9])
    let roundingUp = PoolingGeometry(window: Extent2D(1, 2), roundsUp: true)
    #expect(try apply(Pooling2D(.average(countsPadding: true), roundingUp), row) == [1.5, 3.5, 9])
    #expect(try apply(Pooling2D(.maximum, roundingUp), row) == [2, 4, 9])
    #expect(try apply(Pooling2D(.maximum, PoolingGeometry(window: Extent2D(1, 2))), row) == [2, 4])
  }

  @Test func paddingNeverWinsAMaximum() throws {
    let geometry = PoolingGeometry(window: 3, stride: 2, padding: 1)
    #expect(try apply(Pooling2D(.maximum, geometry), ([1, 1, 2, 2], [-4, -3, -2, -5])) == [-2])
  }

  @Test func matrixProductsReadTransposedOperands() throws {
    let (a, b): ([Double], [Double]) = ([1, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12])
    let product: [Double] = [58, 64, 139, 154]
    #expect(try apply(MatrixProduct(), ([2, 3], a), ([3, 2], b)) == product)
    #expect(try apply(MatrixProduct(transposesLeft: true), ([3, 2], [1, 4, 2, 5, 3, 6]), ([3, 2], b)) == product)
    #expect(try apply(MatrixProduct(transposesRight: true), ([2, 3], a), ([2, 3], [7, 9, 11, 8, 10, 12])) == product)
    #expect(
      try apply(MatrixProduct(), ([2, 1, 2], [1, 2, 3, 4]), ([2, 2, 1], [5, 6, 7, 8])) == [17, 53])
  }

  @Test func softmaxOfEqualNumbersIsUniformAndOfLargeOnesFinite() throws {
    #expect(try apply(Softmax(), ([1, 4], [3, 3, 3, 3])) == [0.25, 0.25, 0.25, 0.25])
    let extreme = try apply(Softmax(), ([3], [1000, -1000, 1000]))
    #expect(abs(extreme[0] - 0.5) < 1e-15 && extreme[1] == 0)
  }

  @Test func sgdFollowsItsFormula() throws {
    let scalars: [(Shape, [Double])] = [(.scalar, [0.5]), (.scalar, [2])]
    let plain = SGDUpdate(momentum: 0, isNesterov: false, weightDecay: 0.1, rateFactor: 4)
    // g = 2·3 + 0.1·10 = 7; p = 10 − 0.5·4·7
    #expect(try applyAll(plain, [([1], [10]), ([1], [3])] + scalars) == [[-4]])
    let momentum = SGDUpdate(momentum: 0.5, isNesterov: false, weightDecay: 0)
    // v = 0.5·8 + 6 = 10; p = 10 − 0.5·10
    #expect(try applyAll(momentum, [([1], [10]), ([1], [3]), ([1], [8])] + scalars) == [[5], [10]])
    let nesterov = SGDUpdate(momentum: 0.5, isNesterov: true, weightDecay: 0)
    // p = 10 − 0.5·(6 + 0.5·10)
    #expect(try applyAll(nesterov, [([1], [10]), ([1], [3]), ([1], [8])] + scalars) == [[4.5], [10]])
  }

  @Test func clippingScalesTheJointNorm() throws {
    let gradients: [(Shape, [Double])] = [([2], [3, 0]), ([1, 1], [4])]
    let clipped = try applyAll(GradientClipFactor(maximumNorm: 1), gradients)
    #expect(clipped == [[1 / (5 + 1e-6)], [5]])
    #expect(try applyAll(GradientClipFactor(maximumNorm: 6), gradients) == [[1], [5]])
  }

  @Test func movingAveragesApproachTheirValue() throws {
    #expect(try apply(MovingAverageUpdate(), ([2], [1, 2]), ([2], [3, 2]), (.scalar, [0.25])) == [1.5, 2])
  }

  /// SPD-Conv's block: space to depth and a 3×3 convolution, against PyTorch.
  @Test func spdConvAgreesWithPyTorch() throws {
    try GoldenCheck.check("block/spdconv", in: .blocks(), on: ReferenceBackend()) { builder, x in
      let weight = try builder.variable(named: "conv.weight", [24, 64, 3, 3], role: .parameter)
      let deep = try builder.apply(SpaceToDepth(), x)
      return try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 1)), deep, weight)
    }
  }
}

@Suite struct DropoutTests {
  private func run(_ operation: Dropout, _ count: Int, step: Int32) throws -> [Double] {
    let builder = GraphBuilder()
    let x = try builder.input("x", [count])
    let y = try builder.apply(operation, x, builder.input("step", [1], .int32))
    try builder.output("y", y)
    let executable = try ReferenceBackend().makeReferenceSession().compileReference(builder.graph)
    try executable.writeDouble("x", [Double](repeating: 1, count: count))
    try executable.integerInput("step")[0] = step
    try executable.run()
    return try executable.readDouble("y")
  }

  @Test func keepsItsShareAndTheExpectation() throws {
    let kept = try run(Dropout(rate: 0.3, streamName: "dropout/fc", seed: 1), 20_000, step: 5)
    #expect(Set(kept) == [0, 1 / (1 - 0.3)])
    // 14000 expected with a standard deviation of 65.
    #expect(abs(kept.count { $0 > 0 } - 14_000) < 330)
  }

  @Test func masksDependOnStepAndStream() throws {
    func mask(_ name: String, _ step: Int32) throws -> [Double] {
      try run(Dropout(rate: 0.5, streamName: name, seed: 1), 64, step: step)
    }
    #expect(try mask("a", 1) == mask("a", 1))
    #expect(try mask("a", 1) != mask("a", 2))
    #expect(try mask("a", 1) != mask("b", 1))
  }

  /// Four neighbouring elements share one block of the generator: counter (element / 4, step).
  @Test func theMaskIsTheGeneratorsBlock() {
    let stream = RandomStream(seed: 3, name: "dropout/fc")
    let operation = Dropout(rate: 0.4, streamName: "dropout/fc", seed: 3)
    for element in [0, 1, 2, 3, 4, 7, 1_000_003] {
      let words = stream.block(SIMD4(UInt32(element / 4), 0, 9, 0))
      #expect(operation.isKept(element: element, step: 9) == (Float(words[element % 4] >> 8) * 0x1p-24 >= 0.4))
    }
    #expect((0..<100).allSatisfy { Dropout(rate: 0, streamName: "dropout/fc", seed: 3).isKept(element: $0, step: 0) })
  }
}
