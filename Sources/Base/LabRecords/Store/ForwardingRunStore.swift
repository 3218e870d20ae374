import LabCore

/// A store that passes everything on to another one; its kinds change what they are for.
public protocol ForwardingRunStore: RunStore {
  /// The store that does the work.
  var base: any RunStore { get }
}

extension ForwardingRunStore {
  public func register(_ sweep: Sweep) throws -> StoredSweep { try base.register(sweep) }
  public func sweeps() throws -> [StoredSweep] { try base.sweeps() }
  public func sweep(_ id: Int64) throws -> Sweep { try base.sweep(id) }
  public func run(_ identity: RunIdentity) throws -> Run? { try base.run(identity) }
  public func runs(identityPrefix prefix: String) throws -> [Run] { try base.runs(identityPrefix: prefix) }
  public func epochs(of run: RunIdentity) throws -> [EpochRecord] { try base.epochs(of: run) }
  public func finalRecord(of run: RunIdentity) throws -> FinalRecord? { try base.finalRecord(of: run) }
  public func attempts(at run: RunIdentity) throws -> [RunAttempt] { try base.attempts(at: run) }
  public func events(of run: RunIdentity) throws -> [RunEvent] { try base.events(of: run) }
  public func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult { try base.claim(identity, sweep: sweep, owner: owner, policy: policy) }
  public func heartbeat(_ lease: RunLease, progress: RunProgress?) throws {
    try base.heartbeat(lease, progress: progress)
  }
  public func record(_ epoch: EpochRecord, lease: RunLease) throws { try base.record(epoch, lease: lease) }
  public func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws {
    try base.recordStart(provenance, epoch: epoch, step: step, lease: lease)
  }
  public func files(of lease: RunLease) throws -> any RunFiles { try base.files(of: lease) }
  public func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    try base.log(kind, message, lease: lease)
  }
  public func choices(of run: RunIdentity) throws -> [String: JSONValue] { try base.choices(of: run) }
  public func capsulePosition(ofAttempt attempt: Int, lease: RunLease) throws -> CapsulePosition {
    try base.capsulePosition(ofAttempt: attempt, lease: lease)
  }
  public func ingest(_ entries: [CapsuleEntry], upTo position: CapsulePosition, lease: RunLease) throws {
    try base.ingest(entries, upTo: position, lease: lease)
  }
  public func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { try base.finish(lease, outcome) }
}
