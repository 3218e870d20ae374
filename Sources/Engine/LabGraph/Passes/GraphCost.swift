import LabCore

/// What a network's forward pass costs: parameters, multiply-adds and activation memory by node and by layer.
///
/// Costs are those of one sample: work that depends on the graph's inputs is divided by the batch; work on variables
/// alone is not.
public struct GraphCost: Sendable, Hashable {
  /// The cost of a node, of a layer or of a whole network.
  public struct Row: Sendable, Hashable {
    /// The layer's path; empty for the network's own nodes.
    public var path: String
    /// The operation's name; for a layer that of its costliest node.
    public var operation: String
    /// The shape of the (last) result, with the graph's batch.
    public var outputShape: Shape
    /// The number of trained elements, counted where they are first read.
    public var parameters: Int
    /// Multiply-adds a sample, as the literature counts them.
    public var multiplyAdds: Int
    /// Bytes a sample of the results that a training step has to hold; views of other results cost nothing.
    public var activationBytes: Int
  }

  /// The forward nodes in execution order.
  public private(set) var nodes: [Row] = []
  /// The number of samples in the graph's batch.
  public let batch: Int

  /// Measures a graph's forward stage.
  ///
  /// - Parameters:
  ///   - graph: the graph; a training step's backward and update nodes are left out.
  ///   - batch: the number of samples in its batch; the leading extent of the first input that has one unless given.
  public init(_ graph: Graph, batch: Int? = nil) {
    let samples = batch ?? graph.inputs.lazy.map { graph.shape(of: $0.value) }.first { $0.rank > 0 }?[0] ?? 1
    self.batch = max(samples, 1)
    var dependsOnInput = graph.values.map { value in
      if case .input = value.origin { return true }
      return false
    }
    var countedVariables: Set<Int> = []
    for node in graph.nodes where node.stage == .forward {
      let isPerSample = node.inputs.contains { dependsOnInput[$0.index] }
      for output in node.outputs { dependsOnInput[output.index] = isPerSample }
      var parameters = 0
      for input in node.inputs {
        guard case .variable(let index) = graph.values[input.index].origin,
          graph.variables[index].role == .parameter, countedVariables.insert(index).inserted
        else { continue }
        parameters += graph.variables[index].type.shape.elementCount
      }
      let types = node.outputs.map(graph.type(of:))
      // A result without the batch, such as a mean loss, is there once.
      let hasBatch = isPerSample && (types.first?.shape.dimensions.first ?? 1) % self.batch == 0
      let multiplyAdds = node.operation.multiplyAdds(inputs: node.inputs.map(graph.type(of:)), outputs: types)
      nodes.append(
        Row(
          path: node.path, operation: type(of: node.operation).name, outputShape: types.first?.shape ?? .scalar,
          parameters: parameters, multiplyAdds: multiplyAdds / (isPerSample ? self.batch : 1),
          activationBytes: node.operation is Reshape ? 0 : (types.first?.byteCount ?? 0) / (hasBatch ? self.batch : 1)))
    }
  }

  /// One row a layer: the nodes of one path added up, in order of first appearance.
  public var layers: [Row] { rows(depth: .max) }

  /// One row for all nodes whose paths agree in their first components.
  ///
  /// - Parameter depth: the number of components that tell rows apart: 1 gives `layer1`, 2 gives `layer1.0`.
  public func rows(depth: Int) -> [Row] {
    var rows: [Row] = []
    var largest: [Int] = []
    var indices: [String: Int] = [:]
    for node in nodes {
      let path = node.path.split(separator: ".").prefix(depth).joined(separator: ".")
      guard let index = indices[path] else {
        indices[path] = rows.count
        rows.append(node)
        rows[rows.count - 1].path = path
        largest.append(node.multiplyAdds)
        continue
      }
      rows[index].outputShape = node.outputShape
      rows[index].parameters += node.parameters
      rows[index].multiplyAdds += node.multiplyAdds
      rows[index].activationBytes += node.activationBytes
      if node.multiplyAdds > largest[index] {
        largest[index] = node.multiplyAdds
        rows[index].operation = node.operation
      }
    }
    return rows
  }

  /// The number of trained elements that the forward pass reads.
  public var parameters: Int { nodes.reduce(0) { $0 + $1.parameters } }
  /// Multiply-adds a sample.
  public var multiplyAdds: Int { nodes.reduce(0) { $0 + $1.multiplyAdds } }
  /// Bytes a sample of all results of the forward pass.
  public var activationBytes: Int { nodes.reduce(0) { $0 + $1.activationBytes } }
}
