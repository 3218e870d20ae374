import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// Variables in blocked layouts, and the programs compiled against them.
final class OneDNNSession: Session {
  /// A variable's memory and layout; the layout is fixed by its first user.
  final class Storage {
    let variable: Variable
    private(set) var layout: VariableLayout?
    private(set) var memory: AlignedMemory?
    private let isPlan: Bool

    init(_ variable: Variable, isPlan: Bool) {
      self.variable = variable
      self.isPlan = isPlan
    }

    /// Fixes the layout unless it is fixed already, and returns it.
    ///
    /// - Throws: what `wanted` throws, or the machine's refusal of the memory.
    func settle(_ wanted: @autoclosure () throws -> VariableLayout) throws -> VariableLayout {
      if let layout { return layout }
      let settled = try wanted()
      let byteCount = settled.byteCount(variable.type)
      memory = try isPlan ? AlignedMemory(planning: byteCount) : AlignedMemory(byteCount: byteCount)
      layout = settled
      return settled
    }
  }

  let options: SessionOptions
  let kernels: LabKernels
  let winograd: LabWinograd
  let bfloat16Products: BFloat16Products
  /// Starts sessions like this one.
  let backend: OneDNNBackend
  let choice: MethodChoice
  private(set) var choices: [String: String] = [:]
  private(set) var storages: [String: Storage] = [:]
  private(set) var variables: [Variable] = []

  init(
    _ options: SessionOptions, kernels: UnsafePointer<LabKernels>, bfloat16Products: BFloat16Products,
    backend: OneDNNBackend,
    choosing choice: MethodChoice
  ) {
    self.options = options
    self.backend = backend
    self.choice = choice
    self.kernels = kernels.pointee
    self.bfloat16Products = kernels.pointee.block == BFloat16Products.blockOfUnits ? bfloat16Products : .none
    winograd = labWinograd(kernels).pointee
  }

  /// The threads of a step.
  private(set) lazy var team = ThreadTeam(size: options.threads) {
    oneDnnUseOneThread()
    _ = labFlushDenormals()
  }

  /// Records the method of a pass.
  func note(_ method: ConvolutionMethod, for pass: String) { choices[pass] = method.rawValue }

  func compile(_ graph: Graph) throws -> any Executable {
    for variable in graph.variables {
      if let existing = storages[variable.name] {
        guard existing.variable.type == variable.type else {
          throw GraphError.name(
            subject: variable.name,
            problem: "is \(existing.variable.type) in one graph and \(variable.type) in another")
        }
      } else {
        storages[variable.name] = Storage(variable, isPlan: options.isPlan)
        variables.append(variable)
      }
    }
    return try OneDNNExecutable(graph, session: self)
  }

  func read(_ name: String) throws -> [Float] {
    try refuseOnPlan()
    let storage = try storage(name)
    let count = storage.variable.type.shape.elementCount
    let layout = try storage.settle(.dense)
    switch layout {
    case .dense: return Array(UnsafeBufferPointer(start: storage.memory!.floats, count: count))
    case .weights:
      let reorder = try WeightReorder(from: layout, to: .dense)
      return try [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
        try reorder.execute(from: storage.memory!.base, to: buffer.baseAddress!)
        initialized = count
      }
    }
  }

  func write(_ name: String, _ elements: [Float]) throws {
    try refuseOnPlan()
    let storage = try storage(name)
    guard elements.count == storage.variable.type.shape.elementCount else {
      throw GraphError.name(
        subject: name, problem: "has \(storage.variable.type.shape.elementCount) elements, not \(elements.count)")
    }
    let layout = try storage.settle(.dense)
    try elements.withUnsafeBytes { bytes in
      switch layout {
      case .dense: storage.memory!.base.copyMemory(from: bytes.baseAddress!, byteCount: bytes.count)
      case .weights:
        try WeightReorder(from: .dense, to: layout).execute(from: bytes.baseAddress!, to: storage.memory!.base)
      }
    }
  }

  /// Nothing can be computed in memory that is only planned.
  func refuseOnPlan() throws {
    if options.isPlan { throw GraphError.backend("a session that plans has no numbers to read, write or compute") }
  }

  func storage(_ name: String) throws -> Storage {
    guard let storage = storages[name] else {
      throw GraphError.name(
        subject: name,
        problem: "no compiled graph has this variable\(NearestName.hint(for: name, among: storages.keys))")
    }
    return storage
  }
}
