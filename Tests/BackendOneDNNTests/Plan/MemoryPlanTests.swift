import BackendOneDNN
import Testing

@Suite struct MemoryPlanTests {
  private func planned(_ sketch: ProgramSketch, kept: Set<SlotID> = []) -> (slots: [Slot], plan: MemoryPlan) {
    var (slots, segments) = (sketch.slots, Schedule.segments(of: sketch.kernels, sketch.slots))
    for index in segments.indices { segments[index].chunkSize = 2 }
    let plan = MemoryPlan(&slots, segments: &segments, kept: kept)
    return (slots, plan)
  }

  private func isInArena(_ slot: SlotID, _ slots: [Slot]) -> Bool {
    if case .arena = slots[slot.index].storage { true } else { false }
  }

  @Test func tensorsOfOneSegmentTakeAChunk() {
    var sketch = ProgramSketch()
    let (x, y, z) = (sketch.tensor(), sketch.tensor(), sketch.tensor())
    sketch.whole("source", [], [x])
    sketch.batched("first", [x], [y])
    sketch.batched("second", [y], [z])
    let (slots, plan) = planned(sketch, kept: [z])
    #expect(slots[y.index].storage == .local(offset: 0))
    #expect(plan.localBytes == 2 * 64)
    #expect(isInArena(x, slots) && isInArena(z, slots))
    #expect(plan.arenaBytes == 2 * 8 * 64)
  }

  @Test func resultsAreKeptWhoseUserReadsThemAfterTheStep() {
    var sketch = ProgramSketch()
    let (x, y) = (sketch.tensor(), sketch.tensor())
    sketch.batched("first", [], [x])
    sketch.batched("second", [x], [y])
    #expect(!isInArena(x, planned(sketch).slots))
    #expect(isInArena(x, planned(sketch, kept: [x]).slots))
  }

  /// A chain of whole kernels needs two tensors, however long it is.
  @Test func theDeadGiveTheirMemoryToTheLiving() {
    var sketch = ProgramSketch()
    var x = sketch.tensor()
    sketch.whole("source", [], [x])
    for index in 0..<6 {
      let y = sketch.tensor()
      sketch.whole("\(index)", [x], [y])
      x = y
    }
    #expect(planned(sketch, kept: [x]).plan.arenaBytes == 2 * 8 * 64)
  }

  /// An operand, its replacement, and what happens to the operand afterwards.
  @Test(arguments: [(false, 1), (true, 2)])
  func resultsReplaceOperandsThatNobodyReadsAfterwards(isReadAgain: Bool, tensors: Int) {
    var sketch = ProgramSketch()
    let (x, y, z) = (sketch.tensor(), sketch.tensor(), sketch.tensor(samples: 1, floats: 0))
    sketch.whole("source", [], [x])
    sketch.batched("in place", [x], [y], replaces: x)
    if isReadAgain { sketch.batched("reader", [x], [z]) }
    let (slots, plan) = planned(sketch, kept: [y])
    #expect((slots[x.index].storage == slots[y.index].storage) == !isReadAgain)
    #expect(plan.arenaBytes == tensors * 8 * 64)
  }

  @Test func twoResultsDoNotReplaceOneOperand() {
    var sketch = ProgramSketch()
    let (x, y, z) = (sketch.tensor(), sketch.tensor(), sketch.tensor())
    sketch.whole("source", [], [x])
    sketch.batched("first", [x], [y], replaces: x)
    sketch.batched("second", [x], [z], replaces: x)
    let slots = planned(sketch, kept: [y, z]).slots
    #expect(slots[y.index].storage != slots[z.index].storage)
    #expect(slots[y.index].storage != slots[x.index].storage)
    #expect(slots[z.index].storage == slots[x.index].storage)
  }
}
