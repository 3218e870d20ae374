import Foundation
import LabCore
import LabRecords
import Synchronization

/// A run store in memory, for tests of schedulers and executors; it passes the same conformance suite as the real one.
public final class InMemoryRunStore: RunStore {
  struct Run {
    var planned: SweepRegistration.Run
    var state = RunState.pending
    var reason: String?
    var isRetriable = false
    var epochs: [Int: EpochRecord] = [:]
    var final: FinalRecord?
    var attempts: [RunAttempt] = []
    var events: [RunEvent] = []
    var lease: RunLease?
    var heartbeatAt = Date.distantPast
    var createdAt: Date
    var endedAt: Date?
    var files = InMemoryRunFiles.Content()
  }

  private struct Sweep {
    var registration: SweepRegistration
    var createdAt: Date
    var registeredAt: Date
    var order: Int
    var analyses: [AnalysisRegistration] = []
  }

  private struct State {
    var sweeps: [Int64: Sweep] = [:]
    var runs: [RunIdentity: Run] = [:]
    var registrations = 0
  }

  private let state = Mutex(State())
  private let patienceSeconds: Double
  private let now: @Sendable () -> Date

  /// Creates an empty store.
  ///
  /// - Parameters:
  ///   - patienceSeconds: how long a process that cannot be asked may be silent, in seconds.
  ///   - now: the current time.
  public init(patienceSeconds: Double = 120, now: @escaping @Sendable () -> Date = { Date() }) {
    self.patienceSeconds = patienceSeconds
    self.now = now
  }

  // MARK: Sweeps

  /// Makes the sweep and its runs known.
  ///
  /// - Throws: an error of the store where it cannot be written.
  public func register(_ sweep: SweepRegistration) throws -> StoredSweep {
    try sweep.validate()
    let now = now()
    return state.withLock { state in
      state.registrations += 1
      let known = state.sweeps.first { $0.value.registration.planHash == sweep.planHash }
      let id = known?.key ?? Int64(state.sweeps.count + 1)
      var entry = known?.value ?? Sweep(registration: sweep, createdAt: now, registeredAt: now, order: 0)
      for index in sweep.variants.indices {
        let learned = sweep.variants[index]
        if let count = learned.parameterCount { entry.registration.variants[index].parameterCount = count }
        if let count = learned.multiplyAdds { entry.registration.variants[index].multiplyAdds = count }
      }
      entry.registeredAt = now
      entry.order = state.registrations
      entry.registration.analysis = sweep.analysis
      if sweep.analysis != entry.analyses.last?.plan {
        let runs = Set(sweep.variants.flatMap(\.runs).map(\.identity))
        entry.analyses.append(
          AnalysisRegistration(
            plan: sweep.analysis, registeredAt: now,
            completedRuns: runs.count { state.runs[$0]?.state == .completed }))
      }
      state.sweeps[id] = entry
      for run in sweep.variants.flatMap(\.runs) where state.runs[run.identity] == nil {
        state.runs[run.identity] = Run(planned: run, createdAt: now)
      }
      return InMemoryRunStore.stored(id, entry, state)
    }
  }

