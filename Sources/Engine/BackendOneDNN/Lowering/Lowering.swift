import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// An operation that this executor can run.
///
/// `lower` either emits kernels for the results, or records them as pending, so that a later consumer decides how much
/// is computed in one pass.
protocol Lowerable: Operation {
  func lower(_ node: Graph.Node, in lowering: Lowering) throws
}

/// How a value lies in memory.
enum Form: Hashable {
  /// Dense and row-major.
  case flat
  /// `[N, C/block, H·W, block]` with zeroed tail lanes.
  case blocked
}

/// Turns a graph into kernels over slots.
final class Lowering {
  let graph: Graph
  let session: OneDNNSession
  let kernelTable: LabKernels
  let consumers: [[Int]]
  /// Whether images and weights are rounded to bfloat16: in training steps of that precision.
  let isBFloat16: Bool
  /// Values that are read after the step or become a variable's value.
  let escaping: Set<ValueID>
  var slots: [Slot] = []
  var kernels: [Kernel] = []
  /// Constants, padded vectors and other memory that lives as long as the program.
  var retained: [AlignedMemory] = []
  /// The node being lowered.
  var node: Graph.Node

  var available: [Key: SlotID] = [:]
  var pending: [ValueID: Pending] = [:]
  var weightSlots: [ValueID: (slot: SlotID, layout: VariableLayout)] = [:]
  /// The variables themselves, of which layers may read rounded copies.
  var storedSlots: [ValueID: (slot: SlotID, layout: VariableLayout)] = [:]
  var pooledSums: [ValueID: SlotID] = [:]
  var normGradients: [ValueID: [ValueID: NormGradientCoefficients]] = [:]
  var transposedWeights: [SlotID: SlotID] = [:]
  var winogradWeights: [TransformedKey: SlotID] = [:]
  var mergedWeightSlots: [MergedKey: SlotID] = [:]

  /// Weights whose neighbouring groups are taken as one.
  struct MergedKey: Hashable {
    var value: ValueID
    var mergedGroups: Int
  }

  /// Weights that are transformed for tiles of one size: images of several sizes may share them.
  struct TransformedKey: Hashable {
    var weights: SlotID
    var tileSide: Int
  }

  /// A value in one form; clones that are computed again for the backward pass are kept apart.
  struct Key: Hashable {
    var value: ValueID
    var form: Form
    var isClone = false
  }

  /// Turns a graph into kernels over slots.
  ///
  /// - Throws: `GraphError` where an operation has no kernel, or what the convolution library or the machine refuses.
  static func lower(_ graph: Graph, session: OneDNNSession) throws -> LoweredGraph {
    let lowering = Lowering(graph, session: session)
    let inputs = try lowering.defineInputs()
    try lowering.lowerNodes()
    try lowering.lowerUpdates()
    // Demanding a value may add kernels: the outputs come before the kernels are taken.
    let outputs = try graph.outputs.map { output in
      (output.name, TensorSlot(slot: try lowering.demand(output.value, .flat), type: graph.type(of: output.value)))
    }
    return LoweredGraph(
      kernels: lowering.kernels, slots: lowering.slots, inputs: inputs,
      outputs: Dictionary(uniqueKeysWithValues: outputs), retained: lowering.retained,
      isBFloat16: lowering.isBFloat16)
  }

  private init(_ graph: Graph, session: OneDNNSession) {
    self.graph = graph
    self.session = session
    kernelTable = session.kernels
    consumers = graph.consumers()
    isBFloat16 = session.options.precision == .bfloat16 && graph.nodes.contains { $0.stage == .backward }
    escaping = Set(graph.outputs.map(\.value) + graph.updates.map(\.value))
    node = Graph.Node(
      operation: Reshape(.scalar), inputs: [], outputs: [], path: "", stage: .forward)
  }

  /// The number of channels that are interleaved.
  var block: Int { kernelTable.block }

