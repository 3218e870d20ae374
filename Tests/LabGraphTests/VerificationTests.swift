import LabCore
import LabGraph
import Testing

/// Each kind of damage to a graph is found, and the message says where.
@Suite struct VerificationTests {
  /// A graph `y = exp(x)·w + 1`, with `w` updated by `w − y`.
  private func graph() throws -> Graph {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 3])
    let weight = try builder.variable("weight", [2, 3])
    let y = try builder.scope("layer") {
      let exponential = try builder.apply(Unary(.exponential), x)
      let product = try builder.apply(Binary(.multiply), exponential, weight)
      return try builder.apply(Binary(.add), product, builder.constant(1))
    }
    try builder.output("y", y)
    builder.stage = .update
    try builder.update(weight, to: builder.scope("optimiser") { try builder.apply(Binary(.subtract), weight, y) })
    return builder.graph
  }

  /// What the verifier says of a damaged graph.
  private func complaint(_ damage: (inout Graph) -> Void) throws -> String {
    var graph = try graph()
    damage(&graph)
    return try #require(#expect(throws: GraphError.self) { try graph.verify() }).description
  }

  @Test func anIntactGraphPasses() throws {
    try graph().verify()
    try Graph().verify()
  }

  @Test func nodesOutOfOrder() throws {
    let text = try complaint { graph in
      graph.nodes[0].inputs = [graph.nodes[1].outputs[0]]
    }
    #expect(text == "layer: reads the value %3 before it is computed")
  }

  @Test func operandsThatDoNotExist() throws {
    #expect(try complaint { $0.nodes[1].inputs[0] = ValueID(99) } == "layer: reads the value %99, which does not exist")
    #expect(try complaint { $0.nodes[0].inputs = [ValueID(-1)] } == "layer: reads the value %-1, which does not exist")
  }

  @Test func resultsOfAnotherNode() throws {
    let text = try complaint { $0.nodes[1].outputs[0] = $0.nodes[0].outputs[0] }
    #expect(text.contains("is no result of the node that should make it"))
    #expect(try complaint { $0.nodes[1].outputs.append(ValueID(0)) } == "layer: result 1 is a value of another origin")
  }

  @Test func typesThatAreNotInferred() throws {
    let text = try complaint { graph in
      graph.values[graph.nodes[2].outputs[0].index].type = TensorType([3, 2])
      graph.updates = []
    }
    #expect(text == "layer: binary infers the results [float32[2, 3]], the graph says [float32[3, 2]]")
  }

  @Test func operandsThatTheOperationRefuses() throws {
    let text = try complaint { graph in
      graph.nodes[1].inputs.removeLast()
    }
    #expect(text == "layer: binary expects two float tensors whose shapes broadcast, found float32[2, 3]")
  }

  @Test func nodesWithoutAPathAreNumbered() throws {
    let text = try complaint { graph in
      graph.nodes[1].path = ""
      graph.nodes[1].inputs.removeLast()
    }
    #expect(text.hasPrefix("node 1: binary expects"))
  }

  @Test func equalNames() throws {
    #expect(try complaint { $0.variables.append($0.variables[0]) } == "\"weight\": two variables have this name")
    #expect(try complaint { $0.inputs.append($0.inputs[0]) } == "\"x\": two inputs have this name")
    #expect(try complaint { $0.outputs.append($0.outputs[0]) } == "\"y\": two outputs have this name")
  }

  @Test func namesOfMissingValues() throws {
    #expect(
      try complaint { $0.outputs[0].value = ValueID(50) } == "\"y\": the output refers to a value that does not exist")
    #expect(try complaint { $0.inputs[0].name = "z" } == "\"z\": the input's value has another origin")
    #expect(try complaint { $0.inputs = [] }.contains("is of the undeclared input \"x\""))
    #expect(
      try complaint { $0.variables[0].value = ValueID(0) } == "\"weight\": the variable's value has another origin")
    #expect(
      try complaint { $0.variables[0].type = TensorType([6]) } == "\"weight\": the variable's value has another type")
  }

  @Test func constantsOfAnotherSize() throws {
    let text = try complaint { graph in
      for index in graph.values.indices {
        if case .constant = graph.values[index].origin { graph.values[index].origin = .constant([1, 2]) }
      }
    }
    #expect(text.contains("is a constant of 2 numbers but of the type float32[]"))
  }

  @Test func updatesThatDoNotFit() throws {
    #expect(
      try complaint { $0.updates[0].variable = 7 }
        == "graph: an update refers to a variable or value that does not exist")
    #expect(try complaint { $0.updates.append($0.updates[0]) } == "\"weight\": the variable is updated twice")
    let text = try complaint { graph in
      let constant = graph.values.firstIndex { if case .constant = $0.origin { true } else { false } }
      graph.updates[0].value = ValueID(constant ?? 0)
    }
    #expect(text == "\"weight\": the variable is float32[2, 3] but its update is float32[]")
  }

  @Test func readsAfterAnUpdateInPlace() throws {
    let builder = GraphBuilder()
    let weight = try builder.variable("weight", [2])
    let new = try builder.scope("optimiser") { try builder.apply(Unary(.negate), weight) }
    try builder.update(weight, to: new)
    try builder.graph.verify()
    _ = try builder.scope("late") { try builder.apply(Unary(.square), weight) }
    let error = #expect(throws: GraphError.self) { try builder.graph.verify() }
    #expect(error?.description == "late: reads weight after the node that updates it in place")
  }

  @Test func outputsAndUpdatesThatAreAnUpdatedVariable() throws {
    let builder = GraphBuilder()
    let (a, b) = (try builder.variable("a", [2]), try builder.variable("b", [2]))
    try builder.update(a, to: builder.apply(Unary(.negate), a))
    try builder.update(b, to: a)
    let error = #expect(throws: GraphError.self) { try builder.graph.verify() }
    #expect(error?.description == "\"b\": its update is the variable a, which the step updates too")
    var graph = builder.graph
    graph.updates.removeLast()
    try graph.verify()
    graph.outputs.append(("a now", a.id))
    let other = #expect(throws: GraphError.self) { try graph.verify() }
    #expect(other?.description == "\"a now\": the output is the variable a, which the step updates")
  }
}
