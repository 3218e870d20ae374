import Foundation
import LabCore
import LabRecords

/// What every run store must do, as checks that a test runs over each kind of store.
///
///     @Test(arguments: RunStoreConformance.checks)
///     func conforms(check: RunStoreConformance.Check) throws {
///       try check.run { clock, patience in InMemoryRunStore(patienceSeconds: patience, now: { clock.now }) }
///     }
public enum RunStoreConformance {
  /// Makes an empty store that reads a clock and waits so many seconds for silent processes.
  public typealias StoreFactory = (_ clock: ManualClock, _ patienceSeconds: Double) throws -> any RunStore

  /// One demand.
  public struct Check: Sendable, CustomStringConvertible {
    /// What is demanded.
    public let description: String
    private let body: @Sendable (Subject) throws -> Void

    init(_ description: String, _ body: @escaping @Sendable (Subject) throws -> Void) {
      self.description = description
      self.body = body
    }

    /// Makes a store and checks it.
    ///
    /// - Throws: ``Violation``, or what the store throws.
    public func run(_ makeStore: StoreFactory) throws {
      let clock = ManualClock()
      try body(Subject(store: makeStore(clock, Subject.patienceSeconds), clock: clock))
    }
  }

  /// A demand that a store does not meet.
  public struct Violation: Error, CustomStringConvertible {
    /// What was found.
    public let description: String
  }

  /// The store under test with its clock.
  struct Subject: Sendable {
    static let patienceSeconds = 60.0

    let store: any RunStore
    let clock: ManualClock

    /// Registers the sample sweep and claims its first run.
    func claimFirst(
      owner: ProcessIdentity = .current, policy: ClaimPolicy = .unfinished
    ) throws -> (sweep: StoredSweep, claimed: ClaimedRun) {
      let sweep = try store.register(RunStoreSamples.sweep())
      return (sweep, try claim(RunStoreSamples.run(level: "static", seed: 0).identity, sweep.id, owner, policy))
    }

    /// Claims a run that must be free.
    func claim(
      _ run: RunIdentity, _ sweep: Int64, _ owner: ProcessIdentity = .current, _ policy: ClaimPolicy = .unfinished
    ) throws -> ClaimedRun {
      let result = try store.claim(run, sweep: sweep, owner: owner, policy: policy)
      guard case .claimed(let claimed) = result else { throw Violation(description: "expected a claim, got \(result)") }
      return claimed
    }
  }

  /// All demands.
  public static let checks: [Check] = sweepChecks + claimChecks + recordingChecks + capsuleChecks + fileChecks

  static func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
    guard condition else { throw Violation(description: message()) }
  }

  static func requireEqual<T: Equatable>(_ actual: T, _ expected: T, _ subject: String) throws {
    guard actual == expected else {
      throw Violation(description: "\(subject) is \(actual), expected \(expected)")
    }
  }

  static func requireError(_ expected: RunStoreError, _ subject: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as RunStoreError {
      return try requireEqual(error, expected, subject)
    }
    throw Violation(description: "\(subject) throws nothing, expected \(expected)")
  }
}

// MARK: - Sweeps

