import COneDNN
import LabCore
import LabGraph

extension Emission {
  private func storage(of value: ValueID) throws -> OneDNNSession.Storage {
    guard case .variable(let index) = graph.values[value.index].origin else {
      throw GraphError.invalid(path: node.path, problem: "value %\(value.index) is no variable")
    }
    return try session.storage(graph.variables[index].name)
  }

  /// Whether a value is a variable.
  func isVariable(_ value: ValueID) -> Bool {
    if case .variable = graph.values[value.index].origin { true } else { false }
  }

  /// What layers read of a variable: its slot and layout or, of weights in a program in bfloat16, a rounded copy.
  func variableSlot(
    _ value: ValueID, preferring layout: @autoclosure () throws -> VariableLayout
  ) throws -> LaidOutSlot {
    if let known = weights.operands[value] { return known }
    var operand = try storedSlot(value, preferring: layout())
    let variable = try storage(of: value).variable
    if isBFloat16, variable.isWeight {
      operand.slot = emitRounding(operand.slot, byteCount: operand.layout.byteCount(variable.type))
    }
    weights.operands[value] = operand
    if case .dense = operand.layout { values[value, .flat] = operand.slot }
    return operand
  }

  /// A variable itself, as updates write it; its first user in the session fixes the layout.
  func storedSlot(
    _ value: ValueID, preferring layout: @autoclosure () throws -> VariableLayout
  ) throws -> LaidOutSlot {
    if let known = weights.variables[value] { return known }
    let storage = try storage(of: value)
    let settled = try storage.settle(layout())
    let slot = addSlot(
      samples: 1, bytes: settled.byteCount(storage.variable.type), .external(storage.memory!.base))
    let variable = LaidOutSlot(slot: slot, layout: settled)
    weights.variables[value] = variable
    return variable
  }

  private func emitRounding(_ source: SlotID, byteCount: Int) -> SlotID {
    let target = addSlot(samples: 1, bytes: byteCount)
    let round = kernelTable.roundToBFloat16!
    add(
      WholeKernel(.precision, path: node.path, reads: [source], writes: [target]) { step in
        round(byteCount / 4, step.pointer(source), step.pointer(target))
      })
    return target
  }

  func demandVariable(_ value: ValueID, _ form: Form) throws -> SlotID {
    let known = try variableSlot(value, preferring: .dense)
    if case .dense = known.layout {
      guard form == .blocked else { return known.slot }
      let target = define(value, .blocked)
      emitConversion(extent(value), from: known.slot, to: target, toBlocked: true)
      return target
    }
    _ = try convertToDense(value, known)
    return try demand(value, form)
  }

  func convertToDense(_ value: ValueID, _ source: LaidOutSlot) throws -> SlotID {
    let target = define(value, .flat)
    try emitReorder(source.slot, source.layout, to: target, .dense)
    return target
  }

  /// A value's weights in a given layout, converting where needed.
  func demandWeights(_ value: ValueID, in layout: VariableLayout) throws -> SlotID {
    let known: LaidOutSlot
    if let existing = weights.operands[value] {
      known = existing
    } else if isVariable(value) {
      known = try variableSlot(value, preferring: layout)
    } else {
      known = LaidOutSlot(slot: try demand(value, .flat), layout: .dense)
    }
    if known.layout.isEqual(to: layout) { return known.slot }
    let target = addSlot(samples: 1, bytes: layout.byteCount(graph.type(of: value)))
    try emitReorder(known.slot, known.layout, to: target, layout)
    return target
  }

  /// Emits a change of weights' layout.
  func emitReorder(_ source: SlotID, _ from: VariableLayout, to target: SlotID, _ layout: VariableLayout) throws {
    let reorder = try WeightReorder(from: from, to: layout)
    add(
      WholeKernel(.reorder, path: node.path, reads: [source], writes: [target]) { step in
        try reorder.execute(from: step.pointer(source), to: step.pointer(target))
      })
  }

  /// Copies the values that updates did not write in place into their variables.
  func emitUpdates() throws {
    node.stage = .update
    for update in graph.updates {
      let variable = graph.variables[update.variable]
      node.path = variable.name
      let target = try storedSlot(variable.value, preferring: .dense)
      let source: SlotID
      if case .dense = target.layout {
        source = try demand(update.value, .flat)
      } else {
        source = try demandWeights(update.value, in: target.layout)
      }
      guard source != target.slot else { continue }
      let byteCount = target.layout.byteCount(variable.type)
      add(
        WholeKernel(.optimizer, path: variable.name, reads: [source], writes: [target.slot]) { step in
          UnsafeMutableRawPointer(step.pointer(target.slot))
            .copyMemory(from: step.pointer(source), byteCount: byteCount)
        })
    }
  }
}

extension Variable {
  /// Whether it multiplies a layer's operand, unlike biases and what normalization scales by.
  fileprivate var isWeight: Bool { role == .parameter && type.shape.rank >= 2 }
}
