/// Where each tensor of a program lies, decided before anything is allocated.
///
/// - A tensor that one segment writes and nobody else reads exists for a chunk only, in each worker's own memory.
/// - Every other tensor lies in the arena, for all samples, from the first segment that touches it to the last one.
/// - Tensors whose lives overlap share no byte, but for a result that replaces the operand that its kernel reads last.
package struct MemoryPlan {
  /// Bytes of the arena that all samples' tensors share.
  package private(set) var arenaBytes = 0
  /// Bytes of each worker's chunk-local tensors.
  package private(set) var localBytes = 0

  private static let alignment = 64
  /// Neighbouring tensors start in different cache sets.
  private static let coloring = 320

  /// Assigns storage to every slot that has none.
  ///
  /// - Parameters:
  ///   - slots: the tensors; external ones keep their storage.
  ///   - segments: the program; they learn the places that slots have in some segments only.
  ///   - kept: tensors that are read after the step.
  package init(_ slots: inout [Slot], segments: inout [Segment], kept: Set<SlotID>) {
    var firstSegment = [Int?](repeating: nil, count: slots.count)
    var lastSegment = [Int](repeating: -1, count: slots.count)
    var isBatchedImmediate = [Bool](repeating: false, count: slots.count)
    for (position, segment) in segments.enumerated() {
      for kernel in segment.kernels {
        for slot in kernel.reads + kernel.writes + kernel.lateWrites {
          firstSegment[slot.index] = firstSegment[slot.index] ?? position
          lastSegment[slot.index] = position
        }
        if kernel.samples != nil { for slot in kernel.writes { isBatchedImmediate[slot.index] = true } }
      }
    }
    for slot in kept { lastSegment[slot.index] = segments.count }

    // Tensors that live and die within one segment exist for a chunk only.
    var bySegment = segments.map { segment in
      Set(segment.kernels.flatMap { $0.reads + $0.writes }.map(\.index))
        .filter { slots[$0].storage == .perSegment }.sorted()
    }
    var globals: [Int] = []
    for index in slots.indices where slots[index].storage == .unassigned {
      guard let first = firstSegment[index] else { continue }
      if isBatchedImmediate[index], first == lastSegment[index], segments[first].samples == slots[index].samples {
        bySegment[first].append(index)
      } else {
        globals.append(index)
      }
    }
    for (position, locals) in bySegment.enumerated() where !locals.isEmpty {
      planLocals(locals, in: &segments[position], &slots)
    }
    planArena(globals, firstSegment: firstSegment, lastSegment: lastSegment, segments, &slots)
  }

  private mutating func planLocals(_ locals: [Int], in segment: inout Segment, _ slots: inout [Slot]) {
    var intervals: [Interval] = []
    for index in locals {
      let uses = segment.kernels.indices.filter { position in
        let kernel = segment.kernels[position]
        return kernel.reads.contains(SlotID(index: index)) || kernel.writes.contains(SlotID(index: index))
      }
      intervals.append(
        Interval(
          slot: index, first: uses.first!, last: uses.last!, bytes: slots[index].bytesPerSample * segment.chunkSize))
    }
    let (offsets, total) = MemoryPlan.pack(intervals)
    for (interval, offset) in zip(intervals, offsets) {
      if slots[interval.slot].storage == .perSegment {
        segment.places.append((SlotID(index: interval.slot), offset))
      } else {
        slots[interval.slot].storage = .local(offset: offset)
      }
    }
    localBytes = max(localBytes, total)
  }

  private mutating func planArena(
    _ globals: [Int], firstSegment: [Int?], lastSegment: [Int], _ segments: [Segment],
    _ slots: inout [Slot]
  ) {
    let replaced = MemoryPlan.replacements(
      Set(globals), lastSegment: lastSegment, segments, slots)
    // A chain of replacements is one interval from the first tensor's birth to the last one's death.
    var intervals: [Interval] = []
    var intervalOf: [Int: Int] = [:]
    for index in globals.sorted(by: { (firstSegment[$0]!, $0) < (firstSegment[$1]!, $1) }) {
      if let operand = replaced[index], let interval = intervalOf[operand] {
        intervals[interval].last = max(intervals[interval].last, lastSegment[index])
        intervalOf[index] = interval
      } else {
        intervalOf[index] = intervals.count
        intervals.append(
          Interval(
            slot: index, first: firstSegment[index]!, last: lastSegment[index], bytes: slots[index].byteCount))
      }
    }
    let (offsets, total) = MemoryPlan.pack(intervals)
    for index in globals { slots[index].storage = .arena(offset: offsets[intervalOf[index]!]) }
    arenaBytes = total
  }

  /// Results that can overwrite an operand: its last reader is the result's writer, chunk by chunk.
  private static func replacements(
    _ globals: Set<Int>, lastSegment: [Int], _ segments: [Segment], _ slots: [Slot]
  ) -> [Int: Int] {
    var replaced: [Int: Int] = [:]
    var taken: Set<Int> = []
    for (position, segment) in segments.enumerated() {
      for (order, kernel) in segment.kernels.enumerated() {
        for (result, operand) in kernel.replacements {
          guard globals.contains(result.index), globals.contains(operand.index), !taken.contains(operand.index),
            replaced[result.index] == nil, lastSegment[operand.index] == position,
            slots[result.index].samples == slots[operand.index].samples,
            slots[result.index].bytesPerSample == slots[operand.index].bytesPerSample,
            !segment.kernels[(order + 1)...].contains(where: { $0.reads.contains(operand) }),
            !segment.kernels[..<order].contains(where: { $0.writes.contains(result) })
          else { continue }
          replaced[result.index] = operand.index
          taken.insert(operand.index)
        }
      }
    }
    return replaced
  }

  private struct Interval {
    var slot: Int
    var first: Int
    var last: Int
    var bytes: Int
  }

  /// First-fit packing, largest first, of intervals that overlap in time.
  private static func pack(_ intervals: [Interval]) -> (offsets: [Int], total: Int) {
    var offsets = [Int](repeating: 0, count: intervals.count)
    var placed: [Int] = []
    var total = 0
    for (rank, index) in intervals.indices.sorted(by: { (intervals[$1].bytes, $0) < (intervals[$0].bytes, $1) })
      .enumerated()
    {
      let interval = intervals[index]
      let bytes = interval.bytes
      let rivals =
        placed
        .filter { intervals[$0].first <= interval.last && interval.first <= intervals[$0].last }
        .map { (start: offsets[$0], end: offsets[$0] + intervals[$0].bytes) }
        .sorted { $0.start < $1.start }
      let shift = bytes >= 4096 ? coloring * (rank % 13) : 0
      var candidate = align(shift)
      for rival in rivals where candidate + bytes > rival.start {
        candidate = max(candidate, align(rival.end + shift))
      }
      offsets[index] = candidate
      placed.append(index)
      total = max(total, candidate + bytes)
    }
    return (offsets, align(total))
  }

  static func align(_ value: Int) -> Int { (value + alignment - 1) / alignment * alignment }
}
