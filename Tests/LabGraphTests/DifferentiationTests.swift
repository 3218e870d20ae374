import BackendReference
import LabCore
import LabGraph
import Testing

@Suite struct DifferentiationTests {
  /// Runs a graph whose only input is `x` and returns one output.
  private func evaluate(_ builder: GraphBuilder, _ x: [Double], _ output: String) throws -> [Double] {
    let executable = try ReferenceBackend().makeReferenceSession().compileReference(builder.graph)
    try executable.writeDouble("x", x)
    try executable.run()
    return try executable.readDouble(output)
  }

  private func names(_ graph: Graph, _ stage: Graph.Stage) -> [String] {
    graph.nodes.filter { $0.stage == stage }.map { type(of: $0.operation).name }
  }

  @Test func gradientsOfSharedValuesAddUp() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [3])
    // x³ + x² + x: x is read by three nodes, x² by two.
    let square = try builder.apply(Binary(.multiply), x, x)
    let cube = try builder.apply(Binary(.multiply), square, x)
    let sum = try builder.apply(Binary(.add), builder.apply(Binary(.add), cube, square), x)
    let loss = try builder.apply(Reduction(.sum, axes: [0]), sum)
    let gradient = try #require(try builder.gradients(of: loss, withRespectTo: [x])[0])
    try builder.output("gradient", gradient)
    let numbers = [-1.5, 0.25, 2]
    #expect(try evaluate(builder, numbers, "gradient") == numbers.map { 3 * $0 * $0 + 2 * $0 + 1 })
  }

  @Test func aValueReadTwiceByOneNodeCountsTwice() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", .scalar)
    let both = try builder.apply(Concatenation(axis: 0), builder.apply(Reshape([1]), x), builder.apply(Reshape([1]), x))
    let twice = try builder.apply(Binary(.add), both, both)
    let loss = try builder.apply(Reduction(.sum, axes: [0]), twice)
    try builder.output("gradient", #require(try builder.gradients(of: loss, withRespectTo: [x])[0]))
    #expect(try evaluate(builder, [5], "gradient") == [4])
  }

  @Test func onlyTheGradientsThatAreAskedForAreBuilt() throws {
    func backward(imageToo: Bool) throws -> [String] {
      let builder = GraphBuilder()
      let image = try builder.input("image", [2, 3, 8, 8])
      let weight = try builder.variable("weight", [4, 3, 3, 3])
      let geometry = ConvolutionGeometry(stride: 1, padding: 1)
      let y = try builder.apply(Convolution2D(geometry), image, weight)
      let loss = try builder.apply(Reduction(.sum, axes: [0, 1, 2, 3]), y)
      _ = try builder.gradients(of: loss, withRespectTo: imageToo ? [weight, image] : [weight])
      return names(builder.graph, .backward)
    }
    #expect(try backward(imageToo: false) == ["broadcast", "conv2d_weight_gradient"])
    #expect(try backward(imageToo: true) == ["broadcast", "conv2d_weight_gradient", "conv2d_input_gradient"])
  }

  @Test func nodesOffTheWayAreNotDifferentiated() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    let weight = try builder.variable("weight", [4])
    // Neither what only the input feeds nor what the loss does not read has a backward node.
    let prepared = try builder.apply(Unary(.exponential), x)
    let product = try builder.apply(Binary(.multiply), prepared, weight)
    _ = try builder.apply(Activation(.tanh), product)
    let loss = try builder.apply(Reduction(.sum, axes: [0]), product)
    _ = try builder.gradients(of: loss, withRespectTo: [weight])
    #expect(names(builder.graph, .backward) == ["broadcast", "binary"])
    #expect(builder.stage == .forward)
  }

  @Test func aTargetThatTheLossDoesNotReadHasNoGradient() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2])
    let other = try builder.variable("other", [2])
    let loss = try builder.apply(Reduction(.sum, axes: [0]), x)
    let gradients = try builder.gradients(of: loss, withRespectTo: [other, x])
    #expect(gradients[0] == nil)
    #expect(gradients[1]?.shape == [2])
  }

  @Test func anIntermediateValueCanBeATarget() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2])
    let y = try builder.apply(Unary(.exponential), x)
    let loss = try builder.apply(Reduction(.sum, axes: [0]), builder.apply(Unary(.square), y))
    let gradients = try builder.gradients(of: loss, withRespectTo: [y, loss])
    try builder.output("y", y)
    try builder.output("gradient", #require(gradients[0]))
    try builder.output("self", #require(gradients[1]))
    let y0 = try evaluate(builder, [0.5, -1], "y")
    #expect(try evaluate(builder, [0.5, -1], "gradient") == y0.map { 2 * $0 })
    #expect(try evaluate(builder, [0.5, -1], "self") == [1])
  }

  @Test func theSeedScalesTheGradient() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", .scalar)
    let loss = try builder.apply(Unary(.square), x)
    let gradient = try builder.gradients(of: loss, withRespectTo: [x], seed: builder.constant(128))[0]
    try builder.output("gradient", #require(gradient))
    #expect(try evaluate(builder, [3], "gradient") == [768])
    #expect(throws: GraphError.invalid(path: "", problem: "the loss is float32[] but its gradient is float32[2]")) {
      try builder.gradients(of: loss, withRespectTo: [x], seed: builder.constant([1, 1], [2]))
    }
  }

  @Test func operationsWithoutAGradientAreNamedWithTheirLayer() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 3])
    let y = try builder.scope("layer1.act") { try builder.apply(ActivationGradient(.relu), x, x) }
    let loss = try builder.apply(Reduction(.sum, axes: [0, 1]), y)
    #expect(throws: GraphError.notDifferentiable(operation: "activation_gradient", path: "layer1.act")) {
      try builder.gradients(of: loss, withRespectTo: [x])
    }
  }

  @Test func statisticsAndClassWeightsAreRefusedInsteadOfSilentlyZero() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4, 3])
    let vectors = try (0..<4).map { try builder.variable("v\($0)", [3]) }
    let results = try builder.apply(BatchNormalization(), [x] + vectors)
    let mean = try builder.apply(Reduction(.sum, axes: [0]), results[1])
    #expect(throws: GraphError.notDifferentiable(operation: "batch_norm statistics", path: "")) {
      try builder.gradients(of: mean, withRespectTo: [x])
    }
    let y = try builder.apply(BatchNormalizationInference(), [x] + vectors)[0]
    let loss = try builder.apply(Reduction(.sum, axes: [0, 1]), y)
    #expect(throws: GraphError.notDifferentiable(operation: "batch_norm_inference statistics", path: "")) {
      try builder.gradients(of: loss, withRespectTo: [vectors[2]])
    }
    let labels = try builder.input("labels", [4], .int32)
    let losses = try builder.apply(
      ClassificationLoss(.focal(alpha: 1, gamma: 2)), [x, labels, vectors[0]])[0]
    let sum = try builder.apply(Reduction(.sum, axes: [0]), losses)
    #expect(throws: GraphError.notDifferentiable(operation: "classification_loss class weights", path: "")) {
      try builder.gradients(of: sum, withRespectTo: [vectors[0]])
    }
  }

  @Test func backwardNodesCarryTheirLayersPath() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 3])
    let weight = try builder.scope("fc") { try builder.variable("weight", [3, 4]) }
    let y = try builder.scope("fc") { try builder.apply(MatrixProduct(), x, weight) }
    let loss = try builder.scope("loss") { try builder.apply(Reduction(.mean, axes: [0, 1]), y) }
    _ = try builder.gradients(of: loss, withRespectTo: [weight])
    #expect(builder.graph.nodes.filter { $0.stage == .backward }.map(\.path) == ["loss", "fc"])
  }
}
