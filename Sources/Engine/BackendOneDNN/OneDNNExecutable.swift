import CLabKernels
import COneDNN
import LabCore
import LabGraph

/// A compiled graph: a program over memory of its own, taken when it is first run.
final class OneDNNExecutable: Executable {
  let plannedBytes: Int
  let variableBytes: Int

  private let session: OneDNNSession
  private let program: Program
  private let retained: [AlignedMemory]
  private let inputs: [String: TensorSlot]
  private let outputs: [String: TensorSlot]
  private var memory: ProgramMemory?
  private let profile: Profile?

  init(_ graph: Graph, session: OneDNNSession) throws {
    oneDnnUseOneThread()
    self.session = session
    let emitted = try Emission.emit(graph, session: session)
    program = try Program(
      emitted.kernels, emitted.slots, kept: Set(emitted.outputs.values.map(\.slot)),
      workerCount: max(session.options.threads, 1), keepingBFloat16: emitted.isBFloat16 ? session.kernels : nil)
    retained = emitted.retained
    inputs = emitted.inputs
    outputs = emitted.outputs
    plannedBytes = program.plannedBytes + retained.reduce(0) { $0 + $1.byteCount }
    variableBytes = try graph.variables.reduce(0) { sum, variable in
      sum + (try session.storage(variable.name).memory?.byteCount ?? variable.type.byteCount)
    }
    profile = session.options.profiles ? Profile() : nil
  }

  private func allocate() throws -> ProgramMemory {
    if let memory { return memory }
    try session.refuseOnPlan()
    let new = try ProgramMemory(program, profile: profile)
    memory = new
    return new
  }

  func run() throws {
    let memory = try allocate()
    oneDnnUseOneThread()
    let mode = labFlushDenormals()
    defer { labRestoreFloatingPointMode(mode) }
    try memory.run(on: session.team)
  }

  // MARK: Inputs and outputs

  private func input(_ name: String, _ element: ElementType) throws -> TensorSlot {
    try session.refuseOnPlan()
    guard let input = inputs[name] else {
      throw GraphError.name(
        subject: name, problem: "the graph has no such input\(NearestName.hint(for: name, among: inputs.keys))")
    }
    guard input.type.element == element else {
      throw GraphError.name(subject: name, problem: "the input is \(input.type.element), not \(element)")
    }
    return input
  }

  private func memory<T>(of input: TensorSlot) -> UnsafeMutableBufferPointer<T> {
    guard case .external(let pointer) = program.slots[input.slot.index].storage else {
      preconditionFailure("inputs own their memory")
    }
    return UnsafeMutableBufferPointer(
      start: pointer.assumingMemoryBound(to: T.self), count: input.type.shape.elementCount)
  }

  func floatInput(_ name: String) throws -> UnsafeMutableBufferPointer<Float> {
    memory(of: try input(name, .float32))
  }

  func integerInput(_ name: String) throws -> UnsafeMutableBufferPointer<Int32> {
    memory(of: try input(name, .int32))
  }

  func read(_ name: String) throws -> [Float] {
    guard let output = outputs[name] else {
      throw GraphError.name(
        subject: name, problem: "the graph has no such output\(NearestName.hint(for: name, among: outputs.keys))")
    }
    let step = try allocate().step
    return Array(UnsafeBufferPointer(start: step.pointer(output.slot), count: output.type.shape.elementCount))
  }

  func takeProfile() -> [ProfileKey: Double] { profile?.take() ?? [:] }

  var trafficBytes: [ProfileKey: Int] { program.trafficBytes }
}
