import LabCore
import LabRecords
import LabScheduler
import LabStore
import Synchronization

/// Keeps what a training tells in the capsule of its run.
package final class CapsuleRunStore: AttemptStore {
  private let asked: CapsuleRun
  private let folder: CapsuleFolder
  private let writer: CapsuleWriter
  private let history: CapsuleHistory
  private let epochs: Mutex<[Int: EpochRecord]>

  package init(_ asked: CapsuleRun, folder: CapsuleFolder, writer: CapsuleWriter, history: CapsuleHistory) {
    self.asked = asked
    self.folder = folder
    self.writer = writer
    self.history = history
    epochs = Mutex(Dictionary(asked.resumption.epochs.map { ($0.epoch, $0) }) { $1 })
  }

  /// Epochs of the run on record, those of earlier attempts included.
  package var epochCount: Int { epochs.withLock { $0.count } }

  package func epochs(of run: RunIdentity) throws -> [EpochRecord] {
    epochs.withLock { $0.values.sorted { $0.epoch < $1.epoch } }
  }

  package func choices(of run: RunIdentity) throws -> [String: JSONValue] { asked.resumption.choices }

  package func recordStart(_ provenance: RunProvenance, epoch: Int, step: Int, lease: RunLease) throws {
    try writer.append(.start(provenance, epoch: epoch, step: step))
    epochs.withLock { $0 = $0.filter { $0.key < epoch } }
  }

  package func record(_ epoch: EpochRecord, lease: RunLease) throws {
    try writer.append(.epoch(epoch))
    epochs.withLock { $0[epoch.epoch] = epoch }
  }

  package func files(of lease: RunLease) throws -> any RunFiles { capsuleFiles(of: lease) }

  func capsuleFiles(of lease: RunLease) -> CapsuleRunFiles {
    let resumption = asked.resumption
    return CapsuleRunFiles(
      folder: folder.path, lease: lease, database: asked.engine?.database,
      source: .init(
        checkpoint: resumption.checkpoint, bestWeights: resumption.bestWeights,
        bestWeightsHash: resumption.bestWeightsHash,
        earlier: history.startCount == 0
          ? nil
          : CapsuleEarlierFiles(
            checkpoints: history.checkpoints, bestWeights: history.bestWeights, fileCount: history.fileCount,
            capsule: folder.path, runFolder: asked.engine?.runFolder)),
      recordedEpochs: { [self] in epochs.withLock { $0.keys.sorted() } },
      didWrite: { [writer] in try writer.append(.artifact($0)) })
  }

  package func log(_ kind: RunEvent.Kind, _ message: String, lease: RunLease) throws {
    try writer.append(.log(kind, message))
  }
}
