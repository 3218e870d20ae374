import LabCore
import LabGraph

/// Goes through a graph's nodes in their order and writes the form of each.
final class ONNXGraphWriter {
  private let graph: Graph
  private let extents: BatchExtents
  private let builder = ONNXGraphBuilder()
  private var values: [ValueID: ONNXValue] = [:]
  /// The bytes of the weights that were written.
  private(set) var weightByteCount = 0
  /// The names of the variables that no output depends on.
  private(set) var unusedVariables: [String] = []

  init(_ graph: Graph, extents: BatchExtents) {
    self.graph = graph
    self.extents = extents
  }

  /// The model of one output from one input, for batches of any size.
  func model(from input: ValueID, to output: ValueID, _ source: ONNXExport.Source) throws -> ONNXModel {
    let type = graph.type(of: input)
    guard type.element == .float32, type.shape.rank == 4 else {
      throw ONNXError.missing(name: source.input, problem: "the input is \(type), not a batch of images")
    }
    let result = source.intake == nil ? source.output : ImageIntake.outputName
    builder.reserve(result)
    if let intake = source.intake {
      values[input] = intake.images(named: source.input, in: builder)
    } else {
      values[input] = builder.input(source.input, .float32, extents[input].map(\.port))
    }
    try write([output], weights: source.weights, scalars: source.scalars)
    guard let logits = values[output] else {
      throw ONNXError.missing(name: source.output, problem: "nothing computes it")
    }
    let final = source.intake == nil ? logits : ImageIntake.probabilities(of: logits, in: builder)
    builder.output(result, final, .float32, extents[output].map(\.port))
    return builder.model
  }

  /// The model of all inputs and outputs.
  func model(weights: [NamedTensor]) throws -> ONNXModel {
    for (name, _) in graph.outputs { builder.reserve(name) }
    for (name, value) in graph.inputs {
      let element: ONNXElement = graph.type(of: value).element == .float32 ? .float32 : .int32
      values[value] = builder.input(name, element, extents[value].map(\.port))
    }
    try write(
      graph.outputs.map(\.value), weights: Dictionary(weights.map { ($0.name, $0) }) { first, _ in first }, scalars: [:]
    )
    for (name, value) in graph.outputs {
      guard let computed = values[value] else { throw ONNXError.missing(name: name, problem: "nothing computes it") }
      builder.output(name, computed, .float32, extents[value].map(\.port))
    }
    return builder.model
  }

  private func write(
    _ outputs: [ValueID], weights: [String: NamedTensor], scalars: [String: Float]
  ) throws {
    let (nodes, needed) = needs(of: outputs)
    unusedVariables = graph.variables.filter { !needed.contains($0.value) }.map(\.name)
    for variable in graph.variables where needed.contains(variable.value) {
      guard let tensor = weights[variable.name], tensor.shape == variable.type.shape else {
        throw ONNXError.missing(
          name: variable.name,
          problem: "the model needs a weight of this name and the shape \(variable.type.shape), found "
            + (weights[variable.name].map { "\($0.shape)" } ?? "none"))
      }
      guard let elements = tensor.floats else {
        throw ONNXError.missing(name: variable.name, problem: "the weight is not in single precision")
      }
      values[variable.value] = builder.weight(variable.name, tensor.shape, elements)
      weightByteCount += 4 * elements.count
    }
    for (name, value) in graph.inputs where needed.contains(value) && values[value] == nil {
      guard let number = scalars[name], graph.type(of: value) == TensorType(.scalar) else {
        throw ONNXError.missing(name: name, problem: "the model needs a number of this name, and none was given")
      }
      values[value] = builder.constant(.floats([number]), .scalar)
    }
    for (index, value) in graph.values.enumerated() where needed.contains(ValueID(index)) {
      guard case .constant(let numbers) = value.origin else { continue }
      values[ValueID(index)] = builder.constant(.floats(numbers), value.type.shape)
    }
    for index in nodes { try write(graph.nodes[index], counterpart: extents.counterparts[index]) }
  }

  private func write(_ node: Graph.Node, counterpart: any LabGraph.Operation) throws {
    let name = type(of: node.operation).name
    guard let operation = node.operation as? any ONNXOperation else {
      throw ONNXError.unsupported(
        operation: name, path: node.path, problem: "no form of it in ONNX is known; an ONNXOperation gives it one")
    }
    guard type(of: operation).comparesAttributes || AnyHashable(operation) == AnyHashable(counterpart) else {
      throw ONNXError.batch(path: node.path, problem: "\(name) has other attributes for another size of the batch")
    }
    let inputs = try node.inputs.map { input in
      guard let value = values[input] else {
        throw ONNXError.unsupported(
          operation: name, path: node.path, problem: "it reads what the form of another operation does not compute")
      }
      return value
    }
    let results = try operation.lower(
      ONNXLowering(
        inputs: inputs, inputExtents: node.inputs.map { extents[$0] }, outputExtents: node.outputs.map { extents[$0] },
        path: node.path, batchSize: extents.sizes.0, otherBatchSize: extents.sizes.1, counterpart: counterpart,
        builder: builder))
    for (output, result) in zip(node.outputs, results) { values[output] = result }
  }

  /// The nodes that some values depend on, in their order, and all values that they read or compute.
  private func needs(of outputs: [ValueID]) -> (nodes: [Int], values: Set<ValueID>) {
    var needed = Set(outputs)
    var nodes: [Int] = []
    for (index, node) in graph.nodes.enumerated().reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      nodes.append(index)
    }
    return (nodes.reversed(), needed)
  }
}

extension ONNXExtent {
  /// The extent as a model's inputs and outputs tell it.
  fileprivate var port: ONNXPort.Extent {
    switch self {
    case .fixed(let value): .fixed(value)
    case .batch(multiple: 1): .free("batch")
    case .batch(let multiple): .free("batch*\(multiple)")
    }
  }
}