  /// Gives inputs and constants their memory.
  private func defineInputs() throws -> [String: TensorSlot] {
    var inputs: [String: TensorSlot] = [:]
    for input in graph.inputs {
      let type = graph.type(of: input.value)
      let memory = try retain(byteCount: type.byteCount, isPlan: session.options.isPlan)
      let slot = addSlot(
        samples: type.shape.rank > 0 ? type.shape[0] : 1, bytes: type.byteCount, .external(memory.base))
      available[Key(value: input.value, form: .flat)] = slot
      inputs[input.name] = TensorSlot(slot: slot, type: type)
    }
    for (index, value) in graph.values.enumerated() {
      guard case .constant(let elements) = value.origin else { continue }
      available[Key(value: ValueID(index), form: .flat)] = try constantSlot(elements)
    }
    return inputs
  }

  private func lowerNodes() throws {
    for node in graph.nodes {
      self.node = node
      guard let operation = node.operation as? any Lowerable else {
        throw GraphError.unsupported(
          operation: type(of: node.operation).name, path: node.path, backend: "onednn")
      }
      try operation.lower(node, in: self)
    }
  }

  // MARK: Slots

  func addSlot(samples: Int, bytes: Int, _ storage: Slot.Storage = .unassigned) -> SlotID {
    slots.append(Slot(bytesPerSample: bytes / max(samples, 1), samples: max(samples, 1), storage: storage))
    return SlotID(index: slots.count - 1)
  }

  /// A tensor without a sample dimension.
  func addWhole(floats: Int) -> SlotID { addSlot(samples: 1, bytes: floats * 4) }

  func retain(byteCount: Int, isPlan: Bool = false) throws -> AlignedMemory {
    let memory = try isPlan ? AlignedMemory(planning: byteCount) : AlignedMemory(byteCount: byteCount)
    retained.append(memory)
    return memory
  }

  /// A slot with fixed numbers, followed by zeros up to a whole block.
  func constantSlot(_ elements: [Float]) throws -> SlotID {
    let padded = (elements.count + 15) / 16 * 16
    let memory = try retain(byteCount: padded * 4)
    memory.floats.update(from: elements, count: elements.count)
    return addSlot(samples: 1, bytes: padded * 4, .external(memory.base))
  }

  // MARK: Values

  func shape(_ value: ValueID) -> Shape { graph.shape(of: value) }

  /// The form in which a value is computed where there is a choice: images of a few channels stay flat.
  func naturalForm(_ value: ValueID) -> Form {
    let type = graph.type(of: value)
    return type.shape.rank == 4 && type.element == .float32 && type.shape[1] > 4 ? .blocked : .flat
  }

  /// The blocked extent of an image or of a matrix of channels.
  func extent(_ value: ValueID) -> LabExtent {
    let shape = shape(value)
    return LabExtent(
      samples: shape[0], channels: shape[1], blocks: (shape[1] + block - 1) / block,
      pixels: shape.dimensions.dropFirst(2).reduce(1, *))
  }

  /// Channels with the padding of the last block.
  func paddedChannels(_ value: ValueID) -> Int { extent(value).blocks * block }

  func addSlot(for value: ValueID, _ form: Form) -> SlotID {
    let shape = shape(value)
    switch form {
    case .flat:
      return addSlot(samples: shape.rank > 0 ? shape[0] : 1, bytes: max(shape.elementCount, 1) * 4)
    case .blocked:
      let extent = extent(value)
      let slot = addSlot(samples: shape[0], bytes: shape[0] * extent.blocks * block * extent.pixels * 4)
      slots[slot.index].holdsImage = extent.pixels > 1
      return slot
    }
  }

  /// Makes a slot for a result of the current node.
  func define(_ value: ValueID, _ form: Form) -> SlotID {
    let slot = addSlot(for: value, form)
    available[Key(value: value, form: form)] = slot
    return slot
  }

