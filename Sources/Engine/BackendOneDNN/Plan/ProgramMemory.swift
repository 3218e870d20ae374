import LabGraph
import Synchronization

/// A program's memory, and how a step runs in it.
package final class ProgramMemory {
  private let program: Program
  private let arena: AlignedMemory
  private let locals: [AlignedMemory]
  private let workers: [Worker]
  /// The memory between segments, from which results are read after a step.
  package let step: StepMemory

  /// Takes the memory that a program plans.
  ///
  /// - Throws: ``LabCore/MachineError/memory(bytes:purpose:)`` where the system refuses it.
  package convenience init(_ program: Program) throws { try self.init(program, profile: nil) }

  init(_ program: Program, profile: Profile?) throws {
    self.program = program
    let (plan, slots) = (program.plan, program.slots)
    let arena = try AlignedMemory(byteCount: plan.arenaBytes)
    let scratchOffset = MemoryPlan.align(plan.localBytes)
    let accumulatorOffset = scratchOffset + MemoryPlan.align(program.scratchBytes)
    let locals = try (0..<program.workerCount).map { _ in
      try AlignedMemory(byteCount: accumulatorOffset + program.accumulatorBytes)
    }
    workers = locals.enumerated().map { index, local in
      Worker(
        index: index, local: local.base, scratch: local.base + scratchOffset,
        accumulators: local.base + accumulatorOffset,
        bases: slots.map { slot in
          switch slot.storage {
          case .arena(let offset): arena.base + offset
          case .local(let offset): local.base + offset
          case .external(let pointer): pointer
          // Places of their own come with each segment; an unassigned slot is one that no kernel uses.
          case .perSegment: local.base
          case .unassigned: arena.base
          }
        },
        strides: slots.map(\.bytesPerSample), isLocal: slots.map(\.storage.isLocal), profile: profile)
    }
    self.arena = arena
    self.locals = locals
    step = StepMemory(workers: workers)
  }

  /// Runs every segment once, on the threads of a team where there are several workers.
  ///
  /// - Throws: what a kernel throws.
  package func run(on team: @autoclosure () -> ThreadTeam) throws {
    for segment in program.segments {
      if let samples = segment.samples { try runBatched(segment, samples: samples, team) }
      for kernel in segment.kernels {
        try workers[0].measure(kernel.kind, of: kernel.path) { try kernel.finish(step) }
      }
    }
  }

  private func runBatched(_ segment: Segment, samples: Int, _ team: () -> ThreadTeam) throws {
    let shares = segment.shares(of: samples, among: workers.count)
    func work(_ index: Int) throws {
      let worker = workers[index]
      worker.begin(segment)
      for kernel in segment.kernels where kernel.accumulatorBytes > 0 {
        (worker.accumulators + kernel.accumulatorOffset)
          .initializeMemory(as: UInt8.self, repeating: 0, count: kernel.accumulatorBytes)
      }
      var first = shares[index].lowerBound
      while first < shares[index].upperBound {
        let next = min(first + segment.chunkSize, shares[index].upperBound)
        worker.begin(first..<next)
        for kernel in segment.kernels {
          try worker.measure(kernel.kind, of: kernel.path) { try kernel.run(worker) }
        }
        first = next
      }
    }
    if workers.count == 1 { return try work(0) }
    let failure = Mutex<(any Error)?>(nil)
    team().run { index in
      do { try work(index) } catch { failure.withLock { $0 = $0 ?? error } }
    }
    if let failure = failure.withLock(\.self) { throw failure }
  }
}
