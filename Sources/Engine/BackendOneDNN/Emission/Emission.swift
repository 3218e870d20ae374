import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// An operation that this executor can run.
protocol Emittable: Operation {
  /// Emits the kernels of a node and says where its results lie, unless they have an expression: such a result is computed
  /// when it is demanded.
  ///
  /// Operands are demanded in the form that the kernels read; what emits them, and when, is no concern of the node's.
  func emit(_ node: Graph.Node, in emission: Emission) throws
}

/// Turns a graph into kernels over slots, node by node.
///
/// Three decisions are made one after the other, each where one can read it: ``Fusion`` says what can be computed in one
/// pass; `Layout` says in which form a value or a variable lies; and this class and its extensions choose kernels, and add
/// changes of layout where a demand meets another form.
final class Emission {
  let graph: Graph
  let session: OneDNNSession
  let kernelTable: LabKernels
  let fusion: Fusion
  let consumers: [[Int]]
  /// Whether images and weights are rounded to bfloat16: in training steps of that precision.
  let isBFloat16: Bool

  // What is made.
  private(set) var kernels: [Kernel] = []
  var slots: [Slot] = []
  /// Constants, padded vectors and other memory that lives as long as the program.
  private var retained: [AlignedMemory] = []

  // What is known of it.
  var values = ValueSlots()
  var weights = WeightSlots()
  var byproducts = Byproducts()

  /// The node that is emitted: kernels are counted as its, also those that compute an operand which had to wait for it.
  var node: Graph.Node

  /// Turns a graph into kernels over slots.
  ///
  /// - Throws: `GraphError` where an operation has no kernel, or what the convolution library or the machine refuses.
  static func emit(_ graph: Graph, session: OneDNNSession) throws -> EmittedGraph {
    let emission = Emission(graph, session: session)
    let inputs = try emission.defineInputs()
    try emission.emitNodes()
    try emission.emitUpdates()
    // Demanding a value may add kernels: the outputs come before the kernels are taken.
    let outputs = try graph.outputs.map { output in
      (output.name, TensorSlot(slot: try emission.demand(output.value, .flat), type: graph.type(of: output.value)))
    }
    return EmittedGraph(
      kernels: emission.kernels, slots: emission.slots, inputs: inputs,
      outputs: Dictionary(uniqueKeysWithValues: outputs), retained: emission.retained,
      isBFloat16: emission.isBFloat16)
  }

  private init(_ graph: Graph, session: OneDNNSession) {
    self.graph = graph
    self.session = session
    kernelTable = session.kernels
    fusion = Fusion(graph)
    consumers = graph.consumers()
    isBFloat16 = session.options.precision == .bfloat16 && graph.nodes.contains { $0.stage == .backward }
    node = Graph.Node(operation: Reshape(.scalar), inputs: [], outputs: [], path: "", stage: .forward)
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
      values[input.value, .flat] = slot
      inputs[input.name] = TensorSlot(slot: slot, type: type)
    }
    for (index, value) in graph.values.enumerated() {
      guard case .constant(let elements) = value.origin else { continue }
      values[ValueID(index), .flat] = try constantSlot(elements)
    }
    return inputs
  }

  private func emitNodes() throws {
    for (index, node) in graph.nodes.enumerated() where !fusion.absorbedNodes.contains(index) {
      self.node = node
      guard let operation = node.operation as? any Emittable else {
        throw GraphError.unsupported(
          operation: type(of: node.operation).name, path: node.path, backend: "onednn")
      }
      try operation.emit(node, in: self)
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

  /// The form in which a value is computed if there is a choice.
  func naturalForm(_ value: ValueID) -> Form { Form.natural(for: graph.type(of: value)) }

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
    values[value, form] = slot
    return slot
  }

  /// The slot of a value in a form, computing or converting it if it has none.
  func demand(_ value: ValueID, _ form: Form) throws -> SlotID {
    if form == .blocked, let slot = try recomputed(value) ?? recomputedExpansion(value) { return slot }
    if let slot = values[value, form] { return slot }
    if isVariable(value) { return try demandVariable(value, form) }
    if let expression = fusion.expressions[value], values[value, .blocked] == nil {
      try emit(expression, for: value)
      return try demand(value, form)
    }
    if let known = weights.operands[value], values[value, .flat] == nil {
      let dense = try convertToDense(value, known)
      if form == .flat { return dense }
    }
    guard let source = values[value, form.other] else {
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
}
