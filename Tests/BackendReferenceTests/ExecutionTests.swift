import BackendReference
import LabCore
import LabGraph
import Testing

/// Sessions and executables as any backend has to provide them.
@Suite struct ExecutionTests {
  /// `y = w·x`, and `w` becomes `y`.
  private func stepGraph() throws -> Graph {
    let builder = GraphBuilder()
    let weight = try builder.variable("weight", [2])
    let y = try builder.apply(Binary(.multiply), weight, builder.input("x", [2]))
    try builder.output("y", y)
    try builder.update(weight, to: y)
    return builder.graph
  }

  @Test func updatesAreSeenByTheNextRunAndByOtherGraphs() throws {
    let session = ReferenceBackend().makeSession()
    let step = try session.compile(stepGraph())
    let reader = GraphBuilder()
    try reader.output("w", reader.variable("weight", [2]))
    let view = try session.compile(reader.graph)
    #expect(session.variables.map(\.name) == ["weight"])
    #expect(try session.read("weight") == [0, 0])
    try session.write("weight", [1, 2])
    _ = try step.floatInput("x").update(fromContentsOf: [3, 5])
    try step.run()
    try step.run()
    #expect(try step.read("y") == [9, 50])
    #expect(try session.read("weight") == [9, 50])
    try view.run()
    #expect(try view.read("w") == [9, 50])
  }

  @Test func doublesPassUnrounded() throws {
    let session = ReferenceBackend().makeReferenceSession()
    let step = try session.compileReference(stepGraph())
    try session.writeDouble("weight", [1 / 3, 1])
    try step.writeDouble("x", [1e-9, 0.1])
    try step.run()
    #expect(try step.readDouble("y") == [1.0 / 3 * 1e-9, 0.1])
    #expect(try step.read("y")[1] == 0.1)
    // The float memory counts again once it is asked for.
    _ = try step.floatInput("x").update(repeating: 2)
    try session.writeDouble("weight", [1, 1])
    try step.run()
    #expect(try step.readDouble("y") == [2, 2])
  }

  @Test func wrongNamesAndSizesAreRefused() throws {
    let session = ReferenceBackend().makeReferenceSession()
    let step = try session.compileReference(stepGraph())
    func message(_ body: () throws -> Void) -> String {
      #expect(throws: GraphError.self, performing: body)?.description ?? ""
    }
    #expect(message { _ = try session.read("weigth") } == "\"weigth\": no such variable (did you mean \"weight\"?)")
    #expect(message { try session.write("weight", [1]) } == "\"weight\": the variable [2] has 2 elements, found 1")
    #expect(message { _ = try step.floatInput("X") } == "\"X\": no such input (did you mean \"x\"?)")
    #expect(message { _ = try step.integerInput("x") } == "\"x\": the input is float32[2]")
    #expect(message { try step.writeDouble("x", [1]) } == "\"x\": the input has 2 elements, found 1")
    #expect(message { _ = try step.read("y") } == "\"y\": the output is read before the first run")
    #expect(message { _ = try step.read("Y") } == "\"Y\": no such output (did you mean \"y\"?)")
  }

  @Test func aVariableHasOneTypeInASession() throws {
    let session = ReferenceBackend().makeSession()
    _ = try session.compile(stepGraph())
    let other = GraphBuilder()
    try other.output("w", other.variable("weight", [3]))
    let error = #expect(throws: GraphError.self) { try session.compile(other.graph) }
    #expect(error?.description == "\"weight\": the variable is float32[3] here and float32[2] in another graph")
    #expect(session.variables.count == 1)
  }

  @Test func invalidGraphsAreNotCompiled() throws {
    var graph = try stepGraph()
    graph.nodes[0].inputs.removeLast()
    #expect(throws: GraphError.self) { try ReferenceBackend().makeSession().compile(graph) }
  }

  /// An operation that no backend knows.
  private struct Unknown: LabGraph.Operation {
    static let name = "unknown"
    func outputTypes(for inputs: [TensorType]) -> [TensorType] { inputs }
  }

  @Test func unknownOperationsAreNamed() throws {
    let builder = GraphBuilder()
    _ = try builder.scope("head") { try builder.apply(Unknown(), builder.input("x", [2])) }
    #expect(throws: GraphError.unsupported(operation: "unknown", path: "head", backend: "reference")) {
      try ReferenceBackend().makeSession().compile(builder.graph)
    }
  }

  @Test func labelsOutsideTheClassesAreRefused() throws {
    let builder = GraphBuilder()
    let logits = try builder.input("logits", [2, 3])
    let labels = try builder.input("labels", [2], .int32)
    _ = try builder.scope("loss") {
      try builder.apply(ClassificationLoss(.crossEntropy(labelSmoothing: 0)), logits, labels)
    }
    let executable = try ReferenceBackend().makeSession().compile(builder.graph)
    _ = try executable.integerInput("labels").update(fromContentsOf: [2, 3])
    #expect(throws: GraphError.invalid(path: "loss", problem: "the label of sample 1 must be in 0..<3, found 3")) {
      try executable.run()
    }
  }

  @Test func theProfileNamesTheKernelsThatRan() throws {
    let profiled = try ReferenceBackend().makeSession(SessionOptions(profiles: true)).compile(stepGraph())
    try profiled.run()
    #expect(Array(profiled.takeProfile().byKind.keys) == [.elementwise])
    #expect(profiled.takeProfile().isEmpty)
    let silent = try ReferenceBackend().makeSession().compile(stepGraph())
    try silent.run()
    #expect(silent.takeProfile().isEmpty)
  }

  @Test func memoryIsPlannedForWhatIsAliveTogether() throws {
    let builder = GraphBuilder()
    var x = try builder.input("x", [1000])
    for _ in 0..<5 { x = try builder.apply(Unary(.square), x) }
    try builder.output("y", x)
    let executable = try ReferenceBackend().makeSession().compile(builder.graph)
    // The input and two neighbours of the chain, eight bytes an element.
    #expect(executable.plannedBytes == 3 * 8000)
    #expect(executable.variableBytes == 0)
    #expect(try ReferenceBackend().makeSession().compile(stepGraph()).variableBytes == 16)
  }

  @Test func setWritesAScalar() throws {
    let builder = GraphBuilder()
    try builder.output("y", builder.apply(Unary(.square), builder.input("rate", .scalar)))
    let executable = try ReferenceBackend().makeSession().compile(builder.graph)
    try executable.set("rate", 3)
    try executable.run()
    #expect(try executable.read("y") == [9])
  }
}
