import BackendOneDNN
import CLabKernels
import Synchronization

/// Kernels that check every operand and write numbers that tell whose they are.
///
/// Each tensor has numbers of its own in each sample and element, small enough to be exact in bfloat16. A kernel that meets
/// others, because a tensor lies where another one still lives or was not written yet, counts as a failure.
final class RandomProgram {
  /// What a tensor holds at a time: `(start + sample · sampleStep + element · elementStep) mod 251`.
  struct Content: Equatable {
    var start: Int
    var sampleStep = 0
    var elementStep = 0

    func number(_ sample: Int, _ element: Int) -> Float {
      Float((start + sample * sampleStep + element * elementStep) % 251)
    }
  }

  /// What went wrong in kernels, of which the first few are kept.
  final class Failures: Sendable {
    private let texts = Mutex<[String]>([])

    func append(_ text: String) { texts.withLock { if $0.count < 5 { $0.append(text) } } }
    var all: [String] { texts.withLock { $0 } }
  }

  private struct Tensor {
    var slot: SlotID
    var samples: Int
    var floats: Int
    var content: Content
    var holdsImage = false
    var memory: AlignedMemory?
  }

  private(set) var kernels: [Kernel] = []
  private(set) var slots: [Slot] = []
  private(set) var kept: Set<SlotID> = []
  let failures = Failures()
  private var tensors: [Tensor] = []
  private var initialContents: [(memory: AlignedMemory, floats: Int, samples: Int, content: Content)] = []
  private var numbers: SeededNumbers

  /// - Parameters:
  ///   - seed: decides everything.
  ///   - kernelCount: the number of kernels.
  ///   - holdsImages: whether some tensors are images, which may be kept in bfloat16.
  init(seed: UInt64, kernelCount: Int, holdsImages: Bool) throws {
    numbers = SeededNumbers(state: seed)
    let batch = [1, 3, 8, 13].randomElement(using: &numbers)!
    for _ in 0..<2 { try addExternal(samples: batch, floats: 24) }
    for _ in 0..<2 { try addExternal(samples: 1, floats: 16) }
    for _ in 0..<kernelCount {
      switch Int.random(in: 0..<10, using: &numbers) {
      case 0: addWhole(batch: batch)
      case 1: addSum(batch: batch)
      case 2: addUpdate()
      // Another number of samples, as a reshape gives.
      case 3: addBatched(batch: batch * 2, holdsImages: holdsImages)
      default: addBatched(batch: batch, holdsImages: holdsImages)
      }
    }
    let owned = tensors.filter { $0.memory == nil }
    kept = Set(owned.shuffled(using: &numbers).prefix(2).map(\.slot) + owned.suffix(1).map(\.slot))
  }

  /// Sets what outlives a step to what it is before the first kernel.
  func reset() {
    for (memory, floats, samples, content) in initialContents {
      for sample in 0..<samples {
        for element in 0..<floats { memory.floats[sample * floats + element] = content.number(sample, element) }
      }
    }
  }

  /// Checks the tensors that are read after a step.
  func checkKept(in memory: ProgramMemory) {
    for tensor in tensors where kept.contains(tensor.slot) || tensor.memory != nil {
      check(tensor, samples: 0..<tensor.samples, memory.step.pointer(tensor.slot), "the step's user")
    }
  }

  // MARK: Tensors

  private func newContent() -> Content {
    Content(
      start: .random(in: 0..<251, using: &numbers), sampleStep: .random(in: 1..<251, using: &numbers),
      elementStep: .random(in: 1..<251, using: &numbers))
  }

  private func addTensor(samples: Int, floats: Int, content: Content, holdsImage: Bool = false) -> Tensor {
    let tensor = Tensor(
      slot: SlotID(index: slots.count), samples: samples, floats: floats, content: content, holdsImage: holdsImage)
    slots.append(Slot(bytesPerSample: floats * 4, samples: samples, holdsImage: holdsImage))
    return tensor
  }

  private func addExternal(samples: Int, floats: Int) throws {
    var tensor = addTensor(samples: samples, floats: floats, content: newContent())
    let memory = try AlignedMemory(byteCount: samples * floats * 4)
    slots[tensor.slot.index].storage = .external(memory.base)
    tensor.memory = memory
    initialContents.append((memory, floats, samples, tensor.content))
    tensors.append(tensor)
  }

  private func operands(_ count: Int, where isFit: (Tensor) -> Bool = { _ in true }) -> [Tensor] {
    // Recent ones are likelier, as in networks.
    let fit = tensors.filter(isFit)
    return (0..<count).compactMap { _ in
      Bool.random(using: &numbers) ? fit.suffix(4).randomElement(using: &numbers) : fit.randomElement(using: &numbers)
    }
  }

  // MARK: Kernels

