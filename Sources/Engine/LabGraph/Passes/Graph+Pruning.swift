import LabCore

extension Graph {
  /// The graph without the nodes, constants and variables that neither an output nor an update depends on.
  ///
  /// Inputs all stay, because callers write to them by name. Where `outputs` is given, only those outputs stay and
  /// no update does: what a network needs to predict, taken from its training step.
  ///
  /// - Parameter names: the outputs to keep; all outputs and all updates unless given.
  /// - Throws: ``GraphError/name(subject:problem:)`` for an output that does not exist.
  public func pruned(toOutputs names: [String]? = nil) throws -> Graph {
    var graph = self
    if let names {
      graph.outputs = try names.map { name in
        guard let value = output(name) else {
          throw GraphError.name(
            subject: name, problem: "no such output" + NearestName.hint(for: name, among: outputs.map(\.name)))
        }
        return (name, value)
      }
      graph.updates = []
    }
    return graph.withoutUnusedNodes()
  }

  private func withoutUnusedNodes() -> Graph {
    var isNeeded = [Bool](repeating: false, count: values.count)
    for (_, value) in outputs { isNeeded[value.index] = true }
    for update in updates { isNeeded[update.value.index] = true }
    var keepsNode = [Bool](repeating: false, count: nodes.count)
    for (index, node) in nodes.enumerated().reversed() where node.outputs.contains(where: { isNeeded[$0.index] }) {
      keepsNode[index] = true
      for input in node.inputs { isNeeded[input.index] = true }
    }
    let updated = Set(updates.map(\.variable))
    let keepsVariable = variables.enumerated().map { isNeeded[$1.value.index] || updated.contains($0) }
    return rewritten(
      keepsNode: keepsNode, keepsVariable: keepsVariable, replacement: values.indices.map { ValueID($0) })
  }
}
