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

  func heartbeat(_ lease: RunLease, progress: RunProgress?) throws {
    if stolen.withLock({ $0.contains(lease.token) }) { throw RunStoreError.leaseLost(lease) }
    try base.heartbeat(lease, progress: progress)
  }
}

/// A store that opens a gate at every heartbeat, and keeps the progress that came with it.
final class CountingStore: ForwardingRunStore {
  let base: any RunStore
  let beats = Gate()
  private let told = Mutex<[RunProgress]>([])
  /// The progress that came with heartbeats.
  var progress: [RunProgress] { told.withLock { $0 } }

  init(base: any RunStore) { self.base = base }

  func heartbeat(_ lease: RunLease, progress: RunProgress?) throws {
    try base.heartbeat(lease, progress: progress)
    if let progress { told.withLock { $0.append(progress) } }
    beats.open()
  }
}

/// A store whose disk is full whenever a run ends.
struct UnfinishableStore: ForwardingRunStore {
  let base: any RunStore

  func finish(_ lease: RunLease, _ outcome: RunOutcome) throws { throw FullDisk() }
}
