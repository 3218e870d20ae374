import BackendOneDNN
import CLabKernels
import Testing

/// Schedule, storage in bfloat16, chunks and memory together: whatever the program, each kernel meets what was written for it.
@Suite struct ProgramTests {
  private func program(_ random: RandomProgram, workers: Int, keepsBFloat16: Bool) throws -> Program {
    try Program(
      random.kernels, random.slots, kept: random.kept, workerCount: workers,
      keepingBFloat16: keepsBFloat16 ? labKernels().pointee : nil)
  }

  @Test(arguments: 0..<60, [1, 3])
  func kernelsOfRandomProgramsMeetTheirOperands(seed: Int, workers: Int) throws {
    for keepsBFloat16 in [false, true] {
      let random = try RandomProgram(seed: UInt64(seed), kernelCount: 8 + seed, holdsImages: keepsBFloat16)
      let memory = try ProgramMemory(program(random, workers: workers, keepsBFloat16: keepsBFloat16))
      let team = ThreadTeam(size: workers) {}
      // What a step leaves in memory must not matter to the next one.
      for _ in 0..<2 {
        random.reset()
        try memory.run(on: team)
        random.checkKept(in: memory)
      }
      #expect(random.failures.all == [], "seed \(seed), bfloat16 \(keepsBFloat16)")
    }
  }

  /// Random programs would prove little if they never came to share memory or to keep images in bfloat16.
  @Test func randomProgramsHaveEveryKindOfStorage() throws {
    var (shared, local, perSegment, delayed) = (0, 0, 0, 0)
    for seed in 0..<60 {
      let random = try RandomProgram(seed: UInt64(seed), kernelCount: 8 + seed, holdsImages: true)
      let order = Schedule.segments(of: random.kernels, random.slots).flatMap(\.kernels).map(\.path)
      let slots = try program(random, workers: 1, keepsBFloat16: true).slots
      var offsets: Set<Int> = []
      for slot in slots {
        switch slot.storage {
        case .arena(let offset): if !offsets.insert(offset).inserted { shared += 1 }
        case .local: local += 1
        case .perSegment: perSegment += 1
        case .external, .unassigned: break
        }
      }
      if order != random.kernels.map(\.path) { delayed += 1 }
    }
    #expect(shared > 100 && local > 100 && perSegment > 100 && delayed > 20)
  }

  /// A large result goes past the caches where nobody of its segment reads it; small ones, and those of a chunk, do not.
  @Test func largeResultsForLaterSegmentsAreFar() throws {
    var sketch = ProgramSketch()
    let large = 2 << 20
    let (x, y, z, small) = (sketch.tensor(), sketch.tensor(), sketch.tensor(), sketch.tensor())
    let (read, unread, local) = (
      sketch.tensor(floats: large), sketch.tensor(floats: large), sketch.tensor(floats: large)
    )
    let sums = sketch.tensor(samples: 1)
    sketch.whole("source", [], [x, y, z])
    // Operands that live no longer keep the kernels in this segment.
    sketch.batched("read", [x], [read])
    sketch.batched("unread", [y], [unread])
    sketch.batched("small", [z], [small])
    sketch.batched("local", [read], [local])
    sketch.sum("sums", [local], sums)
    sketch.batched("later", [read, unread, small, sums], [sketch.tensor()])
    let program = try Program(sketch.kernels, sketch.slots, kept: [], workerCount: 1, keepingBFloat16: nil)
    let far = program.segments.flatMap(\.kernels).filter { !$0.farResults.isEmpty }
    #expect(program.segments.map { $0.kernels.map(\.path) }.contains(["read", "unread", "small", "local", "sums"]))
    #expect(far.map(\.path) == ["unread"])
    #expect(far.first?.farResults == [unread])
  }

  @Test func plannedBytesAreThoseOfAllWorkers() throws {
    let random = try RandomProgram(seed: 11, kernelCount: 30, holdsImages: false)
    let (one, three) = (
      try program(random, workers: 1, keepsBFloat16: false), try program(random, workers: 3, keepsBFloat16: false)
    )
    #expect(one.plannedBytes > 0)
    #expect(three.plannedBytes > one.plannedBytes)
  }
}