extension RunStoreConformance {
  static let sweepChecks = [
    Check("registering the same sweep again finds the first one") { subject in
      let first = try subject.store.register(RunStoreSamples.sweep())
      subject.clock.advance(seconds: 5)
      let second = try subject.store.register(RunStoreSamples.sweep())
      try requireEqual(second.id, first.id, "the sweep's number")
      try requireEqual(second.createdAt, first.createdAt, "the date of creation")
      try requireEqual(second.lastRegisteredAt, subject.clock.now, "the date of the last registration")
      try requireEqual(second.runCounts, [.pending: 9], "the run counts")
      try requireEqual(try subject.store.sweeps().count, 1, "the number of sweeps")
    },
    Check("a changed sweep of the same name is another one that shares runs") { subject in
      let (first, claimed) = try subject.claimFirst()
      try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
      let second = try subject.store.register(RunStoreSamples.sweep(levels: ["static", "dyconv"]))
      try require(second.id != first.id, "the changed sweep has the number of the first")
      try requireEqual(second.runCounts, [.completed: 1, .pending: 5], "the shared sweep's run counts")
      let changedData = try subject.store.register(RunStoreSamples.sweep(data: "other data"))
      try require(changedData.id != first.id, "the sweep with changed data has the number of the first")
      try requireEqual(changedData.runCounts, [.pending: 9], "the run counts with changed data")
      try requireEqual(
        try subject.store.sweep(second.id).variants[0].runs.map(\.state), [.completed, .pending, .pending],
        "the shared variant's states")
    },
    Check("the sweep registered last comes first") { subject in
      let first = try subject.store.register(RunStoreSamples.sweep(name: "a"))
      subject.clock.advance(seconds: 1)
      let second = try subject.store.register(RunStoreSamples.sweep(name: "b"))
      try requireEqual(try subject.store.sweeps().map(\.id), [second.id, first.id], "the order of sweeps")
      subject.clock.advance(seconds: 1)
      _ = try subject.store.register(RunStoreSamples.sweep(name: "a"))
      try requireEqual(try subject.store.sweeps().map(\.id), [first.id, second.id], "the order after a repetition")
      try requireEqual(try subject.store.newestSweep(named: "b")?.id, second.id, "the newest sweep named b")
      try requireEqual(try subject.store.newestSweep(named: "c")?.id, nil, "the newest sweep named c")
    },
    Check("a sweep comes back as it was registered, with counts learned since") { subject in
      var sweep = RunStoreSamples.sweep(seeds: [0, 7, UInt64.max])
      sweep.factors.append(Factor(name: "empty", levels: []))
      let id = try subject.store.register(sweep).id
      (sweep.id, sweep.createdAt) = (id, subject.clock.now)
      try requireEqual(try subject.store.sweep(id), sweep, "the sweep")
      subject.clock.advance(seconds: 1)
      sweep.variants[1].parameterCount = 270_000
      sweep.variants[1].multiplyAdds = 41_000_000
      try requireEqual(try subject.store.register(sweep).id, id, "the number with counts")
      _ = try subject.store.register(RunStoreSamples.sweep(seeds: [0, 7, UInt64.max]))
      let found = try subject.store.sweep(id)
      try requireEqual(found, sweep, "the sweep with counts")
      try requireEqual(
        found.variants.map(\.configuration), sweep.variants.map { $0.runs.first?.configuration }, "the configurations")
      try requireEqual(found.variants.map(\.label), ["static", "odconv-1x", "odconv-4x"], "the labels")
      try requireEqual(found.cells.map(\.run.identity), sweep.runs.map(\.identity), "the cells")
    },
    Check("an analysis is kept with how many results there were, and changes no sweep") { subject in
      var sweep = RunStoreSamples.sweep()
      let (first, claimed) = try subject.claimFirst()
      try requireEqual(try subject.store.sweep(first.id).analyses, [], "the analyses without one")
      sweep.analysis = AnalysisPlan(metric: "test_macro_f1", smallestEffect: 0.5, confidence: 0.9)
      let planned = subject.clock.now
      try requireEqual(try subject.store.register(sweep).id, first.id, "the number of the sweep with an analysis")
      try subject.store.finish(claimed.lease, .completed(RunStoreSamples.final()))
      subject.clock.advance(seconds: 5)
      _ = try subject.store.register(sweep)
      var registrations = [AnalysisRegistration(plan: sweep.analysis, registeredAt: planned, completedRuns: 0)]
      try requireEqual(try subject.store.sweep(first.id).analyses, registrations, "the first analysis")
      sweep.analysis = AnalysisPlan(metric: "test_accuracy", comparisons: .all, sides: .one)
      _ = try subject.store.register(sweep)
      registrations.append(.init(plan: sweep.analysis, registeredAt: subject.clock.now, completedRuns: 1))
      try requireEqual(try subject.store.sweep(first.id).analysis, sweep.analysis, "the analysis")
      sweep.analysis = nil
      _ = try subject.store.register(sweep)
      registrations.append(.init(plan: nil, registeredAt: subject.clock.now, completedRuns: 1))
      try requireEqual(try subject.store.sweep(first.id).analyses, registrations, "all analyses")
      try requireEqual(try subject.store.sweep(first.id).analysis, nil, "the analysis that was taken back")
    },
    Check("two variants may share a run") { subject in
      var sweep = RunStoreSamples.sweep(levels: ["static", "odconv-1x"], seeds: [0])
      sweep.variants[1].runs = sweep.variants[0].runs
      let stored = try subject.store.register(sweep)
      try requireEqual(stored.runCounts, [.pending: 1], "the run counts")
      try requireEqual(try subject.store.sweep(stored.id).variants.map(\.runs.count), [1, 1], "the cells")
    },
    Check("a registration that contradicts itself is refused") { subject in
      var sweep = RunStoreSamples.sweep()
      sweep.variants[1].label = sweep.variants[0].label
      try requireError(
        .invalidRegistration(sweep: "ablation", problem: "two variants are labelled \"static\""), "registering"
      ) { _ = try subject.store.register(sweep) }
      try requireEqual(try subject.store.sweeps(), [], "the sweeps")
    },
    Check("unknown sweeps and runs are named") { subject in
      let sweep = try subject.store.register(RunStoreSamples.sweep())
      let run = RunStoreSamples.run(level: "unknown", seed: 0).identity
      try requireError(.unknownSweep("99"), "a sweep") { _ = try subject.store.sweep(99) }
      try requireError(.unknownRun(run.short), "a claim") {
        _ = try subject.store.claim(run, sweep: sweep.id, owner: .current, policy: .unfinished)
      }
      try requireError(.unknownSweep("99"), "a claim") {
        _ = try subject.store.claim(
          RunStoreSamples.run(level: "static", seed: 0).identity, sweep: 99, owner: .current, policy: .unfinished)
      }
      try requireEqual(try subject.store.run(run), nil, "an unknown run")
    },
    Check("runs are found by the beginning of their identity") { subject in
      let sweep = try subject.store.register(RunStoreSamples.sweep(seeds: Array(0..<40)))
      let runs = try subject.store.sweep(sweep.id).runs
      try requireEqual(runs.count, 120, "the number of runs")
      for run in runs.prefix(5) {
        let found = try subject.store.run(identityPrefix: run.identity.short.uppercased())
        try requireEqual(found, run, "the run found by twelve digits")
      }
      let digit = String(runs[0].identity.short.prefix(1))
      let matches = runs.map(\.identity.hash.hexadecimal).filter { $0.hasPrefix(digit) }.sorted()
      try requireEqual(
        try subject.store.runs(identityPrefix: digit).map(\.identity.hash.hexadecimal), matches,
        "the runs found by one digit")
      try requireEqual(try subject.store.runs(identityPrefix: ""), [], "the runs found by nothing")
      try requireEqual(try subject.store.runs(identityPrefix: "xyz"), [], "the runs found by no digits")
      try requireError(.unknownRun("%"), "a search for %") { _ = try subject.store.run(identityPrefix: "%") }
      let names = matches.map { String($0.prefix(12)) }
      try requireError(.ambiguousRun(digit, matches: names), "a search for one digit") {
        _ = try subject.store.run(identityPrefix: digit)
      }
    },
  ]
}