  /// All sweeps, the one registered last first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func sweeps() throws -> [StoredSweep] {
    state.withLock { state in
      state.sweeps.sorted { $0.value.order > $1.value.order }
        .map { InMemoryRunStore.stored($0.key, $0.value, state) }
    }
  }

  /// The registration of a sweep as it was last made.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func registration(sweep id: Int64) throws -> SweepRegistration {
    try state.withLock { try InMemoryRunStore.sweep(id, $0).registration }
  }

  /// Everything that a table needs of a sweep.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func snapshot(sweep id: Int64) throws -> SweepSnapshot {
    try state.withLock { state in
      let sweep = try InMemoryRunStore.sweep(id, state)
      return SweepSnapshot(
        id: id, name: sweep.registration.name, createdAt: sweep.createdAt, factors: sweep.registration.factors,
        seeds: sweep.registration.seeds,
        variants: try sweep.registration.variants.map { variant in
          SweepSnapshot.Variant(
            label: variant.label, levels: variant.levels, isBaseline: variant.isBaseline,
            parameterCount: variant.parameterCount, multiplyAdds: variant.multiplyAdds,
            configuration: variant.runs.first?.configuration,
            testImageCount: variant.runs.compactMap { state.runs[$0.identity]?.final }.filter { !$0.classes.isEmpty }
              .map { $0.classes.reduce(0) { $0 + $1.support } }.max(),
            runs: try variant.runs.map { planned in
              let run = try InMemoryRunStore.run(planned.identity, state)
              let stored = InMemoryRunStore.stored(run)
              return SweepSnapshot.Run(
                identity: stored.identity, seed: stored.seed, state: stored.state, reason: stored.reason,
                metrics: run.final?.metrics ?? [:], completedEpochs: stored.completedEpochs,
                plannedEpochs: stored.plannedEpochs, trainSeconds: stored.trainSeconds,
                imagesPerSecond: stored.imagesPerSecond, health: run.final?.health ?? [])
            })
        }, analyses: sweep.analyses)
    }
  }

  // MARK: Runs

  /// The runs of a sweep: variants in the order of the plan, then seeds.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func runs(sweep id: Int64) throws -> [StoredRun] {
    try state.withLock { state in
      try InMemoryRunStore.sweep(id, state).registration.variants.flatMap(\.runs).map {
        InMemoryRunStore.stored(try InMemoryRunStore.run($0.identity, state))
      }
    }
  }

  /// The run of an identity, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func run(_ identity: RunIdentity) throws -> StoredRun? {
    state.withLock { $0.runs[identity].map(InMemoryRunStore.stored) }
  }

  /// The runs whose identity starts with hexadecimal digits, in the order of their identities.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func runs(identityPrefix prefix: String) throws -> [StoredRun] {
    guard !prefix.isEmpty else { return [] }
    return state.withLock { state in
      state.runs.values.map(InMemoryRunStore.stored)
        .filter { $0.identity.hash.hexadecimal.hasPrefix(prefix.lowercased()) }
        .sorted { $0.identity.hash.hexadecimal < $1.identity.hash.hexadecimal }
    }
  }

  /// The recorded epochs of a run in ascending order.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func epochs(of run: RunIdentity) throws -> [EpochRecord] {
    try state.withLock { try InMemoryRunStore.run(run, $0).epochs.values.sorted { $0.epoch < $1.epoch } }
  }

  /// The final record of a completed run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func finalRecord(of run: RunIdentity) throws -> FinalRecord? {
    try state.withLock { try InMemoryRunStore.run(run, $0).final }
  }

  /// The attempts at a run, the first one first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func attempts(at run: RunIdentity) throws -> [RunAttempt] {
    try state.withLock { try InMemoryRunStore.run(run, $0).attempts }
  }

  /// What happened to a run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func events(of run: RunIdentity) throws -> [RunEvent] {
    try state.withLock { try InMemoryRunStore.run(run, $0).events }
  }

  // MARK: Writing

  /// Takes a run for a process.
  ///
  /// - Throws: an error of the store where it cannot be written.
  public func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult {
    let now = now()
    return try state.withLock { state in
      var run = try InMemoryRunStore.run(identity, state)
      _ = try InMemoryRunStore.sweep(sweep, state)
      if run.lease != nil, let last = run.attempts.last {
        let isSilent = now.timeIntervalSince(run.heartbeatAt) >= patienceSeconds
        guard last.owner.liveness == .dead || (last.owner.liveness == .unknown && isSilent) else {
          return .busy(owner: last.owner, lastHeartbeat: run.heartbeatAt)
        }
      }
      let decision = policy.decision(
        state: run.state, isRetriable: run.isRetriable, lastAttemptAt: run.endedAt ?? run.attempts.last?.startedAt)
      if decision == .leave { return .finished(InMemoryRunStore.stored(run)) }
      let before = InMemoryRunStore.stored(run)
      let attempt = run.attempts.count + 1
      if run.lease != nil {
        run.attempts[attempt - 2].endedAt = run.heartbeatAt
        run.attempts[attempt - 2].exitState = .interrupted
        run.attempts[attempt - 2].exitReason = "its process ended without a word"
      }
      run.events.append(
        RunEvent(
          date: now, attempt: attempt, kind: run.lease == nil ? .claimed : .takenOver, message: "claimed by \(owner)"))
      if decision == .discard {
        run.epochs = [:]
        run.final = nil
        run.files = InMemoryRunFiles.Content()
      }
      let lease = RunLease(run: identity, token: UUID(), attempt: attempt)
      run.attempts.append(RunAttempt(run: identity, number: attempt, sweep: sweep, owner: owner, startedAt: now))
      run.lease = lease
      run.heartbeatAt = now
      run.state = .running
      run.reason = nil
      run.isRetriable = false
      run.endedAt = nil
      state.runs[identity] = run
      return .claimed(ClaimedRun(lease: lease, run: before, sweep: sweep, recordedEpochs: run.epochs.count))
    }
  }

  /// Gives a sign of life for a lease.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func heartbeat(_ lease: RunLease) throws {
    let now = now()
    try change(lease) { $0.heartbeatAt = now }
  }

  /// Records where and with what the attempt runs.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func record(_ provenance: RunProvenance, lease: RunLease) throws {
    try change(lease) { $0.attempts[lease.attempt - 1].provenance = provenance }
  }

  /// Records an epoch, in place of an earlier record of it.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func record(_ epoch: EpochRecord, lease: RunLease) throws {
    try change(lease) { $0.epochs[epoch.epoch] = epoch }
  }

  /// Removes the records of an epoch and all later ones.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func truncateEpochs(from epoch: Int, lease: RunLease) throws {
    try change(lease) { $0.epochs = $0.epochs.filter { $0.key < epoch } }
  }

  /// Accepts the step from which the attempt trains, which only files on a disk need to be compared with.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func recordStart(step: Int, lease: RunLease) throws { try change(lease) { _ in } }

  /// What takes the place of the run's files.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func files(of lease: RunLease) throws -> any RunFiles {
    try change(lease) { _ in }
    return InMemoryRunFiles(store: self, lease: lease)
  }

  /// Adds to the run's log.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    let now = now()
    try change(lease) {
      $0.events.append(RunEvent(date: now, attempt: lease.attempt, kind: kind, message: message))
    }
  }

  /// Ends the attempt.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func finish(_ lease: RunLease, _ outcome: RunOutcome) throws {
    let now = now()
    try change(lease) { run in
      if case .completed(let record) = outcome { run.final = record }
      if case .failed(_, true) = outcome { run.isRetriable = true }
      run.state = outcome.state
      run.reason = outcome.reason
      run.endedAt = now
      run.lease = nil
      run.attempts[lease.attempt - 1].endedAt = now
      run.attempts[lease.attempt - 1].exitState = outcome.state
      run.attempts[lease.attempt - 1].exitReason = outcome.reason
      let message = outcome.reason ?? outcome.state.rawValue
      run.events.append(RunEvent(date: now, attempt: lease.attempt, kind: .finished, message: message))
    }
  }

  // MARK: Helpers

  /// Changes the run of a lease that still holds.
  func change(_ lease: RunLease, _ body: (inout sending Run) -> Void) throws {
    try state.withLock { state in
      guard var run = state.runs[lease.run], run.lease == lease else { throw RunStoreError.leaseLost(lease) }
      body(&run)
      state.runs[lease.run] = run
    }
  }

  private static func sweep(_ id: Int64, _ state: State) throws -> Sweep {
    guard let sweep = state.sweeps[id] else { throw RunStoreError.unknownSweep(String(id)) }
    return sweep
  }

  private static func run(_ identity: RunIdentity, _ state: State) throws -> Run {
    guard let run = state.runs[identity] else { throw RunStoreError.unknownRun(identity.short) }
    return run
  }

  private static func stored(_ id: Int64, _ sweep: Sweep, _ state: State) -> StoredSweep {
    let identities = Set(sweep.registration.variants.flatMap(\.runs).map(\.identity))
    var counts: [RunState: Int] = [:]
    for identity in identities { if let run = state.runs[identity] { counts[run.state, default: 0] += 1 } }
    return StoredSweep(
      id: id, name: sweep.registration.name, specText: sweep.registration.specText,
      specHash: sweep.registration.specHash, planHash: sweep.registration.planHash, createdAt: sweep.createdAt,
      lastRegisteredAt: sweep.registeredAt, runCounts: counts)
  }

  private static func stored(_ run: Run) -> StoredRun {
    let seconds = run.epochs.values.reduce(0) { $0 + $1.timing.trainSeconds }
    let images = run.epochs.values.reduce(0) { $0 + $1.timing.trainSeconds * $1.timing.imagesPerSecond }
    return StoredRun(
      identity: run.planned.identity, configuration: run.planned.configuration, dataHash: run.planned.dataHash,
      seed: run.planned.seed, state: run.state, reason: run.reason, isRetriable: run.isRetriable,
      completedEpochs: run.epochs.count, plannedEpochs: run.planned.plannedEpochs,
      trainSeconds: run.epochs.isEmpty ? nil : seconds,
      imagesPerSecond: seconds > 0 ? images / seconds : nil, attempts: run.attempts.count, createdAt: run.createdAt,
      endedAt: run.endedAt)
  }
}
