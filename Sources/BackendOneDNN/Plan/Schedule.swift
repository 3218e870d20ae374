/// Kernels that go through the batch together, chunk by chunk; or one whole kernel.
struct Segment {
  /// Positions in the program's kernels, in execution order.
  var kernels: [Int]
  /// The number of samples, or nil for a whole kernel.
  var samples: Int?
  /// The number of samples a chunk.
  var chunkSize = 1
}

/// Orders kernels into segments.
enum Schedule {
  /// Groups kernels greedily: a segment takes every batched kernel whose operands are complete for a sample as soon as
  /// the segment's earlier kernels have seen that sample.
  static func segments(of kernels: [any Kernel]) -> [Segment] {
    let (predecessors, lateEdges) = dependencies(of: kernels)
    var segmentOf = [Int?](repeating: nil, count: kernels.count)
    var segments: [Segment] = []
    var remaining = Array(kernels.indices)

    func isReady(_ kernel: Int, in segment: Int) -> Bool {
      predecessors[kernel].allSatisfy { predecessor in
        guard let at = segmentOf[predecessor] else { return false }
        return at < segment || !lateEdges[kernel].contains(predecessor)
      }
    }

    while !remaining.isEmpty {
      let current = segments.count
      var segment = Segment(kernels: [])
      // Whole kernels first: they release others and do not profit from waiting.
      if let whole = remaining.first(where: { kernels[$0].samples == nil && isReady($0, in: current) }) {
        segment.kernels = [whole]
        segmentOf[whole] = current
      } else {
        var hasGrown = true
        while hasGrown {
          hasGrown = false
          for kernel in remaining where segmentOf[kernel] == nil {
            guard let samples = kernels[kernel].samples, segment.samples == nil || segment.samples == samples,
              isReady(kernel, in: current)
            else { continue }
            segment.samples = samples
            segment.kernels.append(kernel)
            segmentOf[kernel] = current
            hasGrown = true
          }
        }
      }
      precondition(!segment.kernels.isEmpty, "kernels depend on each other in a circle")
      remaining.removeAll { segmentOf[$0] != nil }
      segments.append(segment)
    }
    return segments
  }

  /// For each kernel the kernels that must come before it, and among them those that must be complete for all samples.
  private static func dependencies(of kernels: [any Kernel]) -> ([[Int]], [Set<Int>]) {
    var writer: [SlotID: Int] = [:]
    var isLate: Set<SlotID> = []
    var readers: [SlotID: [Int]] = [:]
    var predecessors = [[Int]](repeating: [], count: kernels.count)
    var late = [Set<Int>](repeating: [], count: kernels.count)
    for (index, kernel) in kernels.enumerated() {
      let isWhole = kernel.samples == nil
      for slot in kernel.reads {
        if let before = writer[slot] {
          predecessors[index].append(before)
          if isWhole || kernels[before].samples == nil || isLate.contains(slot) { late[index].insert(before) }
        }
        readers[slot, default: []].append(index)
      }
      for slot in kernel.writes + kernel.lateWrites {
        // Writing a tensor again, as updates of variables do, waits for everyone who reads or wrote it.
        for before in (readers[slot] ?? []) + [writer[slot]].compactMap({ $0 }) where before != index {
          predecessors[index].append(before)
          late[index].insert(before)
        }
        writer[slot] = index
      }
      isLate.formUnion(kernel.lateWrites)
    }
    return (predecessors, late)
  }
}
