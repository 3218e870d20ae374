import LabCore

extension Graph {
  /// The graph with only some nodes and variables, in the same order, and some values in place of others.
  ///
  /// Inputs all stay, because callers write to them by name; values that nothing refers to any more are dropped.
  ///
  /// - Parameters:
  ///   - keepsNode: whether each node stays; what stays must not depend on what goes.
  ///   - keepsVariable: whether each variable stays.
  ///   - replacement: for each value the one to use in its place, usually itself.
  func rewritten(keepsNode: [Bool], keepsVariable: [Bool], replacement: [ValueID]) -> Graph {
    var result = Graph()
    var renamed = [ValueID?](repeating: nil, count: values.count)
    func add(_ old: ValueID, _ origin: Origin) -> ValueID {
      let new = ValueID(result.values.count)
      result.values.append(Value(type: type(of: old), origin: origin))
      renamed[old.index] = new
      return new
    }
    // Constants are added when they are first read; everything else has its place before it is read.
    func reference(_ old: ValueID) -> ValueID {
      let value = replacement[old.index]
      if let known = renamed[value.index] { return known }
      guard case .constant = values[value.index].origin else {
        preconditionFailure("a kept node reads the dropped value %\(value.index)")
      }
      return add(value, values[value.index].origin)
    }

    for (name, value) in inputs { result.inputs.append((name, add(value, .input(name: name)))) }
    var variableIndex = [Int: Int]()
    for (index, variable) in variables.enumerated() where keepsVariable[index] {
      var kept = variable
      variableIndex[index] = result.variables.count
      kept.value = add(variable.value, .variable(index: result.variables.count))
      result.variables.append(kept)
    }
    for (index, node) in nodes.enumerated() where keepsNode[index] {
      var kept = node
      kept.inputs = node.inputs.map(reference)
      kept.outputs = node.outputs.enumerated().map { add($1, .node(index: result.nodes.count, output: $0)) }
      result.nodes.append(kept)
    }
    for (name, value) in outputs { result.outputs.append((name, reference(value))) }
    for update in updates {
      guard let variable = variableIndex[update.variable] else { continue }
      result.updates.append(Update(variable: variable, value: reference(update.value)))
    }
    return result
  }
}
