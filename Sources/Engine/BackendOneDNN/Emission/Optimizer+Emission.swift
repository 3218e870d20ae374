import CLabKernels
import LabCore
import LabGraph

extension Emission {
  /// The slots of an update's tensors, all in the layout of the parameter, and the number of floats.
  ///
  /// Variables that the graph updates to this node's results are written in place.
  fileprivate func updateOperands(_ node: Graph.Node, tensors: Int) throws -> (slots: [SlotID], count: Int) {
    let parameter = try storedSlot(node.inputs[0], preferring: .dense)
    var slots = [parameter.slot]
    for input in node.inputs[1..<tensors] {
      if isVariable(input) {
        let state = try storedSlot(input, preferring: parameter.layout)
        slots.append(
          state.layout.isEqual(to: parameter.layout)
            ? state.slot : try demandInLayout(input, parameter.layout))
      } else {
        slots.append(try demandInLayout(input, parameter.layout))
      }
    }
    return (slots, parameter.layout.byteCount(graph.type(of: node.inputs[0])) / 4)
  }

  private func demandInLayout(_ value: ValueID, _ layout: VariableLayout) throws -> SlotID {
    if case .dense = layout { return try demand(value, .flat) }
    return try demandWeights(value, in: layout)
  }

  /// Registers a node's result as written in place of one of its operands.
  ///
  /// - Throws: ``GraphError/invalid(path:problem:)`` where the graph does not make the result that variable's new value.
  fileprivate func defineInPlace(_ result: ValueID, operand: ValueID, slot: SlotID) throws {
    guard case .variable(let index) = graph.values[operand.index].origin,
      graph.updates.contains(where: { $0.variable == index && $0.value == result }),
      let known = weights.variables[operand]
    else {
      throw GraphError.invalid(
        path: node.path, problem: "an optimiser's result must become its operand's new value")
    }
    weights.operands[result] = known
    if case .dense = known.layout { values[result, .flat] = slot }
  }
}

extension SGDUpdate: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let tensors = momentum == 0 ? 2 : 3
    let (slots, count) = try emission.updateOperands(node, tensors: tensors)
    let scalars = try node.inputs[tensors...].map { try emission.demand($0, .flat) }
    let written = momentum == 0 ? [slots[0]] : [slots[0], slots[2]]
    let kernel = emission.kernelTable.sgd!
    let operation = self
    emission.add(
      WholeKernel(.optimizer, path: node.path, reads: slots + scalars, writes: written) { step in
        kernel(
          count, step.pointer(scalars[0])[0] * operation.rateFactor, operation.momentum, operation.isNesterov,
          operation.weightDecay, step.pointer(scalars[1])[0], step.pointer(slots[0]), step.pointer(slots[1]),
          operation.momentum == 0 ? nil : step.pointer(slots[2]))
      })
    try emission.defineInPlace(node.outputs[0], operand: node.inputs[0], slot: slots[0])
    if momentum != 0 { try emission.defineInPlace(node.outputs[1], operand: node.inputs[2], slot: slots[2]) }
  }
}

extension AdamUpdate: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    let (slots, count) = try emission.updateOperands(node, tensors: 4)
    let scalars = try node.inputs[4...].map { try emission.demand($0, .flat) }
    let kernel = emission.kernelTable.adam!
    let operation = self
    emission.add(
      WholeKernel(
        .optimizer, path: node.path, reads: slots + scalars, writes: [slots[0], slots[2], slots[3]]
      ) { step in
        kernel(
          count, step.pointer(scalars[0])[0] * operation.rateFactor, operation.beta1, operation.beta2,
          operation.epsilon, operation.weightDecay, operation.isDecoupled, step.pointer(scalars[1])[0],
          step.pointer(scalars[2])[0], step.pointer(scalars[3])[0], step.pointer(slots[0]), step.pointer(slots[1]),
          step.pointer(slots[2]), step.pointer(slots[3]))
      })
    for (result, operand) in [(0, 0), (1, 2), (2, 3)] {
      try emission.defineInPlace(node.outputs[result], operand: node.inputs[operand], slot: slots[operand])
    }
  }
}

extension GradientClipFactor: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    // Padding holds zeros in every layout, so a gradient's own layout serves.
    let gradients = try node.inputs.map { value -> (slot: SlotID, count: Int) in
      if let known = emission.weights.operands[value] {
        return (known.slot, known.layout.byteCount(emission.graph.type(of: value)) / 4)
      }
      return (try emission.demand(value, .flat), emission.shape(value).elementCount)
    }
    let results = node.outputs.map { emission.define($0, .flat) }
    let kernel = emission.kernelTable.sumOfSquares!
    let maximum = Double(maximumNorm)
    emission.add(
      WholeKernel(.optimizer, path: node.path, reads: gradients.map(\.slot), writes: results) { step in
        var total = 0.0
        for gradient in gradients { total += kernel(gradient.count, step.pointer(gradient.slot)) }
        let norm = total.squareRoot()
        step.pointer(results[0])[0] = Float(min(1, maximum / (norm + 1e-6)))
        step.pointer(results[1])[0] = Float(norm)
      })
  }
}

extension MovingAverageUpdate: Emittable {
  func emit(_ node: Graph.Node, in emission: Emission) throws {
    // The average follows the layout of what it averages.
    let value = node.inputs[1]
    let layout = emission.weights.operands[value]?.layout ?? .dense
    let average = try emission.storedSlot(node.inputs[0], preferring: layout)
    let source: SlotID
    if case .dense = average.layout {
      source = try emission.demand(value, .flat)
    } else {
      source = try emission.demandWeights(value, in: average.layout)
    }
    let share = try emission.demand(node.inputs[2], .flat)
    let count = average.layout.byteCount(emission.graph.type(of: node.inputs[0])) / 4
    let kernel = emission.kernelTable.movingAverage!
    emission.add(
      WholeKernel(
        .optimizer, path: node.path, reads: [average.slot, source, share], writes: [average.slot]
      ) { step in
        kernel(count, step.pointer(share)[0], step.pointer(average.slot), step.pointer(source))
      })
    try emission.defineInPlace(node.outputs[0], operand: node.inputs[0], slot: average.slot)
  }
}
