import LabCore
import LabGraph

/// A graph that is interpreted node by node.
public final class ReferenceExecutable: Executable {
  private let graph: Graph
  private let session: ReferenceSession
  private let kernels: [any ReferenceKernel]
  /// For each node the values that nothing reads after it.
  private let lastReads: [[ValueID]]
  private let floatMemory: [String: UnsafeMutableBufferPointer<Float>]
  private let integerMemory: [String: UnsafeMutableBufferPointer<Int32>]
  /// Inputs in double precision, which take the place of the float memory.
  private var doubleInputs: [String: [Double]] = [:]
  private var results: [String: ReferenceTensor] = [:]
  private let profiles: Bool
  private var profile: [ProfileKey: Double] = [:]

  init(_ graph: Graph, session: ReferenceSession, profiles: Bool) throws {
    kernels = try graph.nodes.map { node in
      guard let kernel = node.operation as? any ReferenceKernel else {
        throw GraphError.unsupported(
          operation: type(of: node.operation).name, path: node.path, backend: ReferenceBackend.name)
      }
      return kernel
    }
    self.graph = graph
    self.session = session
    self.profiles = profiles
    lastReads = Self.lastReads(graph)
    var floats: [String: UnsafeMutableBufferPointer<Float>] = [:]
    var integers: [String: UnsafeMutableBufferPointer<Int32>] = [:]
    for (name, value) in graph.inputs {
      let count = graph.shape(of: value).elementCount
      switch graph.type(of: value).element {
      case .float32:
        floats[name] = .allocate(capacity: count)
        floats[name]?.initialize(repeating: 0)
      case .int32:
        integers[name] = .allocate(capacity: count)
        integers[name]?.initialize(repeating: 0)
      }
    }
    floatMemory = floats
    integerMemory = integers
  }

  deinit {
    for memory in floatMemory.values { memory.deallocate() }
    for memory in integerMemory.values { memory.deallocate() }
  }

  /// Bytes of the values that are alive together at the fullest moment, in double precision.
  public var plannedBytes: Int {
    func bytes(_ values: some Sequence<ValueID>) -> Int { values.reduce(0) { $0 + 2 * graph.type(of: $1).byteCount } }
    var alive = 0
    for (index, value) in graph.values.enumerated() {
      switch value.origin {
      case .input, .constant: alive += bytes([ValueID(index)])
      case .variable, .node: break
      }
    }
    var peak = alive
    for (index, node) in graph.nodes.enumerated() {
      alive += bytes(node.outputs)
      peak = max(peak, alive)
      alive -= bytes(lastReads[index])
    }
    return peak
  }

  /// Bytes of the variables, in double precision.
  public var variableBytes: Int { graph.variables.reduce(0) { $0 + 2 * $1.type.byteCount } }

