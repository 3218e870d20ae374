import Foundation
import LabCore
import LabRecords
import Synchronization

/// The files of a run for a process that has no database: new ones lie in a capsule until the process that made it takes
/// them over, and where to go on is read from the files that it named.
package final class CapsuleRunFiles: RunFiles {
  /// Where the run goes on.
  package struct Source: Sendable {
    /// The checkpoint's file; nil where training begins anew.
    package var checkpoint: String?
    /// The file of the best weights that go with it.
    package var bestWeights: String?
    /// The hash of the best weights that the checkpoint speaks of.
    package var bestWeightsHash: ContentHash?
    /// What an earlier process has written into the same capsule, which comes before the above.
    package var earlier: CapsuleEarlierFiles?

    package init(
      checkpoint: String? = nil, bestWeights: String? = nil, bestWeightsHash: ContentHash? = nil,
      earlier: CapsuleEarlierFiles? = nil
    ) {
      self.checkpoint = checkpoint
      self.bestWeights = bestWeights
      self.bestWeightsHash = bestWeightsHash
      self.earlier = earlier
    }
  }

  private struct State {
    var count = 0
    /// Checkpoints that nobody may have taken over yet, the oldest first.
    var checkpoints: [String] = []
    var bestEpoch: Int?
  }

  private let folder: String
  private let lease: RunLease
  private let database: String?
  private let source: Source
  private let recordedEpochs: @Sendable () -> [Int]
  private let didWrite: @Sendable ([CapsuleFile]) throws -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - folder: the folder of the capsule.
  ///   - lease: the lease of the process that made the capsule.
  ///   - database: the random name of its database.
  ///   - source: where the run goes on.
  ///   - recordedEpochs: the indices of the run's epochs on record.
  ///   - didWrite: is told files that are whole and durable, those together that belong together.
  package init(
    folder: String, lease: RunLease, database: String?, source: Source, recordedEpochs: @escaping @Sendable () -> [Int],
    didWrite: @escaping @Sendable ([CapsuleFile]) throws -> Void
  ) {
    self.folder = folder
    self.lease = lease
    self.database = database
    self.source = source
    self.recordedEpochs = recordedEpochs
    self.didWrite = didWrite
    if let earlier = source.earlier {
      // A name stands for one content, in all that a capsule tells.
      state.withLock { $0 = State(count: earlier.fileCount, checkpoints: earlier.leftCheckpoints) }
    }
  }

  package var hasCheckpoint: Bool { source.checkpoint != nil || source.earlier?.checkpoints.isEmpty == false }

  package var location: RunFilesLocation? { nil }

  package func resumption() throws -> RunResumption {
    if let (found, bestEpoch) = try source.earlier?.resumption() {
      state.withLock { $0.bestEpoch = bestEpoch }
      return found
    }
    guard let path = source.checkpoint else { return RunResumption() }
    let best = try source.bestWeights.map { try SealedFile.read($0) }
    state.withLock { $0.bestEpoch = best.flatMap { FileOrigin($0).epoch } }
    return RunResumption(
      checkpoint: try Checkpoint(SealedFile.read(path), path: path), bestWeights: best?.tensors,
      bestWeightsHash: source.bestWeightsHash)
  }

  package func write(_ checkpoint: Checkpoint, bestWeightsHash: ContentHash?) throws {
    let content = try TensorGroup(checkpoint, bestWeightsHash: bestWeightsHash, path: "\(folder)/checkpoint")
    let name = try write([(.checkpoint, content)])[0]
    // Of those that nobody took over in time, two are enough.
    let old = state.withLock { state -> String? in
      state.checkpoints.append(name)
      return state.checkpoints.count > 2 ? state.checkpoints.removeFirst() : nil
    }
    if let old { unlink("\(folder)/\(old)") }
  }

  package func write(
    weights: [NamedTensor], as kind: RunWeights, epoch: Int?, attributes: [String: JSONValue]
  ) throws {
    let content = TensorGroup(weights, epoch: epoch, attributes: attributes)
    try write([(kind == .best ? .bestWeights : .finalWeights, content)])
    if kind == .best { state.withLock { $0.bestEpoch = epoch } }
  }

  package func write(
    finalWeights weights: [NamedTensor], epoch: Int, attributes: [String: JSONValue], predictions: Predictions
  ) throws {
    try write([
      (.finalWeights, TensorGroup(weights, epoch: epoch, attributes: attributes)),
      (.predictions, predictions.content()),
    ])
  }

  /// Writes predictions alone, those of a program whose weights are its own.
  package func write(predictions: Predictions) throws { try write([(.predictions, predictions.content())]) }

  package func adopt(_ files: [CapsuleFile], from folder: String, at position: CapsulePosition) throws {
    throw StoreError.misfit(path: folder, problem: "cannot be taken over without a database")
  }

  package func check(trainedEpochs count: Int, bestEpoch: Int?) throws {
    let epochs = recordedEpochs()
    guard epochs == Array(0..<count) else {
      throw StoreError.misfit(
        path: folder, problem: "has \(epochs.count) of the \(count) epochs that run \(lease.run.short) trained")
    }
    guard bestEpoch == nil || state.withLock({ $0.bestEpoch }) == bestEpoch else {
      throw StoreError.misfit(
        path: folder, problem: "has no best weights of epoch \((bestEpoch ?? 0) + 1), the best one")
    }
  }

  @discardableResult
  private func write(_ files: [(kind: CapsuleFile.Kind, content: TensorGroup)]) throws -> [String] {
    let number = state.withLock { state -> Int in
      state.count += 1
      return state.count
    }
    let names = files.map { "\($0.kind.rawValue)-\(lease.attempt)-\(number).h5" }
    let marked = zip(files, names).map { file, name in
      (
        path: "\(folder)/\(name)",
        content: file.content.marked(as: RunFolder.File(file.kind), lease: lease, database: database)
      )
    }
    var seals: [FileSeal] = []
    try SealedFile.write(marked) { seals = $0 }
    try didWrite(
      zip(zip(files, names), seals).map { file, seal in
        CapsuleFile(kind: file.0.kind, name: file.1, sha256: seal.hash, bytes: seal.length)
      })
    return names
  }
}
