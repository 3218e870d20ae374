import Foundation
import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// Sweeps that grow, and analyses that go on from those of earlier sweeps.
@Suite struct SeedRuleTests {
  private let folder = TestFolder()
  private let clock = ManualClock()
  private let rule = SeedRule(metric: "test_accuracy", halfWidth: 0.3, maximumSeedCount: 20)

  private func store() throws -> StudyStore {
    try StudyStore(folder: folder.path, options: .init(now: { [clock] in clock.now }))
  }

  private func complete(_ store: StudyStore, _ level: String, _ seed: UInt64, _ sweep: Int64) throws {
    let claimed = try #require(try store.claimed(level, seed, sweep))
    try store.finish(claimed.lease, .completed(RunStoreSamples.final()))
    clock.advance(seconds: 1)
  }

  // MARK: Growing

  @Test func aSweepThatGrowsStaysTheSameOne() throws {
    let store = try store()
    let planned = RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1])
    let id = try store.register(planned).id
    try complete(store, "static", 0, id)
    let set = clock.now
    try store.register(rule, sweep: id)
    clock.advance(seconds: 5)
    // The same rule again is no other one.
    try store.register(rule, sweep: id)
    let grown = RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1, 2, 3])
    try store.addSeeds(last: 2, of: grown, to: id)
    var sweep = try StudyStore(reading: folder.path).sweep(id)
    #expect(sweep.seeds == [0, 1, 2, 3] && sweep.plannedSeedCount == 2)
    #expect(sweep.variants.map { $0.runs.map(\.identity) } == grown.variants.map { $0.runs.map(\.identity) })
    #expect(sweep.seedRules == [.init(rule: rule, registeredAt: set, completedRuns: 1, seeds: [2, 3])])
    #expect(sweep.planHash == planned.planHash && sweep.asPlanned.seeds == [0, 1])
    #expect(try store.seedRules(planHash: planned.planHash) == sweep.seedRules)
    #expect(try store.seedRules(planHash: grown.planHash) == [])
    // Neither the spec nor the sweep on record makes another one.
    #expect(try store.register(planned).id == id)
    #expect(try store.register(sweep).id == id)
    #expect(try store.sweeps().map(\.runCounts) == [[.completed: 1, .pending: 7]])

    let narrower = SeedRule(metric: "test_accuracy", halfWidth: 0.2, maximumSeedCount: 20)
    try store.register(narrower, sweep: id)
    try store.addSeeds(
      last: 1, of: RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1, 2, 3, 4]), to: id)
    sweep = try store.sweep(id)
    #expect(sweep.seedRules.map(\.seeds) == [[2, 3], [4]] && sweep.seedRules.map(\.rule) == [rule, narrower])
    #expect(try store.text("PRAGMA integrity_check") == "ok")
    #expect(try store.integer("SELECT COUNT(*) FROM pragma_foreign_key_check") == 0)
  }

  @Test func seedsAreAddedOnce() throws {
    let store = try store()
    let id = try store.register(RunStoreSamples.sweep(seeds: [0, 1])).id
    let grown = RunStoreSamples.sweep(seeds: [0, 1, 2])
    #expect(throws: RunStoreError.self) { try store.addSeeds(last: 1, of: grown, to: id) }
    try store.register(rule, sweep: id)
    try store.addSeeds(last: 1, of: grown, to: id)
    // Another process that has come to the same seeds, or to others, changes nothing.
    try store.addSeeds(last: 1, of: grown, to: id)
    try store.addSeeds(last: 1, of: RunStoreSamples.sweep(seeds: [0, 1, 7]), to: id)
    #expect(try store.sweep(id).seeds == [0, 1, 2])
    #expect(throws: RunStoreError.self) {
      try store.addSeeds(last: 1, of: RunStoreSamples.sweep(levels: ["static"], seeds: [0, 1, 2, 3]), to: id)
    }
    #expect(throws: RunStoreError.unknownSweep("99")) { try store.register(rule, sweep: 99) }
  }

  // MARK: Registrations

  private let plan = AnalysisPlan(metric: "test_accuracy")

  /// Registers a sweep with an analysis.
  private func register(
    _ store: StudyStore, _ seeds: [UInt64], levels: [String] = ["static", "odconv-1x"], name: String = "ablation",
    plan: AnalysisPlan?
  ) throws -> Int64 {
    var sweep = RunStoreSamples.sweep(name: name, levels: levels, seeds: seeds)
    sweep.analysis = plan
    let id = try store.register(sweep).id
    clock.advance(seconds: 1)
    return id
  }

  private func completeAll(_ store: StudyStore, _ seeds: [UInt64], _ sweep: Int64) throws {
    for level in ["static", "odconv-1x"] { for seed in seeds { try complete(store, level, seed, sweep) } }
  }

  @Test func moreSeedsGoOnFromTheRegistrationBeforeTheFirstResult() throws {
    let store = try store()
    let set = clock.now
    let first = try register(store, [0, 1], plan: plan)
    try completeAll(store, [0, 1], first)
    let second = try register(store, [0, 1, 2], plan: plan)
    try completeAll(store, [2], second)
    let third = try register(store, [0, 1, 2, 3, 4], plan: plan)
    #expect(try store.sweep(first).analyses.map(\.continuation) == [nil])
    #expect(
      try store.sweep(second).analyses.last?.continuation
        == .init(sweep: first, registeredAt: set, additions: [.init(seeds: [2], completedRuns: 4)]))
    #expect(
      try store.sweep(third).analyses.last?.continuation
        == .init(
          sweep: first, registeredAt: set,
          additions: [.init(seeds: [2], completedRuns: 4), .init(seeds: [3, 4], completedRuns: 6)]))
  }

  @Test func seedsThatARuleAddedAreNotThoseOfAHand() throws {
    let store = try store()
    let first = try register(store, [0, 1], plan: plan)
    try store.register(rule, sweep: first)
    try completeAll(store, [0, 1], first)
    try store.addSeeds(
      last: 1, of: RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1, 2]), to: first)
    clock.advance(seconds: 1)
    try completeAll(store, [2], first)
    let second = try register(store, [0, 1, 2], plan: plan)
    let continuation = try #require(try store.sweep(second).analyses.last?.continuation)
    #expect(continuation.additions.isEmpty && continuation.seedRules.map(\.seeds) == [[2]])
    // What is added to the first one later changes nothing of that.
    try store.addSeeds(
      last: 1, of: RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0, 1, 2, 3]), to: first)
    #expect(try store.sweep(second).analyses.last?.continuation?.sweep == first)
  }

  @Test func otherRegistrationsAreLate() throws {
    let store = try store()
    let first = try register(store, [0, 1, 2], plan: plan)
    try completeAll(store, [0, 1, 2], first)
    func continuation(
      _ seeds: [UInt64], levels: [String] = ["static", "odconv-1x"], name: String = "ablation",
      plan: AnalysisPlan? = nil
    ) throws -> AnalysisContinuation? {
      let id = try register(store, seeds, levels: levels, name: name, plan: plan ?? self.plan)
      return try store.sweep(id).analyses.last?.continuation
    }
    #expect(try continuation([0, 1, 2, 3]) != nil)
    // Seeds or variants that were left out after a look, variants that came, another analysis, another study.
    #expect(try continuation([0, 1, 3]) == nil)
    #expect(try continuation([0, 1, 2, 4], levels: ["static"]) == nil)
    #expect(try continuation([0, 1, 2, 4], levels: ["static", "odconv-1x", "odconv-4x"]) == nil)
    #expect(try continuation([0, 1, 2, 4], levels: ["odconv-1x", "static"]) == nil)
    #expect(try continuation([0, 1, 2, 4], plan: AnalysisPlan(metric: "test_accuracy", confidence: 0.9)) == nil)
    #expect(try continuation([0, 1, 2, 4], name: "other") == nil)
    // A result that nothing was registered for.
    let other = try register(store, [9], name: "elsewhere", plan: nil)
    try complete(store, "static", 9, other)
    #expect(try continuation([0, 1, 2, 9]) == nil)
    // An earlier registration that was late itself.
    let late = try register(store, [20], name: "late", plan: nil)
    try complete(store, "static", 20, late)
    _ = try register(store, [20], name: "late", plan: plan)
    #expect(try continuation([20, 21], name: "late") == nil)
  }
}
