import BackendReference
import LabCore
import LabGraph
import LabNN
import LabZoo
import Testing

/// What is registered marks the parts that can be replaced after training.
@Suite struct PartTests {
  private func graph(_ configuration: JSONValue, extent: Int = 16) throws -> EvaluationGraph {
    let model = try ModelConfiguration(configuration: configuration).model(classCount: 3)
    return try EvaluationGraph(
      model: model, batch: ClassificationBatch(size: 2, image: [2, extent, extent], classCount: 3))
  }

  @Test(arguments: AttentionFamily.registry.names) func everyAttentionIsMarked(_ name: String) throws {
    let graph = try graph(["depth": 8, "width": 8, "attention": .string(name)])
    #expect(graph.parts.contains { $0.kind.isAttention }, "\(name) marks nothing by context.attention")
  }

  @Test(arguments: ConvolutionFamily.registry.names) func everyDynamicConvolutionIsMarked(_ name: String) throws {
    let graph = try graph(["depth": 8, "width": 8, "conv": .string(name)])
    let dynamic = graph.graph.nodes.filter { $0.operation is DynamicConvolution2D }
    #expect(dynamic.isEmpty == (name == "static"))
    for node in dynamic {
      let marked = graph.parts.filter { $0.path == node.path && $0.kind.isAttention }.map(\.value)
      #expect(marked == Array(node.inputs.dropFirst(2)))
    }
  }

  @Test func marksChangeNothingOfTheGraph() throws {
    let graph = try graph(["depth": 8, "width": 8, "conv": "odconv-4x", "attention": "cbam"])
    let values = graph.parts.map(\.value)
    #expect(Set(values).count == values.count)
    #expect(graph.parts.count { $0.kind == .block } == 3)
    for part in graph.parts {
      guard case .node(let node, _) = graph.graph.values[part.value.index].origin else {
        Issue.record("\(part.path) is computed by no node")
        continue
      }
      let isSoftmax = graph.graph.nodes[node].operation is Softmax
      #expect(isSoftmax == (part.kind == .kernelAttention))
      #expect(part.neutralWeight == (isSoftmax ? 0.25 : 1))
    }
  }

  @Test func aGraphWithoutABlockIsThatOfAnEmptyMainPath() throws {
    let whole = try graph(["depth": 14, "width": 4])
    let block = try #require(whole.parts.first { $0.path == "layer2.1" })
    let logits = try #require(whole.graph.output(ClassifierTensor.logits))
    var rewriting = GraphRewriting()
    rewriting.substitutes = [block.value: try #require(block.input)]
    let without = try whole.graph.rewritten(rewriting, outputs: [(ClassifierTensor.logits, logits)])
    try without.verify()
    #expect(!without.nodes.contains { $0.path.hasPrefix("layer2.1") })

    func computed(_ graph: Graph, emptying layers: [String]) throws -> [Double] {
      let session = ReferenceBackend().makeReferenceSession()
      let executable = try session.compileReference(graph)
      for (name, values) in whole.declarations.initialValues(seed: 5) where graph.variable(name) != nil {
        try session.write(name, layers.contains { name.hasPrefix($0) } ? values.map { _ in 0 } : values)
      }
      let stream = RandomStream(seed: 5, name: "images")
      let images = try executable.floatInput(ClassifierTensor.images)
      for index in images.indices { images[index] = Float(stream.normal(UInt64(index))) }
      try executable.run()
      return try executable.readDouble(ClassifierTensor.logits)
    }
    let expected = try computed(whole.graph, emptying: ["layer2.1.bn2.weight", "layer2.1.bn2.bias"])
    #expect(try computed(without, emptying: []) == expected)
    #expect(try computed(whole.graph, emptying: []) != expected)
  }
}
