import CLabMachine
import Foundation
import LabCore

/// One thread's view of a program's memory while it works on a chunk of samples.
final class Worker {
  /// The position among the workers.
  let index: Int
  /// The samples of the current chunk.
  private(set) var samples: Range<Int> = 0..<0
  /// Memory for the duration of one kernel's call.
  let scratch: UnsafeMutableRawPointer
  /// Memory that kernels keep from the first chunk to the last.
  let accumulators: UnsafeMutableRawPointer
  /// Whether the current chunk is this worker's first of the segment.
  private(set) var isFirstChunk = true
  /// Whether the segment has given this worker any samples.
  var hasWorked: Bool { sampleCount > 0 }
  /// The samples of the segment that this worker has been given so far.
  private(set) var sampleCount = 0

  let profile: Profile?
  private let local: UnsafeMutableRawPointer
  private var bases: [UnsafeMutableRawPointer]
  private let strides: [Int]
  private let isLocal: [Bool]

  init(
    index: Int, local: UnsafeMutableRawPointer, scratch: UnsafeMutableRawPointer, accumulators: UnsafeMutableRawPointer,
    bases: [UnsafeMutableRawPointer], strides: [Int], isLocal: [Bool], profile: Profile?
  ) {
    self.index = index
    // One thread's clock is enough for a breakdown.
    self.profile = index == 0 ? profile : nil
    self.local = local
    self.scratch = scratch
    self.accumulators = accumulators
    self.bases = bases
    self.strides = strides
    self.isLocal = isLocal
  }

  /// The number of samples in the chunk.
  var count: Int { samples.count }

  /// Forgets the last segment, and finds those tensors whose places differ from segment to segment.
  func begin(_ segment: Segment) {
    sampleCount = 0
    for (slot, offset) in segment.places { bases[slot.index] = local + offset }
  }

  /// Moves on to a chunk.
  func begin(_ samples: Range<Int>) {
    self.samples = samples
    isFirstChunk = !hasWorked
    sampleCount += samples.count
  }

  /// The first of the chunk's samples of a tensor.
  func pointer(_ slot: SlotID) -> UnsafeMutablePointer<Float> { pointer(slot, sample: samples.lowerBound) }

  /// One sample of a tensor.
  func pointer(_ slot: SlotID, sample: Int) -> UnsafeMutablePointer<Float> {
    let offset = isLocal[slot.index] ? sample - samples.lowerBound : sample
    return (bases[slot.index] + offset * strides[slot.index]).assumingMemoryBound(to: Float.self)
  }

  /// The first of the chunk's samples of a tensor that is stored in bfloat16.
  func halves(_ slot: SlotID) -> UnsafeMutablePointer<UInt16> { halves(slot, sample: samples.lowerBound) }

  /// One sample of a tensor that is stored in bfloat16.
  func halves(_ slot: SlotID, sample: Int) -> UnsafeMutablePointer<UInt16> {
    UnsafeMutableRawPointer(pointer(slot, sample: sample)).assumingMemoryBound(to: UInt16.self)
  }

  /// Whether a tensor is in memory for all samples and not for a chunk in the cache.
  func isFar(_ slot: SlotID) -> Bool { !isLocal[slot.index] }

  /// Calls `body` with all of the chunk's samples, or with one after the other.
  func forSamples(together: Bool, _ body: (Range<Int>) -> Void) {
    guard !together else { return body(samples) }
    for sample in samples { body(sample..<(sample + 1)) }
  }

  /// A tensor without a sample dimension, or the whole batch.
  func whole(_ slot: SlotID) -> UnsafeMutablePointer<Float> {
    bases[slot.index].assumingMemoryBound(to: Float.self)
  }

  /// A kernel's own accumulators as elements of a type.
  func accumulator<T>(at offset: Int, as type: T.Type = T.self) -> UnsafeMutablePointer<T> {
    (accumulators + offset).assumingMemoryBound(to: type)
  }
}

/// The program's memory when all samples are done.
final class Step {
  /// The workers, whose accumulators are combined.
  let workers: [Worker]

  init(workers: [Worker]) { self.workers = workers }

  /// A tensor that is not local to a chunk.
  func pointer(_ slot: SlotID) -> UnsafeMutablePointer<Float> { workers[0].whole(slot) }

  /// An integer tensor.
  func integers(_ slot: SlotID) -> UnsafeMutablePointer<Int32> {
    UnsafeMutableRawPointer(pointer(slot)).assumingMemoryBound(to: Int32.self)
  }

  /// Zeroes the padding of a vector of channels.
  func clearTail(of slot: SlotID, from count: Int, to paddedCount: Int) {
    for i in count..<paddedCount { pointer(slot)[i] = 0 }
  }

  /// Memory for the duration of the call.
  var scratch: UnsafeMutableRawPointer { workers[0].scratch }

  /// Adds the other workers' double sums to the first one's and returns those.
  func combineDoubles(at offset: Int, count: Int) -> UnsafeMutablePointer<Double> {
    let total = workers[0].accumulator(at: offset, as: Double.self)
    for worker in workers.dropFirst() {
      let part = worker.accumulator(at: offset, as: Double.self)
      for i in 0..<count { total[i] += part[i] }
    }
    return total
  }
}

/// Memory that is aligned to cache lines and starts as zeros.
///
/// Large memory asks for large pages: a step streams through hundreds of megabytes, and what a chunk leaves in the
/// second-level cache conflicts less where it is contiguous.
final class AlignedMemory {
  private static let largePageBytes = 2 << 20

  /// The first byte.
  let base: UnsafeMutableRawPointer
  /// The size in bytes.
  let byteCount: Int
  private let isPlanned: Bool

  /// Plans memory of a size: its address is none, and nothing may be read from it or written to it.
  init(planning byteCount: Int) {
    self.byteCount = max(byteCount, 64)
    isPlanned = true
    base = UnsafeMutableRawPointer(bitPattern: AlignedMemory.largePageBytes)!
  }

  /// Takes memory of a size.
  ///
  /// - Throws: ``LabCore/MachineError/memory(bytes:purpose:)`` where the system refuses it.
  init(byteCount: Int) throws {
    self.byteCount = max(byteCount, 64)
    isPlanned = false
    let isLarge = byteCount >= AlignedMemory.largePageBytes / 2
    guard let memory = labTryAllocate(self.byteCount, isLarge ? AlignedMemory.largePageBytes : 64) else {
      throw MachineError.memory(bytes: self.byteCount, purpose: "a model's variables and activations")
    }
    base = memory
    #if os(Linux)
      // Advice only: where the system has no large pages, small ones serve.
      if isLarge { madvise(base, self.byteCount, Int32(MADV_HUGEPAGE)) }
    #endif
    base.initializeMemory(as: UInt8.self, repeating: 0, count: self.byteCount)
  }

  deinit { if !isPlanned { free(base) } }

  /// The memory as floats.
  var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}
