import BackendReference
import LabCore
import LabGraph
import LabTesting
import Testing

@Suite struct PassTests {
  private func names(_ graph: Graph) -> [String] { graph.nodes.map { type(of: $0.operation).name } }

  @Test func pruningKeepsWhatOutputsAndUpdatesNeed() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    _ = try builder.input("unused", [4])
    let kept = try builder.variable("kept", [4])
    let updated = try builder.variable("updated", [4])
    let dropped = try builder.variable("dropped", [4])
    let y = try builder.apply(Binary(.multiply), x, kept)
    _ = try builder.apply(Activation(.relu), builder.apply(Binary(.add), y, dropped))
    try builder.output("y", builder.apply(Unary(.square), y))
    try builder.update(updated, to: builder.apply(Unary(.exponential), x))
    let pruned = try builder.graph.pruned()
    try pruned.verify()
    #expect(names(pruned) == ["binary", "unary", "unary"])
    #expect(pruned.variables.map(\.name) == ["kept", "updated"])
    #expect(pruned.inputs.map(\.name) == ["x", "unused"])
    #expect(pruned.updates.count == 1)
  }

  @Test func pruningToOutputsDropsTheTrainingStep() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    let weight = try builder.variable("weight", [4])
    let y = try builder.apply(Binary(.multiply), x, weight)
    let loss = try builder.apply(Reduction(.sum, axes: [0]), y)
    try builder.output("logits", y)
    try builder.output("loss", loss)
    let gradient = try #require(try builder.gradients(of: loss, withRespectTo: [weight])[0])
    try builder.update(weight, to: builder.apply(Binary(.subtract), weight, gradient))
    let network = try builder.graph.pruned(toOutputs: ["logits"])
    try network.verify()
    #expect(names(network) == ["binary"])
    #expect(network.outputs.map(\.name) == ["logits"])
    #expect(network.updates.isEmpty)
    let error = #expect(throws: GraphError.self) { try builder.graph.pruned(toOutputs: ["logit"]) }
    #expect(error?.description == "\"logit\": no such output (did you mean \"logits\"?)")
  }

  @Test func anOutputMayBeAnInputAVariableOrAConstant() throws {
    let builder = GraphBuilder()
    try builder.output("x", builder.input("x", [2]))
    try builder.output("weight", builder.variable("weight", [2]))
    try builder.output("one", builder.constant(1))
    let pruned = try builder.graph.pruned()
    try pruned.verify()
    #expect(pruned.outputs.map(\.name) == ["x", "weight", "one"])
  }

  @Test func equalNodesAndConstantsAreMerged() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    func branch(_ factor: Float) throws -> Tensor {
      try builder.apply(Activation(.relu), builder.apply(Binary(.multiply), x, builder.constant(factor)))
    }
    let sum = try builder.apply(Binary(.add), branch(2), branch(2))
    try builder.output("y", builder.apply(Binary(.add), sum, branch(3)))
    let merged = builder.graph.withoutDuplicates()
    try merged.verify()
    #expect(names(builder.graph).count == 8)
    #expect(names(merged) == ["binary", "activation", "binary", "binary", "activation", "binary"])
    #expect(merged.values.count { if case .constant = $0.origin { true } else { false } } == 2)
  }

  @Test func differentAttributesZerosAndDropoutsStayApart() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [4])
    let step = try builder.input("step", .scalar, .int32)
    let results = [
      try builder.apply(Activation(.relu), x), try builder.apply(Activation(.relu6), x),
      try builder.apply(Binary(.divide), x, builder.constant(0)),
      try builder.apply(Binary(.divide), x, builder.constant(-0.0)),
      try builder.apply(Dropout(rate: 0.5, stream: RandomStream(seed: 0, name: "a")), x, step),
      try builder.apply(Dropout(rate: 0.5, stream: RandomStream(seed: 0, name: "b")), x, step),
    ]
    for (index, result) in results.enumerated() { try builder.output("y\(index)", result) }
    #expect(builder.graph.withoutDuplicates().nodes.count == 6)
  }

  /// Whole networks with their backward passes compute the same bits after both passes.
  @Test(arguments: OperationSamples.patterns.filter { $0.operands[0].shape[1] == 3 })
  func passesChangeNoNumber(_ sample: OperationSample) throws {
    let operands = sample.operands.indices.filter { sample.operands[$0].isDifferentiable }
    let original = try SampleGraph(sample, differentiating: operands)
    func results(_ graph: Graph) throws -> [[Double]] {
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(graph)
      try original.fill(session, executable)
      try executable.run()
      return try original.resultNames.map(executable.readDouble) + original.gradientNames.map(executable.readDouble)
        + original.updatedNames.map(session.readDouble)
    }
    let changed = try original.graph.withoutDuplicates().pruned()
    try changed.verify()
    #expect(changed.nodes.count <= original.graph.nodes.count)
    #expect(try results(changed) == results(original.graph))
  }

  @Test func theTextNamesEverything() throws {
    let builder = GraphBuilder()
    let x = try builder.input("images", [2, 3, 4, 4])
    let y = try builder.scope("stem") {
      try builder.apply(
        Convolution2D(ConvolutionGeometry(stride: 2, padding: 1)), x, builder.variable("weight", [8, 3, 3, 3]))
    }
    let mean = try builder.apply(Binary(.add), y, builder.constant(0.5))
    try builder.output("y", mean)
    let counter = try builder.variable("counter", [2, 8, 2, 2], role: .buffer)
    try builder.update(counter, to: mean)
    #expect(
      builder.graph.description == """
        input %0 images: float32[2, 3, 4, 4]
        variable %1 stem.weight: float32[8, 3, 3, 3] parameter
        variable %5 counter: float32[2, 8, 2, 2] buffer
        constant %3: float32[] = 0.5
        forward stem: %2: float32[2, 8, 2, 2] = \
        conv2d[geometry: [stride: 2×2, padding: 1×1, dilation: 1×1, groups: 1]](%0, %1)
        forward: %4: float32[2, 8, 2, 2] = binary[function: add](%2, %3)
        output y = %4
        update counter = %4
        """)
  }
}