  private func addBatched(batch: Int, holdsImages: Bool) {
    let reads = operands(.random(in: 1...3, using: &numbers)) { $0.samples == batch || $0.samples == 1 }
    let results = (0..<Int.random(in: 1...2, using: &numbers)).map { _ in
      addTensor(
        samples: batch, floats: [8, 24, 40].randomElement(using: &numbers)!, content: newContent(),
        holdsImage: holdsImages && Bool.random(using: &numbers))
    }
    let path = "kernel \(kernels.count)"
    let replacements = reads.filter { $0.samples == batch && $0.memory == nil }.map { (results[0].slot, $0.slot) }
    let images = reads.filter { $0.holdsImage && $0.samples == batch }
    let finish = { [self] (worker: Worker) in
      for tensor in reads where !images.contains(where: { $0.slot == tensor.slot }) { check(tensor, worker, path) }
      for tensor in results { fill(tensor, samples: worker.samples, worker.pointer(tensor.slot)) }
    }
    guard !images.isEmpty, Bool.random(using: &numbers) else {
      kernels.append(
        ChunkKernel(
          .elementwise, path: path, samples: batch, reads: reads.map(\.slot), writes: results.map(\.slot),
          replacements: replacements
        ) { [self] worker in
          for tensor in images { check(tensor, worker, path) }
          finish(worker)
        })
      return tensors.append(contentsOf: results)
    }
    let others = reads.filter { read in !images.contains { $0.slot == read.slot } }
    kernels.append(
      ChunkKernel(
        .elementwise, path: path, samples: batch, sources: images.map(\.slot), reads: others.map(\.slot),
        writes: results.map(\.slot), replacements: replacements
      ) { [self] worker, sources in
        for (tensor, source) in zip(images, sources) { check(tensor, worker, source, path) }
        finish(worker)
      })
    tensors.append(contentsOf: results)
  }

  private func addWhole(batch: Int) {
    let reads = operands(2)
    let result = addTensor(samples: Bool.random(using: &numbers) ? batch : 1, floats: 16, content: newContent())
    let path = "kernel \(kernels.count)"
    kernels.append(
      WholeKernel(.matrix, path: path, reads: reads.map(\.slot), writes: [result.slot]) { [self] step in
        for tensor in reads { check(tensor, samples: 0..<tensor.samples, step.pointer(tensor.slot), path) }
        fill(result, samples: 0..<result.samples, step.pointer(result.slot))
      })
    tensors.append(result)
  }

  private func addSum(batch: Int) {
    let reads = operands(2) { $0.samples == batch || $0.samples == 1 }
    let share = Int.random(in: 1...18, using: &numbers)
    let result = addTensor(samples: 1, floats: 16, content: Content(start: share * batch))
    let path = "kernel \(kernels.count)"
    kernels.append(
      SumKernel(
        .reduction, path: path, samples: batch, reads: reads.map(\.slot), sums: result.slot, count: 16, paddedCount: 16
      ) { [self] worker, sums in
        for tensor in reads { check(tensor, worker, path) }
        for index in 0..<16 { sums[index] += Double(share * worker.count) }
      })
    tensors.append(result)
  }

  /// Writes a tensor that others have read, as an optimizer writes a variable.
  private func addUpdate() {
    let target = tensors.indices.filter { tensors[$0].memory != nil }.randomElement(using: &numbers)!
    let before = tensors[target]
    let reads = operands(1) { $0.slot != before.slot } + [before]
    tensors[target].content = newContent()
    let after = tensors[target]
    let path = "kernel \(kernels.count)"
    kernels.append(
      WholeKernel(.optimizer, path: path, reads: reads.map(\.slot), writes: [after.slot]) { [self] step in
        for tensor in reads { check(tensor, samples: 0..<tensor.samples, step.pointer(tensor.slot), path) }
        fill(after, samples: 0..<after.samples, step.pointer(after.slot))
      })
  }

  // MARK: Numbers

  private func fill(_ tensor: Tensor, samples: Range<Int>, _ numbers: UnsafeMutablePointer<Float>) {
    for sample in samples {
      for element in 0..<tensor.floats {
        numbers[(sample - samples.lowerBound) * tensor.floats + element] = tensor.content.number(sample, element)
      }
    }
  }

  private func check(
    _ tensor: Tensor, samples: Range<Int>, _ reader: String, _ number: (_ index: Int) -> Float
  ) {
    for sample in samples {
      for element in 0..<tensor.floats {
        let found = number((sample - samples.lowerBound) * tensor.floats + element)
        let expected = tensor.content.number(sample, element)
        guard found != expected else { continue }
        return failures.append(
          "\(reader) reads \(found) for \(expected) at \(element) of sample \(sample) of tensor \(tensor.slot.index)")
      }
    }
  }

  private func check(_ tensor: Tensor, samples: Range<Int>, _ numbers: UnsafePointer<Float>, _ reader: String) {
    check(tensor, samples: samples, reader) { numbers[$0] }
  }

  private func check(_ tensor: Tensor, _ worker: Worker, _ reader: String) {
    if tensor.samples == 1 {
      check(tensor, samples: 0..<1, worker.whole(tensor.slot), reader)
    } else {
      check(tensor, samples: worker.samples, worker.pointer(tensor.slot), reader)
    }
  }

  private func check(_ tensor: Tensor, _ worker: Worker, _ source: LabSource, _ reader: String) {
    let samples = tensor.samples == 1 ? 0..<1 : worker.samples
    check(tensor, samples: samples, reader) { index in
      source.floats?[index] ?? Float(bitPattern: UInt32(source.bfloat16[index]) << 16)
    }
  }
}

/// Numbers that a seed decides.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  /// - Source: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
