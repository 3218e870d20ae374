import Foundation
import LabCore
import LabRecords

/// What earlier processes have written into a capsule that is started again, wherever it lies by now: whoever follows the
/// capsule moves its files to those of the run, also while they are looked for.
package struct CapsuleEarlierFiles: Sendable {
  /// The checkpoints, the oldest first, whether they are still there or not.
  package var checkpoints: [CapsuleFile]
  /// The best weights that were written last.
  package var bestWeights: CapsuleFile?
  /// How many files were written.
  package var fileCount: Int
  private let capsule: String
  private let runFolder: String?

  /// - Parameters:
  ///   - checkpoints: the checkpoints, the oldest first.
  ///   - bestWeights: the best weights that were written last.
  ///   - fileCount: how many files were written.
  ///   - capsule: the folder of the capsule.
  ///   - runFolder: the folder of the run's files.
  package init(
    checkpoints: [CapsuleFile], bestWeights: CapsuleFile?, fileCount: Int, capsule: String, runFolder: String?
  ) {
    self.checkpoints = checkpoints
    self.bestWeights = bestWeights
    self.fileCount = fileCount
    self.capsule = capsule
    self.runFolder = runFolder
  }

  /// The names of the checkpoints that still lie in the capsule.
  var leftCheckpoints: [String] {
    checkpoints.map(\.name).filter { FileManager.default.fileExists(atPath: "\(capsule)/\($0)") }
  }

  /// The newest checkpoint with the best weights that it speaks of; nil where there is none.
  ///
  /// - Returns: where to go on, and the epoch of the best weights.
  func resumption() throws -> (RunResumption, bestEpoch: Int?)? {
    for file in checkpoints.reversed() {
      guard let (content, path) = try find(file, else: [.checkpoint, .previousCheckpoint]) else { continue }
      let origin = FileOrigin(content)
      var found = RunResumption(
        checkpoint: try Checkpoint(content, path: path),
        bestWeightsHash: origin.bestWeights.map(ContentHash.init(hexadecimal:)))
      guard let epoch = origin.bestEpoch else { return (found, nil) }
      guard let best = try bestWeights.flatMap({ try find($0, else: [.bestWeights]) })?.content ?? originalBestWeights()
      else { continue }
      // Those of an epoch that is trained once more are written again.
      guard let own = FileOrigin(best).epoch, own < origin.epoch ?? 0 else { return (found, nil) }
      guard own == epoch, found.bestWeightsHash.map({ $0 == best.tensors.contentHash }) ?? true else { continue }
      found.bestWeights = best.tensors
      found.bestWeightsHash = found.bestWeightsHash ?? best.tensors.contentHash
      return (found, own)
    }
    return nil
  }

  /// The best weights of the attempts before, which no process of this capsule has replaced.
  private func originalBestWeights() throws -> TensorGroup? {
    guard bestWeights == nil, let runFolder else { return nil }
    let path = "\(runFolder)/\(RunFolder.File.bestWeights.rawValue)"
    return try FileSeal.read(path) == nil ? nil : SealedFile.read(path)
  }

  /// A file, wherever it is.
  private func find(
    _ file: CapsuleFile, else places: [RunFolder.File]
  ) throws -> (content: TensorGroup, path: String)? {
    let paths = ["\(capsule)/\(file.name)"] + places.compactMap { place in runFolder.map { "\($0)/\(place.rawValue)" } }
    // What was moved between two looks is found by the second round.
    for path in paths + paths where try FileSeal.read(path) == file.seal {
      do { return (try SealedFile.read(path), path) } catch let error as FileError where error.code == ENOENT {}
    }
    return nil
  }
}
