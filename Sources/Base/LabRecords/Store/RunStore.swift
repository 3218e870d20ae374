import LabCore

/// Keeps sweeps and runs, and gives each run to one process at a time.
///
/// Every method may be called from any thread. A method that takes a ``RunLease`` changes nothing and throws
/// ``RunStoreError/leaseLost(_:)`` where that lease is no longer the current one. When a method that writes returns,
/// what it wrote survives the end of the process and of the machine's power.
public protocol RunStore: AttemptStore {
  // MARK: Sweeps

  /// Makes the sweep and its runs known.
  ///
  /// Registering an equal sweep again returns the first one; a changed one of the same name is another sweep, which
  /// shares runs of the same identity, whatever their state.
  ///
  /// - Throws: an error of the store where it cannot be written.
  func register(_ sweep: Sweep) throws -> StoredSweep

  /// All sweeps, the one registered last first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func sweeps() throws -> [StoredSweep]

  /// A sweep as it was last registered, with how its runs stand at one instant.
  ///
  /// - Throws: ``RunStoreError/unknownSweep(_:)``.
  func sweep(_ id: Int64) throws -> Sweep

  // MARK: Runs

  /// The run of an identity, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func run(_ identity: RunIdentity) throws -> Run?

  /// The runs whose identity starts with hexadecimal digits, in the order of their identities.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func runs(identityPrefix prefix: String) throws -> [Run]

  /// The final record of a completed run.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func finalRecord(of run: RunIdentity) throws -> FinalRecord?

  /// The attempts at a run, the first one first.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func attempts(at run: RunIdentity) throws -> [RunAttempt]

  /// What happened to a run, in the order in which it happened.
  ///
  /// - Throws: an error of the store where it cannot be read.
  func events(of run: RunIdentity) throws -> [RunEvent]

  // MARK: Writing

  /// Takes a run for a process, atomically across threads and processes.
  ///
  /// A run in state `running` is taken over where its owner is known to be dead: its process is gone or another one
  /// has its number, or it cannot be asked and has given no sign of life for the store's patience.
  ///
  /// - Parameters:
  ///   - identity: the run.
  ///   - sweep: the sweep that it is trained for.
  ///   - owner: the claiming process.
  ///   - policy: which ended runs are taken too.
  /// - Throws: ``RunStoreError/unknownRun(_:)``, ``RunStoreError/unknownSweep(_:)``.
  func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult

  /// Gives a sign of life for a lease, and says how far the run is, for who looks on; it belongs to no result.
  ///
  /// - Parameters:
  ///   - lease: the lease on the run.
  ///   - progress: how far the run is; nil leaves what was said before.
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be written.
  func heartbeat(_ lease: RunLease, progress: RunProgress?) throws

  /// How far the events of an attempt's capsule are in the store.
  ///
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be read.
  func capsulePosition(ofAttempt attempt: Int, lease: RunLease) throws -> CapsulePosition

  /// Takes events of a capsule over, all or nothing, and notes the position: whoever takes them over again, in whatever
  /// process, asks for it first.
  ///
  /// - Parameters:
  ///   - entries: what the events come to, in their order.
  ///   - position: the last event, and the attempt that the capsule was made for: the lease's, or an earlier one of the same
  ///     run.
  ///   - lease: the lease on the run.
  /// - Throws: ``RunStoreError/leaseLost(_:)`` where the lease is no longer the current one; an error of the store
  ///   where it cannot be written.
  func ingest(_ entries: [CapsuleEntry], upTo position: CapsulePosition, lease: RunLease) throws

  /// Ends the attempt, records its outcome and gives the lease back, all or nothing.
  ///
  /// - Throws: a ``RunFailure`` that ends no sweep where what the run left does not fit together; the lease is
  ///   then still held.
  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws
}

extension RunStore {
  /// Gives a sign of life for a lease.
  ///
  /// - Throws: what ``heartbeat(_:progress:)`` throws.
  public func heartbeat(_ lease: RunLease) throws { try heartbeat(lease, progress: nil) }

  /// The choices that the newest attempt at a run recorded that had begun to train; empty before the first one did.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func choices(of run: RunIdentity) throws -> [String: JSONValue] {
    try attempts(at: run).last { $0.provenance != nil }?.provenance?.choices ?? [:]
  }

  /// The newest sweep of a name, if there is one.
  ///
  /// - Throws: an error of the store where it cannot be read.
  public func newestSweep(named name: String) throws -> StoredSweep? {
    try sweeps().first { $0.name == name }
  }

  /// The one run whose identity starts with hexadecimal digits.
  ///
  /// - Throws: ``RunStoreError/unknownRun(_:)``, ``RunStoreError/ambiguousRun(_:matches:)``.
  public func run(identityPrefix prefix: String) throws -> Run {
    let matches = try runs(identityPrefix: prefix)
    guard let first = matches.first else { throw RunStoreError.unknownRun(prefix) }
    guard matches.count == 1 else {
      throw RunStoreError.ambiguousRun(prefix, matches: matches.map(\.identity.short))
    }
    return first
  }
}
