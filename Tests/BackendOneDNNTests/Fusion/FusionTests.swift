import BackendOneDNN
import LabGraph
import Testing

/// Which values become part of the passes that read them.
@Suite struct FusionTests {
  private let builder = GraphBuilder()

  private func image(_ name: String, channels: Int = 16) throws -> Tensor {
    try builder.input(name, [4, channels, 8, 8])
  }

  private func normalized(_ x: Tensor, _ name: String) throws -> Tensor {
    let vectors = try ["scale", "shift", "mean", "variance"].map {
      try builder.variable(named: name + $0, [16], role: .buffer)
    }
    return try builder.apply(BatchNormalization(), [x] + vectors)[0]
  }

  private func expression(_ tensor: Tensor) -> FusedExpression? { Fusion(builder.graph).expressions[tensor.id] }

  private func apply(
    _ x: Tensor, affine: Tensor? = nil, residual: Tensor? = nil, residualAffine: Tensor? = nil,
    _ activation: Activation.Function? = nil
  ) -> FusedExpression {
    .apply(
      ApplyExpression(
        x: .value(x.id), affine: affine.map { AffineReference(result: $0.id) },
        residual: residual.map { .value($0.id) },
        residualAffine: residualAffine.map { AffineReference(result: $0.id) }, activation: activation))
  }

  @Test func aResidualBlocksEndIsOnePass() throws {
    let (x, shortcut) = (try image("x"), try image("shortcut"))
    let y = try normalized(x, "y")
    let sum = try builder.apply(Binary(.add), y, shortcut)
    let activated = try builder.apply(Activation(.relu), sum)
    #expect(expression(y) == apply(x, affine: y))
    #expect(expression(activated) == apply(x, affine: y, residual: shortcut, .relu))
    // The statistics have to be computed; sum and activation have not.
    #expect(Fusion(builder.graph).absorbedNodes == [1, 2])
  }

  @Test func bothBranchesAreNormalizedInTheSamePass() throws {
    let (a, b) = (try image("a"), try image("b"))
    let (left, right) = (try normalized(a, "left"), try normalized(b, "right"))
    let sum = try builder.apply(Binary(.add), left, right)
    #expect(expression(sum) == apply(a, affine: left, residual: b, residualAffine: right))
  }

  /// Nothing can be added behind an activation.
  @Test func activatedBranchesAreResidualsOfTheOther() throws {
    let (a, b) = (try image("a"), try image("b"))
    let left = try builder.apply(Activation(.relu), normalized(a, "left"))
    let right = try normalized(b, "right")
    let sum = try builder.apply(Binary(.add), left, right)
    #expect(expression(sum) == apply(b, affine: right, residual: left))
    let twice = try builder.apply(Activation(.silu), left)
    #expect(expression(twice) == apply(left, .silu))
  }

  @Test func imagesOfAFewChannelsAndMatricesStayAlone() throws {
    let few = try builder.apply(Activation(.relu), image("few", channels: 3))
    let matrix = try builder.apply(Activation(.relu), builder.input("matrix", [4, 16]))
    #expect(expression(few) == nil && expression(matrix) == nil)
    #expect(Fusion(builder.graph).absorbedNodes.isEmpty)
  }

