import CLabKernels
import LabGraph

/// A kernel that is one closure over the program's memory.
package final class WholeKernel: Kernel {
  private let body: (StepMemory) throws -> Void

  package init(
    _ kind: KernelKind, path: String, reads: [SlotID], writes: [SlotID], scratchBytes: Int = 0,
    replacements: [(result: SlotID, operand: SlotID)] = [], body: @escaping (StepMemory) throws -> Void
  ) {
    self.body = body
    super.init(kind, path: path, samples: nil)
    self.reads = reads
    self.writes = writes
    self.scratchBytes = scratchBytes
    self.replacements = replacements
  }

  override func finish(_ step: StepMemory) throws { try body(step) }
}

/// A batched kernel without sums that is one closure over a chunk.
package final class ChunkKernel: Kernel {
  private let sources: [SlotID]
  private let body: (Worker, [LabSource]) -> Void

  package init(
    _ kind: KernelKind, path: String, samples: Int, reads: [SlotID], writes: [SlotID], scratchBytes: Int = 0,
    replacements: [(result: SlotID, operand: SlotID)] = [], body: @escaping (Worker) -> Void
  ) {
    sources = []
    self.body = { worker, _ in body(worker) }
    super.init(kind, path: path, samples: samples)
    self.reads = reads
    self.writes = writes
    self.scratchBytes = scratchBytes
    self.replacements = replacements
  }

  /// Creates a kernel that can read some of its operands in bfloat16 as well.
  ///
  /// - Parameters:
  ///   - sources: those operands, which `reads` does not repeat.
  ///   - body: works on a chunk; it is given the chunk's part of each source as it is stored.
  package init(
    _ kind: KernelKind, path: String, samples: Int, sources: [SlotID], reads: [SlotID], writes: [SlotID],
    replacements: [(result: SlotID, operand: SlotID)] = [], body: @escaping (Worker, [LabSource]) -> Void
  ) {
    self.sources = sources
    self.body = body
    super.init(kind, path: path, samples: samples)
    self.reads = sources + reads
    self.writes = writes
    self.replacements = replacements
    bfloat16Operands = sources
  }

  override func run(_ worker: Worker) throws {
    body(worker, sources.map { source($0, worker, sample: worker.samples.lowerBound) })
  }
}

/// A batched kernel whose results are sums over all samples, taken in double precision and rounded once.
package final class SumKernel: Kernel {
  private let sums: SlotID
  private let count: Int
  private let body: (Worker, UnsafeMutablePointer<Double>) -> Void

  /// - Parameters:
  ///   - count: the number of sums.
  ///   - paddedCount: the number of those that `body` adds to.
  ///   - body: adds a chunk's share to the sums of its worker.
  package init(
    _ kind: KernelKind, path: String, samples: Int, reads: [SlotID], sums: SlotID, count: Int, paddedCount: Int,
    scratchBytes: Int = 0, body: @escaping (Worker, UnsafeMutablePointer<Double>) -> Void
  ) {
    self.sums = sums
    self.count = count
    self.body = body
    super.init(kind, path: path, samples: samples)
    self.reads = reads
    self.scratchBytes = scratchBytes
    lateWrites = [sums]
    accumulatorBytes = paddedCount * MemoryLayout<Double>.stride
  }

  override func run(_ worker: Worker) { body(worker, worker.accumulator(at: accumulatorOffset)) }

  override func finish(_ step: StepMemory) {
    step.roundSums(at: accumulatorOffset, count: count, to: sums)
  }
}
