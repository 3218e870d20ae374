import Foundation
import LabCore
import LabRecords
import Synchronization

/// A run store in memory, for tests of schedulers and executors; it passes the same conformance suite as the real one.
public final class InMemoryRunStore: RunStore {
  struct Entry {
    /// The run without what follows from the rest.
    var recorded: Run
    var epochs: [Int: EpochRecord] = [:]
    var final: FinalRecord?
    var attempts: [RunAttempt] = []
    var events: [RunEvent] = []
    var lease: RunLease?
    var heartbeatAt = Date.distantPast
    /// How far the process of the lease said that it is.
    var progress: RunProgress?
    var progressAt: Date?
    var endedAt: Date?
    var files = InMemoryRunFiles.Content()
    /// The last event of each attempt's capsule.
    var capsules: [Int: Int] = [:]

    /// The run as it stands.
    var run: Run {
      var run = recorded
      run.attempts = attempts.count
      run.completedEpochs = epochs.count
      if !epochs.isEmpty {
        let seconds = epochs.values.reduce(0) { $0 + $1.timing.trainSeconds }
        let images = epochs.values.reduce(0) { $0 + $1.timing.trainSeconds * $1.timing.imagesPerSecond }
        run.trainSeconds = seconds
        run.imagesPerSecond = images > 0 ? images / seconds : nil
      }
      if run.state == .running, let progress, progress.epoch >= epochs.count {
        (run.progress, run.progressAt) = (progress, progressAt)
      }
      guard let final else { return run }
      for (name, value) in final.metrics where !value.isNaN { run.metrics[name] = value }
      run.testImageCount = final.confusion?.total
      run.health = final.health
      return run
    }
  }

  private struct Registration {
    var sweep: Sweep
    var createdAt: Date
    var registeredAt: Date
    var order: Int
    var analyses: [AnalysisRegistration] = []
  }

  private struct State {
    var sweeps: [Int64: Registration] = [:]
    var runs: [RunIdentity: Entry] = [:]
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
  public func register(_ sweep: Sweep) throws -> StoredSweep {
    try sweep.validate()
    let now = now()
    return state.withLock { state in
      state.registrations += 1
      let known = state.sweeps.first { $0.value.sweep.planHash == sweep.planHash }
      let id = known?.key ?? Int64(state.sweeps.count + 1)
      var entry = known?.value ?? Registration(sweep: sweep, createdAt: now, registeredAt: now, order: 0)
      for index in sweep.variants.indices {
        let learned = sweep.variants[index]
        if let count = learned.parameterCount { entry.sweep.variants[index].parameterCount = count }
        if let count = learned.multiplyAdds { entry.sweep.variants[index].multiplyAdds = count }
      }
      entry.registeredAt = now
      entry.order = state.registrations
      entry.sweep.analysis = sweep.analysis
      if sweep.analysis != entry.analyses.last?.plan {
        let runs = Set(sweep.runs.map(\.identity))
        entry.analyses.append(
          AnalysisRegistration(
            plan: sweep.analysis, registeredAt: now,
            completedRuns: runs.count { state.runs[$0]?.recorded.state == .completed }))
      }
      state.sweeps[id] = entry
      for run in sweep.variants.flatMap(\.runs) where state.runs[run.identity] == nil {
        state.runs[run.identity] = Entry(recorded: run)
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

  /// A sweep as it was last registered, with how its runs stand.
  ///
  /// - Throws: ``LabRecords/RunStoreError/unknownSweep(_:)``; an error of the store where it cannot be read.
  public func sweep(_ id: Int64) throws -> Sweep {
    try state.withLock { state in
      let registration = try InMemoryRunStore.registration(id, state)
      var sweep = registration.sweep
      (sweep.id, sweep.createdAt, sweep.analyses) = (id, registration.createdAt, registration.analyses)
      for variant in sweep.variants.indices {
        sweep.variants[variant].runs = try sweep.variants[variant].runs.map {
          try InMemoryRunStore.entry($0.identity, state).run
        }
      }
      return sweep
    }
  }

  // MARK: Runs

  /// The run of an identity, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func run(_ identity: RunIdentity) throws -> Run? {
    state.withLock { $0.runs[identity]?.run }
  }

  /// The runs whose identity starts with hexadecimal digits, in the order of their identities.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func runs(identityPrefix prefix: String) throws -> [Run] {
    guard !prefix.isEmpty else { return [] }
    return state.withLock { state in
      state.runs.values.map(\.run)
        .filter { $0.identity.hash.hexadecimal.hasPrefix(prefix.lowercased()) }
        .sorted { $0.identity.hash.hexadecimal < $1.identity.hash.hexadecimal }
    }
  }

  /// The recorded epochs of a run in ascending order.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func epochs(of run: RunIdentity) throws -> [EpochRecord] {
    try state.withLock { try InMemoryRunStore.entry(run, $0).epochs.values.sorted { $0.epoch < $1.epoch } }
  }

