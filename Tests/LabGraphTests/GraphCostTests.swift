import LabCore
import LabGraph
import Testing

@Suite struct GraphCostTests {
  /// Two layers on a batch: a 3×3 convolution 3 → 8 with norm and ReLU, and a classifier.
  private func graph(batch: Int) throws -> Graph {
    let builder = GraphBuilder()
    let images = try builder.input("images", [batch, 3, 8, 8])
    let convolved = try builder.scope("layer1.0.conv1") {
      try builder.apply(
        Convolution2D(ConvolutionGeometry(stride: 2, padding: 1)), images, builder.variable("weight", [8, 3, 3, 3]))
    }
    let normal = try builder.scope("layer1.0.bn1") {
      try builder.apply(
        BatchNormalization(),
        [
          convolved, builder.variable("weight", [8]), builder.variable("bias", [8]),
          builder.variable("running_mean", [8], role: .buffer), builder.variable("running_var", [8], role: .buffer),
        ])[0]
    }
    let pooled = try builder.apply(Reduction(.mean, axes: [2, 3]), builder.apply(Activation(.relu), normal))
    let logits = try builder.scope("fc") {
      try builder.apply(MatrixProduct(), pooled, builder.variable("weight", [8, 10]))
    }
    let loss = try builder.apply(Reduction(.sum, axes: [0, 1]), logits)
    let weights = builder.graph.variables.filter { $0.role == .parameter }
    _ = try builder.gradients(of: loss, withRespectTo: weights.map { Tensor(builder: builder, id: $0.value) })
    return builder.graph
  }

  @Test func countsTheForwardPassOfOneSample() throws {
    let cost = GraphCost(try graph(batch: 4))
    #expect(cost.batch == 4)
    #expect(cost.parameters == 8 * 27 + 16 + 80)
    #expect(cost.multiplyAdds == 16 * 8 * 27 + 80)
    let layers = cost.layers
    #expect(layers.map(\.path) == ["layer1.0.conv1", "layer1.0.bn1", "", "fc"])
    #expect(layers.map(\.operation) == ["conv2d", "batch_norm", "activation", "matrix_product"])
    #expect(layers[0].outputShape == [4, 8, 4, 4])
    #expect(layers[0].parameters == 216)
    #expect(layers[0].multiplyAdds == 3456)
    #expect(layers[0].activationBytes == 512)
    #expect(layers[1].parameters == 16)
    #expect(layers[3].multiplyAdds == 80)
  }

  @Test func doesNotDependOnTheBatch() throws {
    let (one, many) = (GraphCost(try graph(batch: 2)), GraphCost(try graph(batch: 6)))
    #expect(one.multiplyAdds == many.multiplyAdds)
    #expect(one.parameters == many.parameters)
    #expect(one.layers.map(\.activationBytes) == many.layers.map(\.activationBytes))
  }

  @Test func groupsLayersByPrefix() throws {
    let rows = GraphCost(try graph(batch: 4)).rows(depth: 1)
    #expect(rows.map(\.path) == ["layer1", "", "fc"])
    #expect(rows[0].parameters == 232)
    #expect(rows[0].operation == "conv2d")
  }

  @Test func aSharedParameterIsCountedOnce() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 4])
    let weight = try builder.variable("weight", [4, 4])
    _ = try builder.apply(MatrixProduct(), builder.apply(MatrixProduct(), x, weight), weight)
    let cost = GraphCost(builder.graph)
    #expect(cost.parameters == 16)
    #expect(cost.multiplyAdds == 32)
  }

  @Test func workOnVariablesAloneIsNotDividedByTheBatch() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [8, 4])
    let (a, b) = (try builder.variable("a", [4, 3]), try builder.variable("b", [3, 5]))
    _ = try builder.apply(MatrixProduct(), x, builder.apply(MatrixProduct(), a, b))
    #expect(GraphCost(builder.graph).nodes.map(\.multiplyAdds) == [60, 20])
  }

  @Test func viewsHoldNoMemory() throws {
    let builder = GraphBuilder()
    let x = try builder.input("x", [2, 3, 4, 4])
    _ = try builder.apply(Reshape([2, 48]), x)
    #expect(GraphCost(builder.graph).activationBytes == 0)
  }

  /// A dynamic convolution costs its convolution, the making of one sample's weights, and the pooling of its image.
  @Test func dynamicConvolutionsCountTheirWeights() throws {
    func cost(kernels: Int, _ attentions: DynamicAttentions) throws -> Int {
      let builder = GraphBuilder()
      let x = try builder.input("x", [2, 3, 8, 8])
      let weight = try builder.variable("weight", [kernels, 4, 3, 3, 3])
      let widths: [DynamicAttentions: Int] = [.kernel: kernels, .spatial: 9, .channel: 3, .filter: 4]
      let factors = try attentions.list.map { try builder.input($0.description, [2, widths[$0] ?? 0]) }
      let operation = DynamicConvolution2D(ConvolutionGeometry(stride: 1, padding: 1), attentions: attentions)
      _ = try builder.apply(operation, [x, weight] + factors)
      return GraphCost(builder.graph).multiplyAdds
    }
    let (convolution, elements, pooling) = (8 * 8 * 4 * 27, 4 * 27, 3 * 8 * 8)
    #expect(try cost(kernels: 1, []) == convolution)
    #expect(try cost(kernels: 4, [.kernel]) == convolution + 4 * elements + pooling)
    #expect(try cost(kernels: 1, [.channel, .filter]) == convolution + 2 * elements + pooling)
    #expect(
      try cost(kernels: 4, [.kernel, .spatial, .channel, .filter]) == convolution + 9 * elements + pooling)
  }
}
