import LabCore
import LabGraph
import LabNN

/// A convolution of a model, whose output can be asked which of its pixels speak for a class.
public struct FeatureLayer: Hashable, Sendable {
  /// The path of the layer, such as `layer3.0.conv2`; a layer that is used again has `#2`, `#3`, … behind it.
  public let path: String
  /// The extents of its output for one image: channels, height, width.
  public let shape: Shape
  /// Whether it computes the weights of an attention, and no features.
  public let isOfAttention: Bool
  /// The number of convolutions on the longest way from the image to its output, itself included.
  public let depth: Int
  /// Its output, with its bias where it has one.
  let output: ValueID

  /// Whether its output has more than one pixel, so that there is something to choose between.
  public var hasPixels: Bool { shape[1] * shape[2] > 1 }

  /// The convolutions of a network that its logits depend on, in the order in which they are computed.
  static func all(of network: EvaluationGraph) -> [FeatureLayer] {
    let graph = network.graph
    let consumers = graph.consumers()
    let isRead = graph.isRead(by: ClassifierTensor.logits)
    let attentive = Set(network.declarations.filter { $0.tags.contains("attention") }.map(\.name))
    var depths = [Int](repeating: 0, count: graph.values.count)
    var uses: [String: Int] = [:]
    var layers: [FeatureLayer] = []
    for (index, node) in graph.nodes.enumerated() {
      let layer = ConvolutionLayer(node, at: index, of: graph)
      let depth = (node.inputs.map { depths[$0.index] }.max() ?? 0) + (layer == nil ? 0 : 1)
      for output in node.outputs { depths[output.index] = depth }
      guard let layer, isRead[node.outputs[0].index] else { continue }
      uses[layer.path, default: 0] += 1
      let use = uses[layer.path] ?? 1
      layers.append(
        FeatureLayer(
          path: use == 1 ? layer.path : "\(layer.path)#\(use)",
          shape: Shape(Array(graph.shape(of: node.outputs[0]).dimensions.dropFirst())),
          isOfAttention: attentive.contains(layer.weight), depth: depth,
          output: withBias(layer.bias, node, of: graph, consumers)))
    }
    return layers
  }

  /// A convolution's output behind its bias, which that of a dynamic convolution gets from a node of its own.
  private static func withBias(
    _ name: String?, _ node: Graph.Node, of graph: Graph, _ consumers: [[Int]]
  ) -> ValueID {
    let output = node.outputs[0]
    guard let name, let bias = graph.variable(name)?.value, !node.inputs.contains(bias),
      let next = consumers[output.index].first.map({ graph.nodes[$0] }), consumers[output.index].count == 1,
      (next.operation as? Binary) == Binary(.add)
    else { return output }
    let isBias = next.inputs.contains { value in
      guard case .node(let index, _) = graph.values[value.index].origin else { return value == bias }
      return graph.nodes[index].operation is Reshape && graph.nodes[index].inputs == [bias]
    }
    return isBias ? next.outputs[0] : output
  }
}

extension [FeatureLayer] {
  /// The last convolution of features with more than one pixel: the one with most convolutions before it, and of several
  /// such the one that is computed last; nil where there is none.
  ///
  /// A shortcut's convolution is computed behind those of its block, but is no later layer than these.
  public var lastWithPixels: FeatureLayer? {
    let candidates = filter { $0.hasPixels && !$0.isOfAttention }
    let depth = candidates.map(\.depth).max()
    return candidates.reversed().first { $0.depth == depth }
  }
}

extension Graph {
  /// For each value whether an output depends on it.
  fileprivate func isRead(by name: String) -> [Bool] {
    var isRead = [Bool](repeating: false, count: values.count)
    if let value = output(name) { isRead[value.index] = true }
    for node in nodes.reversed() where node.outputs.contains(where: { isRead[$0.index] }) {
      for operand in node.inputs { isRead[operand.index] = true }
    }
    return isRead
  }
}
