import Foundation
import LabCore
import LabRecords
import Synchronization

/// A store that passes everything on; its kinds change one method each.
protocol StoreWrapper: RunStore {
  var base: any RunStore { get }
}

extension StoreWrapper {
  func register(_ sweep: SweepRegistration) throws -> StoredSweep { try base.register(sweep) }
  func sweeps() throws -> [StoredSweep] { try base.sweeps() }
  func registration(sweep id: Int64) throws -> SweepRegistration { try base.registration(sweep: id) }
  func snapshot(sweep id: Int64) throws -> SweepSnapshot { try base.snapshot(sweep: id) }
  func runs(sweep id: Int64) throws -> [StoredRun] { try base.runs(sweep: id) }
  func run(_ identity: RunIdentity) throws -> StoredRun? { try base.run(identity) }
  func runs(identityPrefix prefix: String) throws -> [StoredRun] { try base.runs(identityPrefix: prefix) }
  func epochs(of run: RunIdentity) throws -> [EpochRecord] { try base.epochs(of: run) }
  func finalRecord(of run: RunIdentity) throws -> FinalRecord? { try base.finalRecord(of: run) }
  func attempts(at run: RunIdentity) throws -> [RunAttempt] { try base.attempts(at: run) }
  func events(of run: RunIdentity) throws -> [RunEvent] { try base.events(of: run) }
  func claim(
    _ identity: RunIdentity, sweep: Int64, owner: ProcessIdentity, policy: ClaimPolicy
  ) throws -> ClaimResult { try base.claim(identity, sweep: sweep, owner: owner, policy: policy) }
  func heartbeat(_ lease: RunLease) throws { try base.heartbeat(lease) }
  func record(_ provenance: RunProvenance, lease: RunLease) throws { try base.record(provenance, lease: lease) }
  func record(_ epoch: EpochRecord, lease: RunLease) throws { try base.record(epoch, lease: lease) }
  func truncateEpochs(from epoch: Int, lease: RunLease) throws { try base.truncateEpochs(from: epoch, lease: lease) }
  func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    try base.log(kind, message, lease: lease)
  }
  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { try base.finish(lease, outcome) }
}

/// A store in which another process takes a lease over when a test says so.
final class StolenLeaseStore: StoreWrapper {
  let base: any RunStore
  private let stolen = Mutex<Set<UUID>>([])

  init(base: any RunStore) { self.base = base }

  func steal(_ lease: RunLease) { _ = stolen.withLock { $0.insert(lease.token) } }

  func heartbeat(_ lease: RunLease) throws {
    if stolen.withLock({ $0.contains(lease.token) }) { throw RunStoreError.leaseLost(lease) }
    try base.heartbeat(lease)
  }
}

/// A store that opens a gate at every heartbeat.
final class CountingStore: StoreWrapper {
  let base: any RunStore
  let beats = Gate()

  init(base: any RunStore) { self.base = base }

  func heartbeat(_ lease: RunLease) throws {
    try base.heartbeat(lease)
    beats.open()
  }
}

/// A store whose disk is full whenever a run ends.
struct UnfinishableStore: StoreWrapper {
  let base: any RunStore

  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { throw FullDisk() }
}
