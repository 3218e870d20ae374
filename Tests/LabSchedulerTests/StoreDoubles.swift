import Foundation
import LabCore
import LabRecords
import LabTesting
import Synchronization

/// A store in which another process takes a lease over when a test says so.
final class StolenLeaseStore: ForwardingRunStore {
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
final class CountingStore: ForwardingRunStore {
  let base: any RunStore
  let beats = Gate()

  init(base: any RunStore) { self.base = base }

  func heartbeat(_ lease: RunLease) throws {
    try base.heartbeat(lease)
    beats.open()
  }
}

/// A store whose disk is full whenever a run ends.
struct UnfinishableStore: ForwardingRunStore {
  let base: any RunStore

  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { throw FullDisk() }
}
