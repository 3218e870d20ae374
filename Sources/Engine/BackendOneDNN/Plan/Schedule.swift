/// Kernels that go through the batch together, chunk by chunk; or one whole kernel.
struct Segment {
  /// Positions in the program's kernels, in execution order.
  var kernels: [Int]
  /// The number of samples, or nil for a whole kernel.
  var samples: Int?
  /// The number of samples a chunk.
  var chunkSize = 1
  /// Where in each worker's scratch the tensors lie whose places differ from segment to segment.
  var places: [(slot: SlotID, offset: Int)] = []
}

/// Orders kernels into segments.
enum Schedule {
  /// Groups kernels greedily: a segment takes every batched kernel whose operands are complete for a sample as soon as
  /// the segment's earlier kernels have seen that sample.
  static func segments(of kernels: [any Kernel], _ slots: [Slot]) -> [Segment] {
    let (predecessors, lateEdges) = dependencies(of: kernels)
    let segments = earliestSegments(of: kernels, predecessors, lateEdges)
    return delayed(segments, of: kernels, slots, predecessors, lateEdges)
  }

  private static func earliestSegments(
    of kernels: [any Kernel], _ predecessors: [[Int]], _ lateEdges: [Set<Int>]
  ) -> [Segment] {
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

  /// Moves each kernel whose results are needed in later segments only to the first of these, where its operands live until
  /// then in any case: what a chunk computes again from operands that it reads anyway is neither written nor read.
  private static func delayed(
    _ segments: [Segment], of kernels: [any Kernel], _ slots: [Slot], _ predecessors: [[Int]], _ lateEdges: [Set<Int>]
  ) -> [Segment] {
    var segments = segments
    var segmentOf = [Int](repeating: 0, count: kernels.count)
    for (position, segment) in segments.enumerated() {
      for kernel in segment.kernels { segmentOf[kernel] = position }
    }
    var dependents = [[Int]](repeating: [], count: kernels.count)
    for (kernel, before) in predecessors.enumerated() {
      for predecessor in before { dependents[predecessor].append(kernel) }
    }
    var readers: [SlotID: [Int]] = [:]
    for (index, kernel) in kernels.enumerated() {
      for slot in kernel.reads { readers[slot, default: []].append(index) }
    }
    func outlives(_ slot: SlotID, _ target: Int, _ kernel: Int) -> Bool {
      slots[slot.index].samples == 1 || slots[slot.index].storage != .unassigned
        || readers[slot]!.contains { $0 != kernel && segmentOf[$0] >= target }
    }

    for kernel in segments.reversed().flatMap({ $0.kernels.reversed() }) {
      guard let samples = kernels[kernel].samples, kernels[kernel].lateWrites.isEmpty,
        let target = dependents[kernel].map({ segmentOf[$0] }).min(), target > segmentOf[kernel],
        segments[target].samples == samples,
        !dependents[kernel].contains(where: { segmentOf[$0] == target && lateEdges[$0].contains(kernel) }),
        kernels[kernel].reads.allSatisfy({ outlives($0, target, kernel) })
      else { continue }
      segments[segmentOf[kernel]].kernels.removeAll { $0 == kernel }
      let place = segments[target].kernels.firstIndex { dependents[kernel].contains($0) }!
      segments[target].kernels.insert(kernel, at: place)
      segmentOf[kernel] = target
    }
    return segments.filter { !$0.kernels.isEmpty }
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