  /// The memory of a float input; doubles written earlier under this name no longer count.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func floatInput(_ name: String) throws -> UnsafeMutableBufferPointer<Float> {
    guard let memory = floatMemory[name] else { throw unknownInput(name, among: floatMemory.keys) }
    doubleInputs[name] = nil
    return memory
  }

  /// The memory of an integer input.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func integerInput(_ name: String) throws -> UnsafeMutableBufferPointer<Int32> {
    guard let memory = integerMemory[name] else { throw unknownInput(name, among: integerMemory.keys) }
    return memory
  }

  /// Sets a float input in double precision, until ``floatInput(_:)`` is asked for it.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name or a wrong count.
  public func writeDouble(_ name: String, _ elements: [Double]) throws {
    guard let memory = floatMemory[name] else { throw unknownInput(name, among: floatMemory.keys) }
    guard elements.count == memory.count else {
      throw GraphError.name(
        subject: name, problem: "the input has \(memory.count) elements, found \(elements.count)")
    }
    doubleInputs[name] = elements
  }

  /// Executes every node in order, then applies the variables' updates.
  ///
  /// - Throws: ``LabGraph/GraphError/invalid(path:problem:)`` for operands whose numbers make no sense, such as a label
  ///   outside the classes.
  public func run() throws {
    var values = [ReferenceTensor?](repeating: nil, count: graph.values.count)
    for (index, value) in graph.values.enumerated() { values[index] = try initialTensor(value) }
    let kept = graph.outputs.map(\.value) + graph.updates.map(\.value)
    var outputs: [ValueID: ReferenceTensor] = [:]
    func keep(_ candidates: some Sequence<ValueID>) {
      for value in candidates where kept.contains(value) { outputs[value] = values[value.index] }
    }
    keep(graph.values.indices.lazy.map { ValueID($0) }.filter { values[$0.index] != nil })
    for (index, node) in graph.nodes.enumerated() {
      let start = ContinuousClock.now
      let inputs = node.inputs.compactMap { values[$0.index] }
      do {
        let computed = try kernels[index].evaluate(inputs, outputTypes: node.outputs.map(graph.type(of:)))
        for (output, tensor) in zip(node.outputs, computed) { values[output.index] = tensor }
      } catch let error as GraphError {
        throw error.located(at: node.path)
      }
      keep(node.outputs)
      for value in lastReads[index] { values[value.index] = nil }
      if profiles {
        let key = ProfileKey(path: graph.nodes[index].path, kind: type(of: kernels[index]).kind)
        profile[key, default: 0] += (ContinuousClock.now - start).seconds
      }
    }
    results = [:]
    for (name, value) in graph.outputs { results[name] = outputs[value] }
    for update in graph.updates {
      if let tensor = outputs[update.value] { session.update(graph.variables[update.variable].name, to: tensor) }
    }
  }

  /// An output of the last run, rounded to single precision.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name.
  public func read(_ name: String) throws -> [Float] { try readDouble(name).map { Float($0) } }

  /// An output of the last run.
  ///
  /// - Throws: ``LabGraph/GraphError/name(subject:problem:)`` for an unknown name, or before the first run.
  public func readDouble(_ name: String) throws -> [Double] {
    guard let tensor = results[name] else {
      guard graph.output(name) == nil else {
        throw GraphError.name(subject: name, problem: "the output is read before the first run")
      }
      throw GraphError.name(
        subject: name, problem: "no such output" + NearestName.hint(for: name, among: graph.outputs.map(\.name)))
    }
    return tensor.type.element == .float32 ? tensor.elements : tensor.integers.map(Double.init)
  }

  /// Seconds spent by layer and kind of work since the last call, where the session profiles.
  public func takeProfile() -> [ProfileKey: Double] {
    defer { profile = [:] }
    return profile
  }

  private func initialTensor(_ value: Graph.Value) throws -> ReferenceTensor? {
    switch value.origin {
    case .input(let name):
      if let memory = integerMemory[name] { return ReferenceTensor(value.type.shape, integers: Array(memory)) }
      let elements = doubleInputs[name] ?? (floatMemory[name] ?? .init(start: nil, count: 0)).map(Double.init)
      return ReferenceTensor(value.type.shape, elements)
    case .variable(let index): return try session.tensor(graph.variables[index].name)
    case .constant(let elements): return ReferenceTensor(value.type.shape, elements.map(Double.init))
    case .node: return nil
    }
  }

  private func unknownInput(_ name: String, among names: some Sequence<String>) -> GraphError {
    guard let value = graph.input(name) else {
      return .name(subject: name, problem: "no such input" + NearestName.hint(for: name, among: names))
    }
    return .name(subject: name, problem: "the input is \(graph.type(of: value))")
  }

  private static func lastReads(_ graph: Graph) -> [[ValueID]] {
    var lastReader = [Int?](repeating: nil, count: graph.values.count)
    for (index, node) in graph.nodes.enumerated() {
      // A result that nothing reads is dropped at once.
      for value in node.inputs + node.outputs { lastReader[value.index] = index }
    }
    var reads = [[ValueID]](repeating: [], count: graph.nodes.count)
    for (index, value) in graph.values.enumerated() {
      guard case .node = value.origin, let reader = lastReader[index] else { continue }
      reads[reader].append(ValueID(index))
    }
    return reads
  }
}