  /// The final record of a completed run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func finalRecord(of run: RunIdentity) throws -> FinalRecord? {
    try state.withLock { try InMemoryRunStore.entry(run, $0).final }
  }

  /// The attempts at a run, the first one first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func attempts(at run: RunIdentity) throws -> [RunAttempt] {
    try state.withLock { try InMemoryRunStore.entry(run, $0).attempts }
  }

  /// What happened to a run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func events(of run: RunIdentity) throws -> [RunEvent] {
    try state.withLock { try InMemoryRunStore.entry(run, $0).events }
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
      var entry = try InMemoryRunStore.entry(identity, state)
      _ = try InMemoryRunStore.registration(sweep, state)
      if entry.lease != nil, let last = entry.attempts.last {
        let isSilent = now.timeIntervalSince(entry.heartbeatAt) >= patienceSeconds
        guard last.owner.liveness == .dead || (last.owner.liveness == .unknown && isSilent) else {
          return .busy(owner: last.owner, lastHeartbeat: entry.heartbeatAt)
        }
      }
      let decision = policy.decision(
        state: entry.recorded.state, isRetriable: entry.recorded.isRetriable,
        lastAttemptAt: entry.endedAt ?? entry.attempts.last?.startedAt)
      if decision == .leave { return .finished(entry.recorded.state) }
      (entry.progress, entry.progressAt) = (nil, nil)
      let before = entry.run
      let attempt = entry.attempts.count + 1
      if entry.lease != nil {
        entry.attempts[attempt - 2].endedAt = entry.heartbeatAt
        entry.attempts[attempt - 2].exitState = .interrupted
        entry.attempts[attempt - 2].exitReason = "its process ended without a word"
      }
      entry.events.append(
        RunEvent(
          date: now, attempt: attempt, kind: entry.lease == nil ? .claimed : .takenOver, message: "claimed by \(owner)")
      )
      if decision == .discard {
        entry.epochs = [:]
        entry.final = nil
        entry.files = InMemoryRunFiles.Content()
      }
      let lease = RunLease(run: identity, token: UUID(), attempt: attempt)
      entry.attempts.append(RunAttempt(run: identity, number: attempt, sweep: sweep, owner: owner, startedAt: now))
      entry.lease = lease
      entry.heartbeatAt = now
      entry.recorded.state = .running
      entry.recorded.reason = nil
      entry.recorded.isRetriable = false
      entry.endedAt = nil
      state.runs[identity] = entry
      return .claimed(ClaimedRun(lease: lease, run: before, sweep: sweep, recordedEpochs: entry.epochs.count))
    }
  }

  /// Gives a sign of life for a lease, and says how far the run is.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func heartbeat(_ lease: RunLease, progress: RunProgress?) throws {
    let now = now()
    try change(lease) { entry in
      entry.heartbeatAt = now
      if let progress { (entry.progress, entry.progressAt) = (progress, now) }
    }
  }

  /// Records from where an attempt trains, and with what, and removes the epochs on record from there on.
  ///
  /// Its step is not kept, which only files on a disk need to be compared with.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws {
    try change(lease) { $0.apply(.start(provenance, epoch: epoch, step: step), attempt: lease.attempt) }
  }

  /// Records an epoch, in place of an earlier record of it.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func record(_ epoch: EpochRecord, lease: RunLease) throws {
    try change(lease) { $0.apply(.epoch(epoch), attempt: lease.attempt) }
  }

  /// How far the events of an attempt's capsule are in the store.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one.
  public func capsulePosition(ofAttempt attempt: Int, lease: RunLease) throws -> CapsulePosition {
    var sequence = 0
    try change(lease) { sequence = $0.capsules[attempt] ?? 0 }
    return CapsulePosition(attempt: attempt, sequence: sequence)
  }

  /// Takes events of a capsule over.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one.
  public func ingest(_ entries: [CapsuleEntry], upTo position: CapsulePosition, lease: RunLease) throws {
    try change(lease) { entry in
      for event in entries { entry.apply(event, attempt: position.attempt) }
      entry.capsules[position.attempt] = position.sequence
    }
  }

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
    try change(lease) { $0.apply(.log(kind, message, at: now), attempt: lease.attempt) }
  }

  /// Ends the attempt.
  ///
  /// - Throws: ``LabRecords/RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the
  ///   store where it cannot be written.
  public func finish(_ lease: RunLease, _ outcome: RunOutcome) throws {
    let now = now()
    try change(lease) { entry in
      if case .completed(let record) = outcome { entry.final = record }
      if case .failed(_, true) = outcome { entry.recorded.isRetriable = true }
      entry.recorded.state = outcome.state
      entry.recorded.reason = outcome.reason
      entry.endedAt = now
      entry.lease = nil
      entry.attempts[lease.attempt - 1].endedAt = now
      entry.attempts[lease.attempt - 1].exitState = outcome.state
      entry.attempts[lease.attempt - 1].exitReason = outcome.reason
      let message = outcome.reason ?? outcome.state.rawValue
      entry.events.append(RunEvent(date: now, attempt: lease.attempt, kind: .finished, message: message))
    }
  }

  // MARK: Helpers

  /// Changes the run of a lease that still holds.
  func change(_ lease: RunLease, _ body: (inout sending Entry) -> Void) throws {
    try state.withLock { state in
      guard var entry = state.runs[lease.run], entry.lease == lease else { throw RunStoreError.leaseLost(lease) }
      body(&entry)
      state.runs[lease.run] = entry
    }
  }

  private static func registration(_ id: Int64, _ state: State) throws -> Registration {
    guard let registration = state.sweeps[id] else { throw RunStoreError.unknownSweep(String(id)) }
    return registration
  }

  private static func entry(_ identity: RunIdentity, _ state: State) throws -> Entry {
    guard let entry = state.runs[identity] else { throw RunStoreError.unknownRun(identity.short) }
    return entry
  }

  private static func stored(_ id: Int64, _ registration: Registration, _ state: State) -> StoredSweep {
    let sweep = registration.sweep
    var counts: [RunState: Int] = [:]
    for identity in Set(sweep.runs.map(\.identity)) {
      if let entry = state.runs[identity] { counts[entry.recorded.state, default: 0] += 1 }
    }
    return StoredSweep(
      id: id, name: sweep.name, specText: sweep.specText, specHash: sweep.specHash, planHash: sweep.planHash,
      createdAt: registration.createdAt, lastRegisteredAt: registration.registeredAt, runCounts: counts)
  }
}

extension InMemoryRunStore.Entry {
  /// Keeps what happened in an attempt.
  fileprivate mutating func apply(_ event: CapsuleEntry, attempt: Int) {
    switch event {
    case .start(let provenance, let epoch, _):
      attempts[attempt - 1].provenance = provenance
      epochs = epochs.filter { $0.key < epoch }
    case .epoch(let record): epochs[record.epoch] = record
    case .log(let kind, let message, let date):
      events.append(RunEvent(date: date, attempt: attempt, kind: kind, message: message))
    }
  }
}
