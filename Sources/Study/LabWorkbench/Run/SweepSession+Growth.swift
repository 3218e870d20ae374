import LabCore
import LabRecords
import LabReport
import LabScheduler
import LabStore
import LabStudy

extension SweepSession {
  /// What follows from the results for the seeds of the sweep.
  package struct Growth {
    /// What was found and what follows, in one line.
    package let line: String
    /// The runs that are to be trained next; empty where no seeds are added.
    package let runs: [ScheduledRun]
    /// The multiply-adds of each of these.
    package let work: [RunIdentity: Double]
  }

  /// Adds seeds to the sweep on record where its rule says so.
  ///
  /// Nothing is decided before every run of the sweep has ended: which seeds are added depends on results only, and not on
  /// when they came.
  ///
  /// - Parameter trained: the runs that have been given to the scheduler.
  /// - Returns: nil without a rule, or where runs of the sweep have not ended.
  /// - Throws: an error of the store.
  package func grow(after trained: [ScheduledRun]) throws -> Growth? {
    guard let seedRule else { return nil }
    let given = Set(trained.map(\.identity))
    var current = try store.sweep(sweep.id)
    var line: String?
    // Another process may have added seeds meanwhile, which come first.
    if current.runs.allSatisfy({ given.contains($0.identity) }) {
      guard current.runs.allSatisfy(\.state.isTerminal) else { return nil }
      let growth = SeedGrowth(current, rule: seedRule)
      line = growth.line
      guard case .add(let seeds) = growth.decision else { return Growth(line: growth.line, runs: [], work: [:]) }
      let grown = study.grown(by: Array(current.seeds.dropFirst(study.plan.seeds.count)) + seeds)
      try store.addSeeds(last: seeds.count, of: grown.sweep, to: sweep.id)
      current = try store.sweep(sweep.id)
    }
    let known = Set(study.plan.seeds)
    let grown = study.grown(by: current.seeds.filter { !known.contains($0) })
    let runs = grown.scheduledRuns.filter { !given.contains($0.identity) }
    return Growth(
      line: line ?? "\(seedRule.metric): another process has added seeds", runs: runs,
      work: grown.work.filter { !given.contains($0.key) })
  }
}

extension PlannedStudy {
  /// The same study with all seeds that a rule may add: what memory, disk and the executor must be ready for.
  package func reaching(_ rule: SeedRule?) -> PlannedStudy {
    guard let rule else { return self }
    var used = Set(plan.seeds)
    var seeds: [UInt64] = []
    var next = plan.seeds.max() ?? 0
    while used.count < rule.maximumSeedCount {
      next = next == .max ? 0 : next + 1
      if used.insert(next).inserted { seeds.append(next) }
    }
    return grown(by: seeds, asksForAll: true)
  }
}
