import CLabKernels

/// Keeps images in bfloat16 from one segment to the next.
///
/// The producer's segment rounds and stores an image. Every other segment reads it back: kernels that can do so read the
/// halves themselves, and for the others a chunk at a time is widened into each worker's scratch. So an image costs half
/// the memory and half the traffic, and all of its readers see the same rounded numbers.
struct HalfStorage {
  private var slots: [Slot]
  private var kernels: [any Kernel]
  private var segments: [Segment]
  /// The stored half of each image that has one.
  private var halves: [SlotID: SlotID] = [:]

  /// Rewrites a program whose segments are settled and whose memory is not.
  static func apply(
    to kernels: inout [any Kernel], _ slots: inout [Slot], _ segments: inout [Segment], table: LabKernels
  ) {
    var storage = HalfStorage(slots: slots, kernels: kernels, segments: segments)
    storage.chooseImages()
    for position in storage.segments.indices { storage.rewrite(position, table) }
    (kernels, slots, segments) = (storage.kernels, storage.slots, storage.segments)
  }

  private init(slots: [Slot], kernels: [any Kernel], segments: [Segment]) {
    self.slots = slots
    self.kernels = kernels
    self.segments = segments
  }

  /// Takes the images that live on after the segment that computes them, and that only batched kernels touch.
  private mutating func chooseImages() {
    var writers: [SlotID: Set<Int>] = [:]
    var users: [SlotID: Set<Int>] = [:]
    var excluded: Set<SlotID> = []
    for (position, segment) in segments.enumerated() {
      for kernel in segment.kernels.map({ kernels[$0] }) {
        for slot in kernel.reads + kernel.writes { users[slot, default: []].insert(position) }
        for slot in kernel.writes { writers[slot, default: []].insert(position) }
        excluded.formUnion(kernel.lateWrites)
        if segment.samples == nil { excluded.formUnion(kernel.reads + kernel.writes) }
      }
    }
    for index in slots.indices {
      let slot = SlotID(index: index)
      guard slots[index].holdsImage, slots[index].storage == .unassigned, !excluded.contains(slot),
        let users = users[slot], users.count > 1, writers[slot]?.count == 1, writers[slot]!.first == users.min(),
        users.allSatisfy({ segments[$0].samples == slots[index].samples })
      else { continue }
      slots[index].storage = .perSegment
      halves[slot] = SlotID(index: slots.count)
      slots.append(Slot(bytesPerSample: slots[index].bytesPerSample / 2, samples: slots[index].samples))
    }
  }

  private mutating func rewrite(_ position: Int, _ table: LabKernels) {
    let members = segments[position].kernels
    guard let samples = segments[position].samples else { return }
    var lastWriter: [SlotID: Int] = [:]
    for member in members {
      for slot in kernels[member].writes where halves[slot] != nil { lastWriter[slot] = member }
    }
    var present = Set(lastWriter.keys)
    var rewritten: [Int] = []
    for (order, member) in members.enumerated() {
      let kernel = kernels[member]
      for slot in Set(kernel.reads).sorted(by: { $0.index < $1.index }) {
        guard let half = halves[slot], !present.contains(slot) else { continue }
        if kernel.halfOperands.contains(slot) {
          kernel.takeHalves(of: slot, from: half)
        } else {
          present.insert(slot)
          rewritten.append(append(widening(slot, samples, kernel.path, table)))
        }
      }
      rewritten.append(member)
      for slot in Set(kernel.writes).sorted(by: { $0.index < $1.index }) where lastWriter[slot] == member {
        let replacements = kernel.replacements.compactMap { pair in
          pair.result == slot ? halves[pair.operand].map { (result: halves[slot]!, operand: $0) } : nil
        }
        let isReadAgain = members[(order + 1)...].contains { kernels[$0].reads.contains(slot) }
        rewritten.append(
          append(narrowing(slot, rounds: isReadAgain, samples, kernel.path, replacements, table)))
      }
    }
    segments[position].kernels = rewritten
  }

  private mutating func append(_ kernel: any Kernel) -> Int {
    kernels.append(kernel)
    return kernels.count - 1
  }

  private func widening(_ slot: SlotID, _ samples: Int, _ path: String, _ table: LabKernels) -> any Kernel {
    let (half, count, widen) = (halves[slot]!, slots[slot.index].bytesPerSample / 4, table.widenBFloat16!)
    return ChunkKernel(.precision, path: path, samples: samples, reads: [half], writes: [slot]) { worker in
      widen(worker.count * count, worker.halves(half), worker.pointer(slot))
    }
  }

  private func narrowing(
    _ slot: SlotID, rounds: Bool, _ samples: Int, _ path: String,
    _ replacements: [(result: SlotID, operand: SlotID)], _ table: LabKernels
  ) -> any Kernel {
    let (half, count, narrow) = (halves[slot]!, slots[slot.index].bytesPerSample / 4, table.narrowToBFloat16!)
    return ChunkKernel(
      .precision, path: path, samples: samples, reads: [slot], writes: [half], replacements: replacements
    ) { worker in
      narrow(worker.count * count, rounds, worker.pointer(slot), worker.halves(half))
    }
  }
}