  /// The bias waits for the pass that reads the convolution's result.
  @Test func biasesAreFactorsOfOneAndOffsets() throws {
    let x = try image("x")
    let weight = try builder.variable(named: "weight", [16, 16, 1, 1], role: .parameter)
    let bias = try builder.variable(named: "bias", [16], role: .parameter)
    let y = try builder.apply(Convolution2D(ConvolutionGeometry(stride: 1, padding: 0)), x, weight, bias)
    let activated = try builder.apply(Activation(.relu), y)
    #expect(
      expression(activated)
        == .apply(ApplyExpression(x: .unbiased(y.id), affine: AffineReference(result: y.id), activation: .relu)))
  }

  @Test func channelsThatAreMovedTwiceAreMovedOnce() throws {
    let (a, b) = (try image("a"), try image("b"))
    let joined = try builder.apply(Concatenation(axis: 1), a, b)
    let part = try builder.apply(Slice(axis: 1, start: 12, count: 8), joined)
    let expected =
      (12..<16).map { ChannelSource(value: a.id, channel: $0) }
      + (0..<4).map { ChannelSource(value: b.id, channel: $0) }
    #expect(expression(part) == .selection(expected))
  }

  // MARK: Backward

  /// Values that stand for gradients, with a result that reads them.
  private func backward<R>(_ body: () throws -> R) rethrows -> R {
    builder.stage = .backward
    defer { builder.stage = .forward }
    return try body()
  }

  @Test func gradientsOfCheapImagesComputeThemAgain() throws {
    let (x, upstream) = (try image("x"), try image("upstream"))
    let y = try normalized(x, "y")
    let activated = try builder.apply(Activation(.relu), y)
    let gradient = try backward { try builder.apply(ActivationGradient(.relu), upstream, activated) }
    var expected = GradientExpression(upstream1: upstream.id)
    expected.activation = .relu
    expected.recomputed = ApplyExpression(x: .value(x.id), affine: AffineReference(result: y.id))
    #expect(expression(gradient) == .gradient(expected))
  }

  /// Two tensors would have to be read again.
  @Test func gradientsOfResidualSumsReadWhatWasSaved() throws {
    let (x, shortcut, upstream) = (try image("x"), try image("shortcut"), try image("upstream"))
    let sum = try builder.apply(Activation(.relu), builder.apply(Binary(.add), normalized(x, "y"), shortcut))
    let gradient = try backward { try builder.apply(ActivationGradient(.relu), upstream, sum) }
    var expected = GradientExpression(upstream1: upstream.id)
    expected.activation = .relu
    expected.saved = sum.id
    #expect(expression(gradient) == .gradient(expected))
  }

  @Test func sumsOfGradientsJoinTheDerivativeThatReadsThem() throws {
    let (a, b, saved, vector) = (
      try image("a"), try image("b"), try image("saved"), try builder.input("vector", [4, 16])
    )
    let (sum, gradient) = try backward {
      let pooled = try builder.apply(Broadcast(to: [4, 16, 8, 8], axes: [2, 3], factor: 0.5), vector)
      let sum = try builder.apply(Binary(.add), builder.apply(Binary(.add), a, b), pooled)
      return (sum, try builder.apply(ActivationGradient(.relu), sum, saved))
    }
    var expected = GradientExpression(upstream1: a.id, upstream2: b.id, addend: vector.id, addendFactor: 0.5)
    #expect(expression(sum) == .gradient(expected))
    expected.activation = .relu
    expected.saved = saved.id
    #expect(expression(gradient) == .gradient(expected))
  }

  @Test func sumsOfMoreThanTwoGradientsAreCutWhereAPassIsFull() throws {
    let images = try (0..<3).map { try image("\($0)") }
    let (first, second) = try backward {
      let first = try builder.apply(Binary(.add), images[0], images[1])
      return (first, try builder.apply(Binary(.add), first, images[2]))
    }
    #expect(expression(second) == .gradient(GradientExpression(upstream1: first.id, upstream2: images[2].id)))
  }

  @Test(arguments: [false, true]) func sumsThatSomebodyElseNeedsStay(isOutput: Bool) throws {
    let (a, b, saved) = (try image("a"), try image("b"), try image("saved"))
    let (sum, gradient) = try backward {
      let sum = try builder.apply(Binary(.add), a, b)
      let gradient = try builder.apply(ActivationGradient(.relu), sum, saved)
      if !isOutput { _ = try builder.apply(Unary(.negate), sum) }
      return (sum, gradient)
    }
    if isOutput { try builder.output("sum", sum) }
    var expected = GradientExpression(upstream1: sum.id)
    expected.activation = .relu
    expected.saved = saved.id
    #expect(expression(gradient) == .gradient(expected))
  }

  /// The gradients of two halves of an image make a whole one without any addition.
  @Test func gradientsOfPartsArePutTogether() throws {
    let (a, b) = (try image("a", channels: 8), try image("b", channels: 8))
    let sum = try backward {
      try builder.apply(
        Binary(.add), builder.apply(Pad(axis: 1, before: 0, after: 8), a),
        builder.apply(Pad(axis: 1, before: 8, after: 0), b))
    }
    let expected = [a, b].flatMap { part in (0..<8).map { ChannelSource(value: part.id, channel: $0) } }
    #expect(expression(sum) == .selection(expected))
  }
}
