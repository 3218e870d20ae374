import LabCore

extension Graph {
  /// Checks every invariant that backends and passes rely on.
  ///
  /// Values, nodes and variables refer to one another consistently; nodes stand in topological order and their stored
  /// types are those that their operations infer; names are unique; each variable is updated at most once, by a value of
  /// its type, and nothing reads it once its new value may have replaced the old one in place.
  ///
  /// - Throws: ``GraphError`` naming the layer's path, or the input, output or variable.
  public func verify() throws {
    try verifyNames()
    for index in values.indices { try verifyOrigin(ofValue: index) }
    for index in nodes.indices { try verifyNode(index) }
    try verifyUpdates()
  }

  /// What errors call a node: its layer's path, or its position where it has none.
  private func label(ofNode index: Int) -> String {
    nodes[index].path.isEmpty ? "node \(index)" : nodes[index].path
  }

  private func verifyNames() throws {
    func check(_ kind: String, _ entries: [(name: String, value: ValueID)]) throws {
      var seen: Set<String> = []
      for (name, value) in entries {
        guard seen.insert(name).inserted else {
          throw GraphError.name(subject: name, problem: "two \(kind)s have this name")
        }
        guard values.indices.contains(value.index) else {
          throw GraphError.name(subject: name, problem: "the \(kind) refers to a value that does not exist")
        }
      }
    }
    try check("variable", variables.map { ($0.name, $0.value) })
    try check("input", inputs)
    try check("output", outputs)
    for (index, variable) in variables.enumerated() {
      guard values[variable.value.index].origin == .variable(index: index) else {
        throw GraphError.name(subject: variable.name, problem: "the variable's value has another origin")
      }
      guard values[variable.value.index].type == variable.type else {
        throw GraphError.name(subject: variable.name, problem: "the variable's value has another type")
      }
    }
    for (name, value) in inputs where values[value.index].origin != .input(name: name) {
      throw GraphError.name(subject: name, problem: "the input's value has another origin")
    }
  }

  private func verifyOrigin(ofValue index: Int) throws {
    let problem: String? =
      switch values[index].origin {
      case .input(let name): input(name)?.index == index ? nil : "is of the undeclared input \"\(name)\""
      case .variable(let variable):
        variables.indices.contains(variable) && variables[variable].value.index == index
          ? nil : "is of a variable that does not exist"
      case .constant(let elements):
        values[index].type.element == .float32 && elements.count == values[index].type.shape.elementCount
          ? nil : "is a constant of \(elements.count) numbers but of the type \(values[index].type)"
      case .node(let node, let output):
        nodes.indices.contains(node) && nodes[node].outputs.indices.contains(output)
          && nodes[node].outputs[output].index == index ? nil : "is no result of the node that should make it"
      }
    if let problem { throw GraphError.invalid(path: "", problem: "value %\(index) \(problem)") }
  }

  private func verifyNode(_ index: Int) throws {
    let node = nodes[index]
    let path = label(ofNode: index)
    for input in node.inputs {
      guard values.indices.contains(input.index) else {
        throw GraphError.invalid(path: path, problem: "reads the value %\(input.index), which does not exist")
      }
      if case .node(let producer, _) = values[input.index].origin, producer >= index {
        throw GraphError.invalid(path: path, problem: "reads the value %\(input.index) before it is computed")
      }
    }
    for (position, output) in node.outputs.enumerated() {
      guard values.indices.contains(output.index),
        values[output.index].origin == .node(index: index, output: position)
      else {
        throw GraphError.invalid(path: path, problem: "result \(position) is a value of another origin")
      }
    }
    let expected: [TensorType]
    do {
      expected = try node.operation.outputTypes(for: node.inputs.map(type(of:)))
    } catch let error as GraphError {
      throw error.located(at: path)
    }
    let actual = node.outputs.map(type(of:))
    guard expected == actual else {
      throw GraphError.invalid(
        path: path,
        problem: "\(Swift.type(of: node.operation).name) infers the results \(expected), the graph says \(actual)")
    }
  }

  private func verifyUpdates() throws {
    let consumers = consumers()
    var updated: Set<Int> = []
    for update in updates {
      guard variables.indices.contains(update.variable), values.indices.contains(update.value.index) else {
        throw GraphError.invalid(path: "", problem: "an update refers to a variable or value that does not exist")
      }
      let variable = variables[update.variable]
      guard updated.insert(update.variable).inserted else {
        throw GraphError.name(subject: variable.name, problem: "the variable is updated twice")
      }
      guard type(of: update.value) == variable.type else {
        throw GraphError.name(
          subject: variable.name,
          problem: "the variable is \(variable.type) but its update is \(type(of: update.value))")
      }
      // An update that no node computes is copied at the end of the step.
      var producer = nodes.count
      if case .node(let index, _) = values[update.value.index].origin { producer = index }
      if let late = consumers[variable.value.index].last, late > producer {
        throw GraphError.invalid(
          path: label(ofNode: late), problem: "reads \(variable.name) after the node that updates it in place")
      }
      if let output = outputs.first(where: { $0.value == variable.value }) {
        throw GraphError.name(
          subject: output.name, problem: "the output is the variable \(variable.name), which the step updates")
      }
    }
    for update in updates {
      if case .variable(let source) = values[update.value.index].origin, updated.contains(source) {
        throw GraphError.name(
          subject: variables[update.variable].name,
          problem: "its update is the variable \(variables[source].name), which the step updates too")
      }
    }
  }
}
