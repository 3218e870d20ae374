import LabCore

/// A value of a model under construction, by its name.
public struct ONNXValue: Hashable, Sendable {
  let name: String
}

/// Collects a model's nodes and numbers under names that occur once.
final class ONNXGraphBuilder {
  private(set) var model = ONNXModel()
  private var names: Set<String> = []
  private var counts: [String: Int] = [:]
  private var constants: [ONNXTensor: ONNXValue] = [:]
  /// The names of outputs, by the names that their values had before.
  private var outputNames: [String: String] = [:]

  /// Declares an input.
  func input(_ name: String, _ element: ONNXElement, _ extents: [ONNXPort.Extent]) -> ONNXValue {
    model.inputs.append(ONNXPort(name: name, element: element, extents: extents))
    return ONNXValue(name: reserve(name))
  }

  /// Keeps a name for what is declared later under it.
  @discardableResult
  func reserve(_ name: String) -> String {
    names.insert(name)
    return name
  }

  /// Adds a weight under its own name.
  func weight(_ name: String, _ shape: Shape, _ elements: [Float]) -> ONNXValue {
    model.initializers.append(ONNXTensor(name: reserve(name), shape: shape, elements: .floats(elements)))
    return ONNXValue(name: name)
  }

  /// Adds numbers that the model needs; equal ones are stored once.
  func constant(_ elements: ONNXTensor.Elements, _ shape: Shape) -> ONNXValue {
    let unnamed = ONNXTensor(name: "", shape: shape, elements: elements)
    if let known = constants[unnamed] { return known }
    let value = ONNXValue(name: numbered("c"))
    model.initializers.append(ONNXTensor(name: value.name, shape: shape, elements: elements))
    constants[unnamed] = value
    return value
  }

  /// Adds a node.
  ///
  /// - Parameters:
  ///   - type: the operator.
  ///   - inputs: its operands; nil for an optional one that is left out.
  ///   - path: the layer that it belongs to.
  ///   - outputCount: how many results it has.
  func node(
    _ type: String, _ inputs: [ONNXValue?], _ attributes: [String: ONNXAttribute], path: String, outputCount: Int = 1
  ) -> [ONNXValue] {
    let name = unique(path.isEmpty ? type : "\(path)/\(type)")
    // A value's name stands wherever it is read, which adds up; the node's tells whose it is.
    let outputs = (0..<outputCount).map { _ in numbered("v") }
    model.nodes.append(
      ONNXNode(
        type: type, name: name, inputs: inputs.map { $0.map(currentName) ?? "" }, outputs: outputs,
        attributes: attributes.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
    return outputs.map(ONNXValue.init)
  }

  /// Makes a value an output under a name that was reserved.
  func output(_ name: String, _ value: ONNXValue, _ element: ONNXElement, _ extents: [ONNXPort.Extent]) {
    let current = currentName(of: value)
    let isOutput = model.outputs.contains { $0.name == current }
    model.outputs.append(ONNXPort(name: name, element: element, extents: extents))
    guard !isOutput, let producer = model.nodes.lastIndex(where: { $0.outputs.contains(current) }) else {
      // What is no node's result, or has an output's name already, keeps its own.
      model.nodes.append(
        ONNXNode(
          type: "Identity", name: unique(name + "/Identity"), inputs: [current], outputs: [name], attributes: []))
      return
    }
    func renamed(_ names: [String]) -> [String] { names.map { $0 == current ? name : $0 } }
    for index in producer..<model.nodes.count {
      model.nodes[index].inputs = renamed(model.nodes[index].inputs)
      model.nodes[index].outputs = renamed(model.nodes[index].outputs)
    }
    outputNames[value.name] = name
  }

  private func currentName(of value: ONNXValue) -> String { outputNames[value.name] ?? value.name }

  /// A short name with a number.
  private func numbered(_ letter: String) -> String {
    while true {
      counts[letter, default: 0] += 1
      let candidate = "\(letter)\(counts[letter, default: 0])"
      if names.insert(candidate).inserted { return candidate }
    }
  }

  private func unique(_ name: String) -> String {
    var (candidate, number) = (name, 1)
    while !names.insert(candidate).inserted {
      number += 1
      candidate = "\(name)_\(number)"
    }
    return candidate
  }
}
