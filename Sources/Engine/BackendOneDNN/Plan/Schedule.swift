/// Orders kernels into segments.
///
/// The order in which kernels are given says which of them sees which contents of a tensor that several write, as updates of
/// variables do. Any order that keeps those dependencies gives the same numbers; this one keeps what kernels hand to each
/// other in the cache.
package struct Schedule {
  private let kernels: [Kernel]
  private let slots: [Slot]
  /// For each kernel those that must come before it.
  private var predecessors: [[Int]]
  /// For each kernel those of its predecessors that must be complete for all samples, and so in an earlier segment.
  private var latePredecessors: [Set<Int>]
  /// Each segment's kernels by position, and the samples of batched ones.
  private var segments: [(kernels: [Int], samples: Int?)] = []
  /// The segment of each kernel that has one.
  private var segmentOf: [Int?]

  /// Groups kernels greedily.
  ///
  /// A segment takes every batched kernel whose operands are complete for a sample as soon as the segment's earlier kernels
  /// have seen that sample. Then kernels whose results are needed later only move there.
  package static func segments(of kernels: [Kernel], _ slots: [Slot]) -> [Segment] {
    var schedule = Schedule(kernels, slots)
    schedule.findDependencies()
    schedule.placeEarly()
    schedule.delay()
    return schedule.segments.filter { !$0.kernels.isEmpty }.map { members, samples in
      Segment(kernels: members.map { kernels[$0] }, samples: samples)
    }
  }

  private init(_ kernels: [Kernel], _ slots: [Slot]) {
    self.kernels = kernels
    self.slots = slots
    predecessors = [[Int]](repeating: [], count: kernels.count)
    latePredecessors = [Set<Int>](repeating: [], count: kernels.count)
    segmentOf = [Int?](repeating: nil, count: kernels.count)
  }

  private mutating func findDependencies() {
    var writer: [SlotID: Int] = [:]
    var readers: [SlotID: [Int]] = [:]
    var isLate: Set<SlotID> = []
    for (index, kernel) in kernels.enumerated() {
      let isWhole = kernel.samples == nil
      for slot in kernel.reads {
        if let before = writer[slot] {
          predecessors[index].append(before)
          if isWhole || kernels[before].samples == nil || isLate.contains(slot) {
            latePredecessors[index].insert(before)
          }
        }
        readers[slot, default: []].append(index)
      }
      for slot in kernel.writes + kernel.lateWrites {
        // Writing a tensor again, as updates of variables do, waits for everyone who reads or wrote it.
        for before in (readers[slot] ?? []) + [writer[slot]].compactMap({ $0 }) where before != index {
          predecessors[index].append(before)
          latePredecessors[index].insert(before)
        }
        writer[slot] = index
      }
      isLate.formUnion(kernel.lateWrites)
    }
  }

  private func isReady(_ kernel: Int, in segment: Int) -> Bool {
    predecessors[kernel].allSatisfy { predecessor in
      guard let at = segmentOf[predecessor] else { return false }
      return at < segment || !latePredecessors[kernel].contains(predecessor)
    }
  }

  /// Gives each kernel the first segment that it can be in.
  private mutating func placeEarly() {
    var remaining = Array(kernels.indices)
    while !remaining.isEmpty {
      let current = segments.count
      var members: [Int] = []
      var segmentSamples: Int?
      // Whole kernels first: they release others and do not profit from waiting.
      if let whole = remaining.first(where: { kernels[$0].samples == nil && isReady($0, in: current) }) {
        members = [whole]
        segmentOf[whole] = current
      } else {
        var hasGrown = true
        while hasGrown {
          hasGrown = false
          for kernel in remaining where segmentOf[kernel] == nil {
            guard let samples = kernels[kernel].samples, segmentSamples == nil || segmentSamples == samples,
              isReady(kernel, in: current)
            else { continue }
            segmentSamples = samples
            members.append(kernel)
            segmentOf[kernel] = current
            hasGrown = true
          }
        }
      }
      precondition(!members.isEmpty, "kernels depend on each other in a circle")
      remaining.removeAll { segmentOf[$0] != nil }
      segments.append((members, segmentSamples))
    }
  }

  /// Moves each kernel whose results are needed in later segments only to the first of these, where its operands live until
  /// then in any case: what a chunk computes again from operands that it reads anyway is neither written nor read.
  private mutating func delay() {
    var dependents = [[Int]](repeating: [], count: kernels.count)
    for (kernel, before) in predecessors.enumerated() {
      for predecessor in before { dependents[predecessor].append(kernel) }
    }
    var readers: [SlotID: [Int]] = [:]
    for (index, kernel) in kernels.enumerated() {
      for slot in kernel.reads { readers[slot, default: []].append(index) }
    }
    for kernel in segments.reversed().flatMap({ $0.kernels.reversed() }) {
      let own = segmentOf[kernel]!
      guard let samples = kernels[kernel].samples, kernels[kernel].lateWrites.isEmpty,
        let target = dependents[kernel].map({ segmentOf[$0]! }).min(), target > own,
        segments[target].samples == samples,
        !dependents[kernel].contains(where: { segmentOf[$0] == target && latePredecessors[$0].contains(kernel) }),
        kernels[kernel].reads.allSatisfy({ slot in
          slots[slot.index].samples == 1 || slots[slot.index].storage != .unassigned
            || readers[slot]!.contains { $0 != kernel && segmentOf[$0]! >= target }
        })
      else { continue }
      segments[own].kernels.removeAll { $0 == kernel }
      let place = segments[target].kernels.firstIndex { dependents[kernel].contains($0) }!
      segments[target].kernels.insert(kernel, at: place)
      segmentOf[kernel] = target
    }
  }
}
