/// One thread's view of a program's memory while it works on a chunk of samples.
package final class Worker {
  /// The position among the workers.
  package let index: Int
  /// The samples of the current chunk.
  package private(set) var samples: Range<Int> = 0..<0
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
  package var count: Int { samples.count }

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
  package func pointer(_ slot: SlotID) -> UnsafeMutablePointer<Float> { pointer(slot, sample: samples.lowerBound) }

  /// One sample of a tensor.
  package func pointer(_ slot: SlotID, sample: Int) -> UnsafeMutablePointer<Float> {
    let offset = isLocal[slot.index] ? sample - samples.lowerBound : sample
    return (bases[slot.index] + offset * strides[slot.index]).assumingMemoryBound(to: Float.self)
  }

  /// The first of the chunk's samples of a tensor that is stored in bfloat16.
  func bfloat16(_ slot: SlotID) -> UnsafeMutablePointer<UInt16> { bfloat16(slot, sample: samples.lowerBound) }

  /// One sample of a tensor that is stored in bfloat16.
  func bfloat16(_ slot: SlotID, sample: Int) -> UnsafeMutablePointer<UInt16> {
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
  package func whole(_ slot: SlotID) -> UnsafeMutablePointer<Float> {
    bases[slot.index].assumingMemoryBound(to: Float.self)
  }

  /// A kernel's own accumulators as elements of a type.
  func accumulator<T>(at offset: Int, as type: T.Type = T.self) -> UnsafeMutablePointer<T> {
    (accumulators + offset).assumingMemoryBound(to: type)
  }
}
