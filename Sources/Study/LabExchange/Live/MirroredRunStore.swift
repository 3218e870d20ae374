import LabCore
import LabRecords
import Synchronization

/// Follows runs while they are trained, for programs that show them meanwhile.
public protocol RunMirror: Sendable {
  /// What it writes to, for messages.
  var title: String { get }

  /// A run is trained from an epoch on, counted from 0.
  ///
  /// - Throws: where it cannot be shown.
  func didStart(_ cell: Cell, atEpoch epoch: Int) throws

  /// An epoch is on record.
  ///
  /// - Throws: where it cannot be shown.
  func didRecord(_ epoch: EpochRecord, of cell: Cell) throws

  /// A run has ended so.
  ///
  /// - Throws: where it cannot be shown.
  func didFinish(_ cell: Cell, _ outcome: RunOutcome) throws
}

/// A store that tells a mirror what it has kept.
///
/// A mirror that fails is told once and then left alone: it never ends a run.
public final class MirroredRunStore: ForwardingRunStore {
  /// The store that keeps everything.
  public let base: any RunStore
  private let sweep: Int64
  private let mirror: any RunMirror
  private let say: @Sendable (String) -> Void
  private let state = Mutex((cells: [RunIdentity: Cell](), hasFailed: false))

  /// Creates a store.
  ///
  /// - Parameters:
  ///   - base: the store that keeps everything.
  ///   - sweep: the number of the sweep whose runs are followed.
  ///   - mirror: who is told.
  ///   - say: receives one sentence where the mirror fails.
  public init(
    _ base: any RunStore, sweep: Int64, mirror: any RunMirror, say: @escaping @Sendable (String) -> Void
  ) {
    self.base = base
    self.sweep = sweep
    self.mirror = mirror
    self.say = say
  }

  public func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws {
    try base.recordStart(provenance, epoch: epoch, step: step, lease: lease)
    tell(lease.run) { try mirror.didStart($0, atEpoch: epoch) }
  }

  public func record(_ epoch: EpochRecord, lease: RunLease) throws {
    try base.record(epoch, lease: lease)
    tell(lease.run) { try mirror.didRecord(epoch, of: $0) }
  }

  public func ingest(_ entries: [CapsuleEntry], upTo position: CapsulePosition, lease: RunLease) throws {
    try base.ingest(entries, upTo: position, lease: lease)
    for entry in entries {
      switch entry {
      case .start(_, let epoch, _): tell(lease.run) { try mirror.didStart($0, atEpoch: epoch) }
      case .epoch(let record): tell(lease.run) { try mirror.didRecord(record, of: $0) }
      case .log: break
      }
    }
  }

  public func finish(_ lease: RunLease, _ outcome: RunOutcome) throws {
    try base.finish(lease, outcome)
    tell(lease.run) { try mirror.didFinish($0, outcome) }
  }

  private func tell(_ run: RunIdentity, _ body: (Cell) throws -> Void) {
    guard !state.withLock({ $0.hasFailed }) else { return }
    do {
      guard let cell = try cell(of: run) else { return }
      try body(cell)
    } catch {
      let isFirst = state.withLock { state in
        defer { state.hasFailed = true }
        return !state.hasFailed
      }
      if isFirst { say("warning: \(mirror.title) is not written any more: \(error); the sweep goes on") }
    }
  }

  /// The first cell of a run; a sweep may have grown since it was last looked at.
  private func cell(of run: RunIdentity) throws -> Cell? {
    if let cell = state.withLock({ $0.cells[run] }) { return cell }
    let cells = try base.sweep(sweep).cells
    return state.withLock { state in
      state.cells = Dictionary(cells.map { ($0.run.identity, $0) }) { first, _ in first }
      return state.cells[run]
    }
  }
}
