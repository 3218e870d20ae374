import LabCore
import LabRecords
import Synchronization

/// Two stores on one database that take turns, call by call.
final class AlternatingStore: RunStore {
  private let stores: [any RunStore]
  private let calls = Atomic<Int>(0)

  init(_ makeStore: () throws -> any RunStore) throws { stores = [try makeStore(), try makeStore()] }

  private var next: any RunStore { stores[calls.wrappingAdd(1, ordering: .relaxed).newValue % 2] }

  func register(_ sweep: SweepRegistration) throws -> StoredSweep { try next.register(sweep) }
  func sweeps() throws -> [StoredSweep] { try next.sweeps() }
  func registration(sweep id: Int64) throws -> SweepRegistration { try next.registration(sweep: id) }
  func snapshot(sweep id: Int64) throws -> SweepSnapshot { try next.snapshot(sweep: id) }
  func runs(sweep id: Int64) throws -> [StoredRun] { try next.runs(sweep: id) }
  func run(_ identity: RunIdentity) throws -> StoredRun? { try next.run(identity) }
  func runs(identityPrefix prefix: String) throws -> [StoredRun] { try next.runs(identityPrefix: prefix) }
  func epochs(of run: RunIdentity) throws -> [EpochRecord] { try next.epochs(of: run) }
  func finalRecord(of run: RunIdentity) throws -> FinalRecord? { try next.finalRecord(of: run) }
  func attempts(at run: RunIdentity) throws -> [RunAttempt] { try next.attempts(at: run) }
  func events(of run: RunIdentity) throws -> [RunEvent] { try next.events(of: run) }
  func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult { try next.claim(identity, sweep: sweep, owner: owner, policy: policy) }
  func heartbeat(_ lease: RunLease) throws { try next.heartbeat(lease) }
  func record(_ provenance: RunProvenance, lease: RunLease) throws { try next.record(provenance, lease: lease) }
  func record(_ epoch: EpochRecord, lease: RunLease) throws { try next.record(epoch, lease: lease) }
  func truncateEpochs(from epoch: Int, lease: RunLease) throws { try next.truncateEpochs(from: epoch, lease: lease) }
  func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    try next.log(kind, message, lease: lease)
  }
  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { try next.finish(lease, outcome) }
}
