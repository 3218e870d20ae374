import CLabKernels
import LabGraph

/// Identifies a tensor of a compiled program.
struct SlotID: Hashable {
  var index: Int
}

/// A tensor of a compiled program in its physical layout.
struct Slot {
  /// Where its memory is.
  enum Storage: Equatable {
    case unassigned
    /// In the program's arena, for all samples.
    case arena(offset: Int)
    /// In each worker's scratch, for the samples of one chunk.
    case local(offset: Int)
    /// In each worker's scratch for the samples of one chunk, at a place that each segment has for it.
    case perSegment
    /// Owned by something that lives longer than a step: a variable, an input, a constant.
    case external(UnsafeMutableRawPointer)

    /// Whether there is memory for the samples of one chunk only.
    var isLocal: Bool {
      switch self {
      case .local, .perSegment: true
      case .unassigned, .arena, .external: false
      }
    }
  }

  /// Bytes of one sample, or of the whole tensor where it has no sample dimension.
  var bytesPerSample: Int
  /// The extent of the sample dimension; 1 for a tensor without.
  var samples: Int
  var storage = Storage.unassigned
  /// Whether it is an image of single-precision numbers, which may lie between segments in bfloat16.
  var holdsImage = false

  var byteCount: Int { bytesPerSample * samples }
}

/// One instruction of a compiled program.
///
/// A batched kernel works on any range of samples, so that neighbouring kernels can share a chunk that stays in the
/// cache; what it sums over the batch is complete only after ``finish(_:)``. A whole kernel does everything in `finish`.
protocol Kernel: AnyObject {
  /// What the kernel's time is counted as.
  var kind: KernelKind { get }
  /// The layer's path.
  var path: String { get }
  /// The number of samples for a batched kernel, nil for a whole one.
  var samples: Int? { get }
  /// Operands.
  var reads: [SlotID] { get }
  /// Results that are complete sample by sample (batched) or at the end (whole).
  var writes: [SlotID] { get }
  /// Results of a batched kernel that are complete only when all samples are.
  var lateWrites: [SlotID] { get }
  /// Results that may take the place of an operand that nobody needs afterwards.
  var replacements: [(result: SlotID, operand: SlotID)] { get }
  /// Operands that the kernel can read in bfloat16 as well.
  var halfOperands: [SlotID] { get }
  /// Bytes that each worker needs during one call of ``run(_:)``.
  var scratchBytes: Int { get }
  /// Bytes that each worker keeps from the first chunk to ``finish(_:)``; zeroed before the first chunk.
  var accumulatorBytes: Int { get }
  /// Where in each worker's accumulators this kernel's are.
  var accumulatorOffset: Int { get set }

  /// Has the kernel read one of its ``halfOperands`` from the tensor that holds it in bfloat16.
  func takeHalves(of operand: SlotID, from half: SlotID)
  /// Makes what depends on the number of samples a chunk.
  func prepare(chunkSizes: [Int], workers: Int) throws
  /// Works on a chunk of samples.
  func run(_ worker: Worker) throws
  /// Combines the workers' sums, or does all the work of a whole kernel.
  func finish(_ step: Step) throws
}

/// What most kernels share.
class BaseKernel {
  let kind: KernelKind
  let path: String
  let samples: Int?
  var reads: [SlotID] = []
  var writes: [SlotID] = []
  var lateWrites: [SlotID] = []
  var replacements: [(result: SlotID, operand: SlotID)] = []
  var halfOperands: [SlotID] = []
  var scratchBytes = 0
  var accumulatorBytes = 0
  var accumulatorOffset = 0
  private var halves: [SlotID: SlotID] = [:]

  init(_ kind: KernelKind, path: String, samples: Int?) {
    self.kind = kind
    self.path = path
    self.samples = samples
  }

  func takeHalves(of operand: SlotID, from half: SlotID) {
    precondition(halfOperands.contains(operand), "the kernel reads the operand in single precision only")
    halves[operand] = half
    reads = reads.map { $0 == operand ? half : $0 }
  }

  /// An operand from a sample on, as it is stored; absent where there is none.
  func source(_ operand: SlotID?, _ worker: Worker, sample: Int) -> LabSource {
    guard let operand else { return LabSource() }
    guard let half = halves[operand] else {
      return LabSource(floats: worker.pointer(operand, sample: sample), halves: nil)
    }
    return LabSource(floats: nil, halves: worker.halves(half, sample: sample))
  }

  func prepare(chunkSizes: [Int], workers: Int) throws {}
  func run(_ worker: Worker) throws {}
  func finish(_ step: Step) throws {}
}

/// A kernel that is one closure over the program's memory.
final class WholeKernel: BaseKernel, Kernel {
  private let body: (Step) throws -> Void

  init(
    _ kind: KernelKind, path: String, reads: [SlotID], writes: [SlotID], scratchBytes: Int = 0,
    replacements: [(result: SlotID, operand: SlotID)] = [], body: @escaping (Step) throws -> Void
  ) {
    self.body = body
    super.init(kind, path: path, samples: nil)
    self.reads = reads
    self.writes = writes
    self.scratchBytes = scratchBytes
    self.replacements = replacements
  }

  override func finish(_ step: Step) throws { try body(step) }
}

/// A batched kernel without sums that is one closure over a chunk.
final class ChunkKernel: BaseKernel, Kernel {
  private let body: (Worker) -> Void

  init(
    _ kind: KernelKind, path: String, samples: Int, reads: [SlotID], writes: [SlotID], scratchBytes: Int = 0,
    replacements: [(result: SlotID, operand: SlotID)] = [], body: @escaping (Worker) -> Void
  ) {
    self.body = body
    super.init(kind, path: path, samples: samples)
    self.reads = reads
    self.writes = writes
    self.scratchBytes = scratchBytes
    self.replacements = replacements
  }

  override func run(_ worker: Worker) throws { body(worker) }
}

/// A batched kernel whose results are sums over all samples, taken in double precision and rounded once.
final class SumKernel: BaseKernel, Kernel {
  private let sums: SlotID
  private let count: Int
  private let body: (Worker, UnsafeMutablePointer<Double>) -> Void

  /// - Parameters:
  ///   - count: the number of sums.
  ///   - paddedCount: the number of those that `body` adds to.
  ///   - body: adds a chunk's share to the sums of its worker.
  init(
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

  override func finish(_ step: Step) {
    let total = step.combineDoubles(at: accumulatorOffset, count: count)
    for index in 0..<count { step.pointer(sums)[index] = Float(total[index]) }
  }
}