  /// The slot of a value in a form, computing or converting it where needed.
  func demand(_ value: ValueID, _ form: Form) throws -> SlotID {
    if let clone = try demandClone(value, form) { return clone }
    let key = Key(value: value, form: form)
    if let slot = available[key] { return slot }
    if case .variable = graph.values[value.index].origin { return try demandVariable(value, form) }
    if let expression = pending[value], available[Key(value: value, form: .blocked)] == nil {
      try emit(expression, for: value)
      return try demand(value, form)
    }
    if let weights = weightSlots[value], available[Key(value: value, form: .flat)] == nil {
      let dense = try convertToDense(value, weights)
      if form == .flat { return dense }
    }
    let other: Form = form == .flat ? .blocked : .flat
    guard let source = available[Key(value: value, form: other)] else {
      throw GraphError.invalid(path: node.path, problem: "value %\(value.index) is used before it is computed")
    }
    let target = define(value, form)
    emitConversion(extent(value), from: source, to: target, toBlocked: form == .blocked)
    return target
  }

  /// Emits a change of form.
  func emitConversion(_ extent: LabExtent, from source: SlotID, to target: SlotID, toBlocked: Bool) {
    let convert = toBlocked ? kernelTable.toBlocked! : kernelTable.fromBlocked!
    add(
      ChunkKernel(.reorder, path: node.path, samples: extent.samples, reads: [source], writes: [target]) { worker in
        var part = extent
        part.samples = worker.count
        convert(part, worker.pointer(source), worker.pointer(target))
      })
  }

  /// Registers a kernel.
  func add(_ kernel: Kernel) { kernels.append(kernel) }

  // MARK: Variables

  private func storage(of value: ValueID) throws -> (OneDNNSession.Storage, index: Int) {
    guard case .variable(let index) = graph.values[value.index].origin else {
      throw GraphError.invalid(path: node.path, problem: "value %\(value.index) is no variable")
    }
    return (try session.storage(graph.variables[index].name), index)
  }

  /// Whether a value is a variable.
  func isVariable(_ value: ValueID) -> Bool {
    if case .variable = graph.values[value.index].origin { true } else { false }
  }

  /// What layers read of a variable: its slot and layout or, of weights in a reduced program, a rounded copy.
  func variableSlot(
    _ value: ValueID, preferring layout: @autoclosure () throws -> VariableLayout
  ) throws -> (slot: SlotID, layout: VariableLayout) {
    if let known = weightSlots[value] { return known }
    var (slot, settled) = try storedSlot(value, preferring: layout())
    let variable = try storage(of: value).0.variable
    if isBFloat16, variable.isWeight { slot = emitRounding(slot, byteCount: settled.byteCount(variable.type)) }
    weightSlots[value] = (slot, settled)
    if case .dense = settled { available[Key(value: value, form: .flat)] = slot }
    return (slot, settled)
  }

  /// A variable itself, as updates write it; its first user in the session fixes the layout.
  func storedSlot(
    _ value: ValueID, preferring layout: @autoclosure () throws -> VariableLayout
  ) throws -> (slot: SlotID, layout: VariableLayout) {
    if let known = storedSlots[value] { return known }
    let (storage, _) = try storage(of: value)
    let settled = try storage.settle(layout())
    let slot = addSlot(
      samples: 1, bytes: settled.byteCount(storage.variable.type), .external(storage.memory!.base))
    storedSlots[value] = (slot, settled)
    return (slot, settled)
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

  private func demandVariable(_ value: ValueID, _ form: Form) throws -> SlotID {
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

  private func convertToDense(
    _ value: ValueID, _ source: (slot: SlotID, layout: VariableLayout)
  ) throws -> SlotID {
    let target = define(value, .flat)
    try emitReorder(source.slot, source.layout, to: target, .dense)
    return target
  }

  /// A value's weights in a given layout, converting where needed.
  func demandWeights(_ value: ValueID, in layout: VariableLayout) throws -> SlotID {
    let known: (slot: SlotID, layout: VariableLayout)
    if let existing = weightSlots[value] {
      known = existing
    } else if isVariable(value) {
      known = try variableSlot(value, preferring: layout)
    } else {
      known = (try demand(value, .flat), .dense)
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
  private func lowerUpdates() throws {
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
  /// Whether it multiplies a layer's operand, unlike biases and what normalisation scales by.
  fileprivate var isWeight: Bool { role == .parameter && type.shape.rank >= 2 }
}
