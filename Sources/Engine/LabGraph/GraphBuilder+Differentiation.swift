import LabCore

extension GraphBuilder {
  /// Adds the backward pass of a scalar and returns its gradients.
  ///
  /// Only nodes on a path from `targets` to `loss` are differentiated, so an image's gradient costs nothing
  /// unless it is asked for.
  ///
  /// - Parameters:
  ///   - loss: the scalar to differentiate.
  ///   - targets: the values whose gradients are wanted.
  ///   - seed: the gradient of the loss itself; 1 unless given (a loss scale, or a test's upstream gradient).
  /// - Returns: one gradient a target; nil where the loss does not depend on it.
  /// - Throws: ``GraphError`` where an operation on the way has no gradient, or the seed's type is not the loss's.
  public func gradients(of loss: Tensor, withRespectTo targets: [Tensor], seed: Tensor? = nil) throws -> [Tensor?] {
    if let seed, seed.type != loss.type {
      throw GraphError.invalid(path: path, problem: "the loss is \(loss.type) but its gradient is \(seed.type)")
    }
    let forwardCount = graph.nodes.count
    var depends = [Bool](repeating: false, count: graph.values.count)
    for target in targets { depends[target.id.index] = true }
    for node in graph.nodes where node.inputs.contains(where: { depends[$0.index] }) {
      for output in node.outputs { depends[output.index] = true }
    }

    let savedStage = stage
    stage = .backward
    defer { stage = savedStage }
    var partials: [ValueID: [Tensor]] = [:]
    partials[loss.id] = [
      seed ?? constant([Float](repeating: 1, count: loss.shape.elementCount), loss.shape)
    ]
    var totals: [ValueID: Tensor] = [:]

    for index in stride(from: forwardCount - 1, through: 0, by: -1) {
      let node = graph.nodes[index]
      let needed = node.inputs.map { depends[$0.index] }
      guard needed.contains(true) else { continue }
      try absoluteScope(node.path) {
        let upstream = try node.outputs.map { try total($0, &partials, &totals) }
        guard upstream.contains(where: { $0 != nil }) else { return }
        let gradients = try node.operation.gradients(
          GradientContext(
            inputs: node.inputs.map { Tensor(builder: self, id: $0) },
            outputs: node.outputs.map { Tensor(builder: self, id: $0) },
            outputGradients: upstream, needsGradient: needed, path: node.path, builder: self))
        precondition(gradients.count == node.inputs.count, "one gradient an operand")
        for (position, input) in node.inputs.enumerated() where needed[position] {
          guard let gradient = gradients[position] else { continue }
          guard gradient.shape == graph.shape(of: input) else {
            throw GraphError.invalid(
              path: node.path,
              problem: "\(type(of: node.operation).name) returned a gradient of shape \(gradient.shape) "
                + "for an operand of shape \(graph.shape(of: input))")
          }
          partials[input, default: []].append(gradient)
        }
      }
    }
    return try targets.map { try total($0.id, &partials, &totals) }
  }

  /// The sum of a value's partial gradients, made once.
  private func total(
    _ value: ValueID, _ partials: inout [ValueID: [Tensor]], _ totals: inout [ValueID: Tensor]
  ) throws -> Tensor? {
    if let total = totals[value] { return total }
    guard let parts = partials[value], var sum = parts.first else { return nil }
    for part in parts.dropFirst() { sum = try apply(Binary(.add), sum, part) }
    totals[value] = sum
    return sum
  }
}
