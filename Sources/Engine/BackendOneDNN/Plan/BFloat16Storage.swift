import CLabKernels

/// Keeps images in bfloat16 from one segment to the next.
///
/// The producer's segment rounds and stores an image. Every other segment reads it back: kernels that can do so read the
/// stored numbers themselves, and for the others a chunk at a time is widened into each worker's scratch. So an image costs
/// half the memory and half the traffic, and all of its readers see the same rounded numbers.
package struct BFloat16Storage {
  private let table: LabKernels
  private var slots: [Slot]
  private var segments: [Segment]
  /// Where the images lie that are kept in bfloat16.
  private var stored: [SlotID: SlotID] = [:]

  /// Rewrites a program whose segments are settled and whose memory is not.
  ///
  /// - Parameter kept: tensors that are read after the step, which stay in single precision.
  package static func apply(
    to segments: inout [Segment], _ slots: inout [Slot], kept: Set<SlotID>, table: LabKernels
  ) {
    var storage = BFloat16Storage(table: table, slots: slots, segments: segments)
    storage.chooseImages(except: kept)
    for position in storage.segments.indices { storage.rewrite(position) }
    (segments, slots) = (storage.segments, storage.slots)
  }

  private init(table: LabKernels, slots: [Slot], segments: [Segment]) {
    self.table = table
    self.slots = slots
    self.segments = segments
  }

  /// Takes the images that live on after the segment that computes them, and that only batched kernels touch.
  private mutating func chooseImages(except kept: Set<SlotID>) {
    var writers: [SlotID: Set<Int>] = [:]
    var users: [SlotID: Set<Int>] = [:]
    var excluded = kept
    for (position, segment) in segments.enumerated() {
      for kernel in segment.kernels {
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
      stored[slot] = SlotID(index: slots.count)
      slots.append(Slot(bytesPerSample: slots[index].bytesPerSample / 2, samples: slots[index].samples))
    }
  }

  /// Surrounds a segment's kernels with those that widen what they read and narrow what they have written.
  private mutating func rewrite(_ position: Int) {
    let members = segments[position].kernels
    guard let samples = segments[position].samples else { return }
    var lastWriter: [SlotID: Int] = [:]
    for (order, kernel) in members.enumerated() {
      for slot in kernel.writes where stored[slot] != nil { lastWriter[slot] = order }
    }
    var present = Set(lastWriter.keys)
    var rewritten: [Kernel] = []
    for (order, kernel) in members.enumerated() {
      for slot in Set(kernel.reads).sorted(by: { $0.index < $1.index }) {
        guard let place = stored[slot], !present.contains(slot) else { continue }
        if kernel.bfloat16Operands.contains(slot) {
          kernel.readBFloat16(of: slot, from: place)
        } else {
          present.insert(slot)
          rewritten.append(widening(slot, from: place, samples, kernel.path))
        }
      }
      rewritten.append(kernel)
      for slot in Set(kernel.writes).sorted(by: { $0.index < $1.index }) where lastWriter[slot] == order {
        let place = stored[slot]!
        let replacements = kernel.replacements.compactMap { pair in
          pair.result == slot ? stored[pair.operand].map { (result: place, operand: $0) } : nil
        }
        let isReadAgain = members[(order + 1)...].contains { $0.reads.contains(slot) }
        rewritten.append(narrowing(slot, to: place, rounds: isReadAgain, samples, kernel.path, replacements))
      }
    }
    segments[position].kernels = rewritten
  }

  private func widening(_ slot: SlotID, from place: SlotID, _ samples: Int, _ path: String) -> Kernel {
    let (count, widen) = (slots[slot.index].bytesPerSample / 4, table.widenBFloat16!)
    return ChunkKernel(.precision, path: path, samples: samples, reads: [place], writes: [slot]) { worker in
      widen(worker.count * count, worker.bfloat16(place), worker.pointer(slot))
    }
  }

  /// - Parameter rounds: whether the image itself becomes what is stored, for those of the segment that read it afterwards.
  private func narrowing(
    _ slot: SlotID, to place: SlotID, rounds: Bool, _ samples: Int, _ path: String,
    _ replacements: [(result: SlotID, operand: SlotID)]
  ) -> Kernel {
    let (count, narrow) = (slots[slot.index].bytesPerSample / 4, table.narrowToBFloat16!)
    return ChunkKernel(
      .precision, path: path, samples: samples, reads: [slot], writes: [place], replacements: replacements
    ) { worker in
      narrow(worker.count * count, rounds, worker.pointer(slot), worker.bfloat16(place))
    }
  }
}
