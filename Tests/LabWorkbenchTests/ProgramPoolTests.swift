import LabScheduler
import LabStudy
import LabTesting
import LabTrain
import LabWorkbench
import Testing

/// What ended runs leave for the next seeds of their variants.
@Suite struct ProgramPoolTests {
  private let variants: [TrainableVariant]

  init() throws {
    let spec = """
      {
        "name": "pool",
        "dataset": { "name": "synthetic-signs", "image_size": 8, "train_limit": 8, "test_limit": 8 },
        "model": { "architecture": "plain" },
        "training": { "epochs": 1, "batch_size": 4 },
        "factors": { "conv": ["static", "odconv-4x"] },
        "baseline": { "conv": "static" },
        "seeds": [0]
      }
      """
    let workbench = Workbench { _ in }
    let study = try SpecValidator(workbench).check(SpecSource(path: "pool.json", text: spec))
    try #require(study.check.plan != nil, "\(study.check.issues)")
    variants = try study.compiled(threads: 1).compactMap { ($0 as? CompiledVariant)?.trainable }
  }

  private func programs(_ variant: TrainableVariant) throws -> TrainingPrograms {
    try variant.trainer(seed: 0, choices: [:], threads: 1).programs
  }

  @Test func programsServeTheirVariantAndOneRunAtATime() throws {
    let pool = ProgramPool(capacityBytes: .max)
    let kept = try programs(variants[0])
    pool.keep(kept, for: variants[0], afterSeconds: 1)
    #expect(pool.take(for: variants[1]) == nil)
    #expect(pool.take(for: variants[0]) === kept)
    #expect(pool.take(for: variants[0]) == nil)
  }

  @Test func onlyShortRunsLeaveTheirPrograms() throws {
    let pool = ProgramPool(capacityBytes: .max)
    let kept = try programs(variants[0])
    pool.keep(kept, for: variants[0], afterSeconds: ProgramPool.longestSeconds + 0.1)
    pool.keep(kept, for: variants[0], afterSeconds: nil)
    #expect(pool.take(for: variants[0]) == nil)
    pool.keep(kept, for: variants[0], afterSeconds: ProgramPool.longestSeconds)
    #expect(pool.take(for: variants[0]) === kept)
  }

  /// What is there stays; what has been taken out makes room.
  @Test func whatDoesNotFitIsGivenBack() throws {
    let (first, second) = (try programs(variants[0]), try programs(variants[1]))
    let pool = ProgramPool(capacityBytes: first.plannedBytes + second.plannedBytes - 1)
    pool.keep(first, for: variants[0], afterSeconds: 1)
    pool.keep(second, for: variants[1], afterSeconds: 1)
    #expect(pool.take(for: variants[1]) == nil)
    #expect(pool.take(for: variants[0]) === first)
    pool.keep(second, for: variants[1], afterSeconds: 1)
    #expect(pool.take(for: variants[1]) === second)
  }

  /// A sixteenth of the budget, less where the largest runs that train at a time leave less, and nothing where they
  /// leave none.
  @Test(arguments: [(1600, 100), (340, 10), (330, 0), (100, 0)]) func theCapacityIsBesideTheRuns(
    budget: Int, expected: Int
  )
    throws
  {
    let runs = [10, 200, 130].map {
      ScheduledRun(
        identity: RunStoreSamples.run(level: "level", seed: UInt64($0)).identity, label: "level", seed: UInt64($0),
        plannedBytes: $0)
    }
    #expect(ProgramPool(beside: 2, of: runs, memoryBudget: budget).capacityBytes == expected)
  }
}
