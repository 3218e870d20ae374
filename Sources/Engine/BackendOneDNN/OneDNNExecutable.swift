import CLabKernels
import COneDNN
import LabCore
import LabGraph
import Synchronization

/// A compiled graph: segments of kernels over one arena.
final class OneDNNExecutable: Executable {
  let plannedBytes: Int
  let variableBytes: Int

  private let session: OneDNNSession
  private let kernels: [any Kernel]
  private let segments: [Segment]
  private let slots: [Slot]
  private let retained: [AlignedMemory]
  private let inputs: [String: (slot: SlotID, type: TensorType)]
  private let outputs: [String: (slot: SlotID, type: TensorType)]
  private let plan: MemoryPlan
  private let scratchBytes: Int
  private let accumulatorBytes: Int
  private var memory: (arena: AlignedMemory, workers: [Worker], step: Step, own: [AlignedMemory])?
  private let profile: Profile?

  init(_ graph: Graph, session: OneDNNSession) throws {
    oneDnnUseOneThread()
    self.session = session
    let lowering = Lowering(graph, session: session)
    try lowering.run()
    var kernels = lowering.kernels
    var slots = lowering.slots
    var segments = Schedule.segments(of: kernels, slots)
    if lowering.isReduced { HalfStorage.apply(to: &kernels, &slots, &segments, table: session.kernels) }
    let workers = max(session.options.threads, 1)
    for index in segments.indices {
      guard let samples = segments[index].samples else {
        try kernels[segments[index].kernels[0]].prepare(chunkSizes: [1], workers: workers)
        continue
      }
      let size = ChunkSize.samples(of: segments[index], kernels, slots, samples: samples, workers: workers)
      segments[index].chunkSize = size
      let sizes = Set(
        OneDNNExecutable.parts(of: samples, among: workers).flatMap { part in
          OneDNNExecutable.chunks(of: part, size: size).map(\.count)
        })
      for kernel in segments[index].kernels {
        try kernels[kernel].prepare(chunkSizes: sizes.sorted(), workers: workers)
      }
    }
    let kept = try Set(graph.outputs.map { try lowering.demand($0.value, .flat) })
    let plan = MemoryPlan(&slots, kernels: kernels, segments: &segments, kept: kept)
    var accumulatorBytes = 0
    for segment in segments {
      var offset = 0
      for index in segment.kernels {
        kernels[index].accumulatorOffset = offset
        offset += (kernels[index].accumulatorBytes + 63) / 64 * 64
      }
      accumulatorBytes = max(accumulatorBytes, offset)
    }
    self.plan = plan
    self.kernels = kernels
    self.segments = segments
    self.slots = slots
    retained = lowering.retained
    inputs = lowering.inputSlots
    outputs = try Dictionary(
      uniqueKeysWithValues: graph.outputs.map {
        ($0.name, (try lowering.demand($0.value, .flat), graph.type(of: $0.value)))
      })
    scratchBytes = kernels.map(\.scratchBytes).max() ?? 0
    self.accumulatorBytes = accumulatorBytes
    plannedBytes =
      plan.arenaBytes + retained.reduce(0) { $0 + $1.byteCount }
      + workers * (plan.localBytes + scratchBytes + accumulatorBytes)
    variableBytes = try graph.variables.reduce(0) { sum, variable in
      sum + (try session.storage(variable.name).memory?.byteCount ?? variable.type.byteCount)
    }
    profile = session.options.profiles ? Profile() : nil
  }

  // MARK: Chunks

  private static func parts(of samples: Int, among workers: Int) -> [Range<Int>] {
    // Rounded up, so that the first worker, in whose memory sums begin, always has a share.
    let bounds = (0...workers).map { (samples * $0 + workers - 1) / workers }
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }

  private static func chunks(of range: Range<Int>, size: Int) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: size).map { $0..<min($0 + size, range.upperBound) }
  }

  // MARK: Memory

  private func allocate() throws -> (arena: AlignedMemory, workers: [Worker], step: Step, own: [AlignedMemory]) {
    if let memory { return memory }
    try session.refuseOnPlan()
    let arena = try AlignedMemory(byteCount: plan.arenaBytes)
    var own: [AlignedMemory] = []
    let workers = try (0..<max(session.options.threads, 1)).map { index in
      let scratchOffset = MemoryPlan.align(plan.localBytes)
      let accumulatorOffset = scratchOffset + MemoryPlan.align(scratchBytes)
      let local = try AlignedMemory(byteCount: accumulatorOffset + accumulatorBytes)
      own.append(local)
      return Worker(
        index: index, local: local.base, scratch: local.base + scratchOffset,
        accumulators: local.base + accumulatorOffset,
        bases: slots.map { slot in
          switch slot.storage {
          case .arena(let offset): arena.base + offset
          case .local(let offset): local.base + offset
          case .external(let pointer): pointer
          // Places of their own come with each segment; an unassigned slot is one that no kernel uses.
          case .perSegment: local.base
          case .unassigned: arena.base
          }
        },
        strides: slots.map(\.bytesPerSample),
        isLocal: slots.map(\.storage.isLocal), profile: profile)
    }
    let result = (arena, workers, Step(workers: workers), own)
    memory = result
    return result
  }

  // MARK: Running

  func run() throws {
    let (_, workers, step, _) = try allocate()
    oneDnnUseOneThread()
    let mode = labFlushDenormals()
    defer { labRestoreFloatingPointMode(mode) }
    for segment in segments {
      if let samples = segment.samples {
        try runBatched(segment, samples: samples, workers: workers)
      }
      for index in segment.kernels {
        try workers[0].measure(kernels[index].kind, of: kernels[index].path) { try kernels[index].finish(step) }
      }
    }
  }

  private func runBatched(_ segment: Segment, samples: Int, workers: [Worker]) throws {
    let parts = OneDNNExecutable.parts(of: samples, among: workers.count)
    let members = segment.kernels.map { kernels[$0] }
    func work(_ index: Int) throws {
      let worker = workers[index]
      worker.begin(segment)
      for kernel in members where kernel.accumulatorBytes > 0 {
        (worker.accumulators + kernel.accumulatorOffset)
          .initializeMemory(as: UInt8.self, repeating: 0, count: kernel.accumulatorBytes)
      }
      var first = parts[index].lowerBound
      while first < parts[index].upperBound {
        let next = min(first + segment.chunkSize, parts[index].upperBound)
        worker.begin(first..<next)
        for kernel in members {
          try worker.measure(kernel.kind, of: kernel.path) { try kernel.run(worker) }
        }
        first = next
      }
    }
    if workers.count == 1 { return try work(0) }
    let failure = Mutex<(any Error)?>(nil)
    session.team.run { index in
      do { try work(index) } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let failure = failure.withLock(\.self) { throw failure }
  }

  // MARK: Inputs and outputs

  private func input(_ name: String, _ element: ElementType) throws -> (slot: SlotID, type: TensorType) {
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

  private func memory<T>(of input: (slot: SlotID, type: TensorType)) -> UnsafeMutableBufferPointer<T> {
    guard case .external(let pointer) = slots[input.slot.index].storage else {
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
}
