import BackendOneDNN

/// A program of kernels that do nothing, to see where they and their tensors come to lie.
struct ProgramSketch {
  private(set) var kernels: [Kernel] = []
  private(set) var slots: [Slot] = []

  /// A tensor of some samples.
  mutating func tensor(samples: Int = 8, floats: Int = 16, holdsImage: Bool = false) -> SlotID {
    slots.append(Slot(bytesPerSample: floats * 4, samples: samples, holdsImage: holdsImage))
    return SlotID(index: slots.count - 1)
  }

  /// A tensor that something else owns.
  mutating func external(_ memory: AlignedMemory, samples: Int = 8) -> SlotID {
    slots.append(Slot(bytesPerSample: memory.byteCount / samples, samples: samples, storage: .external(memory.base)))
    return SlotID(index: slots.count - 1)
  }

  /// A kernel that works sample by sample.
  mutating func batched(
    _ name: String, _ reads: [SlotID], _ writes: [SlotID], samples: Int = 8, sources: [SlotID] = [],
    replaces operand: SlotID? = nil
  ) {
    kernels.append(
      ChunkKernel(
        .elementwise, path: name, samples: samples, sources: sources, reads: reads, writes: writes,
        replacements: operand.map { [(writes[0], $0)] } ?? []
      ) { _, _ in })
  }

  /// A kernel that needs all samples and runs once.
  mutating func whole(_ name: String, _ reads: [SlotID], _ writes: [SlotID]) {
    kernels.append(WholeKernel(.matrix, path: name, reads: reads, writes: writes) { _ in })
  }

  /// A kernel whose result is complete only when all samples are.
  mutating func sum(_ name: String, _ reads: [SlotID], _ result: SlotID, samples: Int = 8) {
    kernels.append(
      SumKernel(
        .reduction, path: name, samples: samples, reads: reads, sums: result, count: 1, paddedCount: 1
      ) { _, _ in })
  }

  /// The segments by their kernels' names.
  var segments: [[String]] { Schedule.segments(of: kernels, slots).map { $0.kernels.map(\.path) } }
}
