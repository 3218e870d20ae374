import CLabKernels
import LabGraph

/// One instruction of a compiled program.
///
/// A batched kernel works on any range of samples, so that neighboring kernels can share a chunk that stays in the
/// cache; what it sums over the batch is complete only after ``finish(_:)``. A whole kernel does everything in `finish`.
/// Subclasses declare their operands and results when they are made, and what memory they need in ``prepare(chunkSizes:workers:)``
/// at the latest: schedule and memory plan know nothing else about them.
package class Kernel {
  /// What the kernel's time is counted as.
  package let kind: KernelKind
  /// The layer's path.
  package let path: String
  /// The number of samples for a batched kernel, nil for a whole one.
  package let samples: Int?
  /// Operands.
  package internal(set) var reads: [SlotID] = []
  /// Results that are complete sample by sample (batched) or at the end (whole).
  package internal(set) var writes: [SlotID] = []
  /// Results of a batched kernel that are complete only when all samples are.
  package internal(set) var lateWrites: [SlotID] = []
  /// Results that may take the place of an operand that nobody needs afterwards.
  package internal(set) var replacements: [(result: SlotID, operand: SlotID)] = []
  /// Operands that the kernel can read in bfloat16 as well: those that it takes by ``source(_:_:sample:)``.
  package internal(set) var bfloat16Operands: [SlotID] = []
  /// Bytes that each worker needs during one call of ``run(_:)``.
  var scratchBytes = 0
  /// Bytes that each worker keeps from the first chunk to ``finish(_:)``; zeroed before the first chunk.
  var accumulatorBytes = 0
  /// Where in each worker's accumulators this kernel's are; set by the program.
  var accumulatorOffset = 0
  /// Results that are so large, and read again so late, that no cache will hold them until then; set by the program.
  package internal(set) var farResults: Set<SlotID> = []
  /// Where operands are stored in bfloat16, for those that are.
  private var bfloat16Slots: [SlotID: SlotID] = [:]

  init(_ kind: KernelKind, path: String, samples: Int?) {
    self.kind = kind
    self.path = path
    self.samples = samples
  }

  /// Has the kernel read one of its ``bfloat16Operands`` from the tensor that holds it in bfloat16.
  func readBFloat16(of operand: SlotID, from stored: SlotID) {
    precondition(bfloat16Operands.contains(operand), "the kernel reads the operand in single precision only")
    bfloat16Slots[operand] = stored
    reads = reads.map { $0 == operand ? stored : $0 }
  }

  /// Whether a result had better be written past the caches: its lines then need not be read before.
  func passesCache(_ result: SlotID) -> Bool { farResults.contains(result) }

  /// An operand from a sample on, as it is stored; absent where there is none.
  func source(_ operand: SlotID?, _ worker: Worker, sample: Int) -> LabSource {
    guard let operand else { return LabSource() }
    guard let stored = bfloat16Slots[operand] else {
      return LabSource(floats: worker.pointer(operand, sample: sample), bfloat16: nil)
    }
    return LabSource(floats: nil, bfloat16: worker.bfloat16(stored, sample: sample))
  }

  /// Makes what depends on the number of samples a chunk.
  func prepare(chunkSizes: [Int], workers: Int) throws {}
  /// Works on a chunk of samples.
  func run(_ worker: Worker) throws {}
  /// Combines the workers' sums, or does all the work of a whole kernel.
  func finish(_ step: StepMemory) throws {}
}
