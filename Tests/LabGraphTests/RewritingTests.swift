import LabCore
import LabGraph
import Testing

/// Parts of a graph are built anew, with other values in the places of some.
@Suite struct RewritingTests {
  /// `y = relu(exp(x) · w + exp(x))`, and what else is computed of x.
  private func graph() throws -> (graph: Graph, x: ValueID, exponential: ValueID, product: ValueID, y: ValueID) {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 3])
    let weight = try builder.variable(named: "w", [3], role: .parameter)
    let (exponential, product, sum) = try builder.scope("layer") {
      let exponential = try builder.apply(Unary(.exponential), x)
      let product = try builder.apply(Binary(.multiply), exponential, weight)
      return (exponential, product, try builder.apply(Binary(.add), product, exponential))
    }
    let y = try builder.apply(Activation(.relu), sum)
    try builder.output("y", y)
    try builder.output("square", builder.apply(Unary(.square), x))
    return (builder.graph, x.id, exponential.id, product.id, y.id)
  }

  @Test func whatAnOutputDoesNotNeedIsLeftOut() throws {
    let (graph, _, _, _, y) = try graph()
    let part = try graph.rewritten(GraphRewriting(), outputs: [("result", y)])
    try part.verify()
    #expect(part.nodes.count == graph.nodes.count - 1)
    #expect(part.outputs.map(\.name) == ["result"])
    #expect(part.nodes.map(\.path) == ["layer", "layer", "layer", ""])
    #expect(part.variables.map(\.name) == ["w"])
  }

  @Test func valuesBecomeInputs() throws {
    let (graph, _, exponential, product, y) = try graph()
    var rewriting = GraphRewriting()
    rewriting.inputs = [exponential: "e", product: "p"]
    let part = try graph.rewritten(rewriting, outputs: [("y", y)])
    try part.verify()
    #expect(part.inputs.map(\.name).sorted() == ["e", "p"])
    #expect(part.variables.isEmpty && part.nodes.count == 2)
  }

  @Test func valuesAreReplacedAndTransformed() throws {
    let (graph, x, exponential, product, y) = try graph()
    var rewriting = GraphRewriting()
    rewriting.substitutes = [product: exponential]
    rewriting.transformations = [exponential: { try $0.builder.apply(Unary(.negate), $0) }]
    let part = try graph.rewritten(rewriting, outputs: [("y", y), ("e", exponential)])
    try part.verify()
    #expect(part.variables.isEmpty)
    let negated = try #require(part.output("e"))
    let sum = try #require(part.nodes.first { $0.operation is Binary })
    #expect(sum.inputs == [negated, negated])
    #expect(part.nodes.map { type(of: $0.operation).name } == ["unary", "unary", "binary", "activation"])

    rewriting.substitutes = [exponential: product]
    rewriting.transformations = [:]
    let late = #expect(throws: GraphError.self) { try graph.rewritten(rewriting, outputs: [("y", y)]) }
    #expect("\(late, default: "")".contains("before it is computed"))
    rewriting.substitutes = [:]
    rewriting.transformations = [x: { try $0.builder.apply(Reduction(.sum, axes: [0]), $0) }]
    let wrong = #expect(throws: GraphError.self) { try graph.rewritten(rewriting, outputs: [("y", y)]) }
    #expect("\(wrong, default: "")".contains("cannot be replaced by"))
  }

  @Test func bottlenecksAreWhatAllPathsGoThrough() throws {
    let (graph, x, exponential, _, y) = try graph()
    let sum = try #require(graph.nodes.first { ($0.operation as? Binary)?.function == .add }).outputs[0]
    #expect(graph.bottlenecks(from: x, to: y) == [exponential, sum])
    #expect(graph.bottlenecks(from: exponential, to: y) == [sum])
    #expect(graph.bottlenecks(from: x, to: exponential).isEmpty)
  }
}
