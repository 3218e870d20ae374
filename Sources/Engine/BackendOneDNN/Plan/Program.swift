import CLabKernels
import LabGraph

/// Kernels in the order of execution, with everything decided that can be decided before memory is taken.
package struct Program {
  /// The tensors and where they lie.
  package private(set) var slots: [Slot]
  package private(set) var segments: [Segment]
  /// The threads that share a step.
  package let workerCount: Int
  let plan: MemoryPlan
  let scratchBytes: Int
  let accumulatorBytes: Int

  /// Schedules kernels and plans their memory.
  ///
  /// - Parameters:
  ///   - kernels: in an order in which they could run one after the other.
  ///   - slots: the tensors; those that nothing else owns get their places.
  ///   - kept: tensors that are read after the step.
  ///   - workerCount: the threads that share a step.
  ///   - table: has images kept in bfloat16 by these kernels; nil leaves all in single precision.
  /// - Throws: what a kernel's preparation throws.
  package init(
    _ kernels: [Kernel], _ slots: [Slot], kept: Set<SlotID>, workerCount: Int, keepingBFloat16 table: LabKernels?
  ) throws {
    var slots = slots
    var segments = Schedule.segments(of: kernels, slots)
    if let table { BFloat16Storage.apply(to: &segments, &slots, kept: kept, table: table) }
    for index in segments.indices {
      if let samples = segments[index].samples {
        segments[index].chunkSize = ChunkSize.samples(
          of: segments[index], slots, samples: samples, workers: workerCount)
      }
      let chunkSizes = segments[index].chunkSizes(workers: workerCount)
      for kernel in segments[index].kernels { try kernel.prepare(chunkSizes: chunkSizes, workers: workerCount) }
    }
    plan = MemoryPlan(&slots, segments: &segments, kept: kept)
    for segment in segments { Program.findFarResults(of: segment, slots) }
    var accumulatorBytes = 0
    for segment in segments {
      var offset = 0
      for kernel in segment.kernels {
        kernel.accumulatorOffset = offset
        offset += MemoryPlan.align(kernel.accumulatorBytes)
      }
      accumulatorBytes = max(accumulatorBytes, offset)
    }
    self.accumulatorBytes = accumulatorBytes
    scratchBytes = segments.flatMap(\.kernels).map(\.scratchBytes).max() ?? 0
    self.slots = slots
    self.segments = segments
    self.workerCount = workerCount
  }

  /// Bytes of a tensor from which on no cache holds it from one segment to the next.
  private static let farBytes = 8 << 20

  /// Tells a segment's kernels which of their results nobody reads before the next segment, when no cache holds them any more.
  private static func findFarResults(of segment: Segment, _ slots: [Slot]) {
    var users: [SlotID: Int] = [:]
    for kernel in segment.kernels {
      for slot in Set(kernel.reads + kernel.writes) { users[slot, default: 0] += 1 }
    }
    for kernel in segment.kernels where kernel.samples != nil {
      kernel.farResults = Set(
        kernel.writes.filter {
          guard case .arena = slots[$0.index].storage else { return false }
          return slots[$0.index].byteCount >= farBytes && users[$0] == 1
        })
    }
  }

  /// Bytes of all that a step works in, but for tensors that something else owns.
  package var plannedBytes: Int {
    plan.arenaBytes + workerCount * (plan.localBytes + scratchBytes + accumulatorBytes)
  }

  /// The bytes that each layer's kernels read from memory and write there.
  ///
  /// A segment's kernels go through the batch chunk by chunk, so that what one of them has read or written is in the cache for
  /// the others: each tensor counts once a segment as read and once as written, for the first kernel that does so. Tensors
  /// of a chunk only, and what kernels keep for themselves, stay in the cache.
  package var trafficBytes: [ProfileKey: Int] {
    var bytes: [ProfileKey: Int] = [:]
    for segment in segments {
      var (present, written): (Set<SlotID>, Set<SlotID>) = ([], [])
      for kernel in segment.kernels {
        let key = ProfileKey(path: kernel.path, kind: kernel.kind)
        for slot in kernel.reads where !isLocal(slot) && present.insert(slot).inserted {
          bytes[key, default: 0] += slots[slot.index].byteCount
        }
        for slot in kernel.writes + kernel.lateWrites where !isLocal(slot) && written.insert(slot).inserted {
          bytes[key, default: 0] += slots[slot.index].byteCount
          present.insert(slot)
        }
      }
    }
    return bytes
  }

  private func isLocal(_ slot: SlotID) -> Bool {
    switch slots[slot.index].storage {
    case .local, .perSegment: true
    case .unassigned, .arena, .external: false
    }
  }
}
