import LabCore
import LabRecords

extension HeldRunFolder {
  package func resumption() throws -> RunResumption {
    let lineage = try store.lineage(of: lease.run)
    var misfits: [(file: RunFolder.File, problem: String)] = []
    let best = try folder.candidate(.bestWeights, lineage, &misfits)
    var resumption: RunResumption?
    var (isBestStale, usesBest) = (false, false)
    for file in [RunFolder.File.checkpoint, .previousCheckpoint] where resumption == nil {
      guard let candidate = try folder.candidate(file, lineage, &misfits) else { continue }
      let origin = candidate.origin
      var found = RunResumption(bestWeightsHash: origin.bestWeights.map(ContentHash.init(hexadecimal:)))
      do { found.checkpoint = try Checkpoint(candidate.content, path: folder.path(of: file)) } catch {
        misfits.append((file, "\(error)"))
        continue
      }
      if let epoch = origin.bestEpoch {
        let problem =
          if let best {
            best.misfit(epoch: epoch, hash: found.bestWeightsHash, next: origin.epoch ?? 0)
          } else {
            folder.has(.bestWeights) ? "cannot be used" : "is missing"
          }
        if let problem {
          isBestStale = isBestStale || best != nil
          misfits.append(
            (
              file,
              "\(folder.path(of: file)) speaks of the best weights of epoch \(epoch + 1), and "
                + "\(RunFolder.File.bestWeights.rawValue) \(problem)"
            ))
          continue
        }
        usesBest = true
        if best?.origin.epoch == epoch { found.bestWeights = best?.content.tensors }
        found.bestWeightsHash = found.bestWeightsHash ?? found.bestWeights?.contentHash
      }
      resumption = found
    }
    var result = resumption ?? RunResumption()
    // Older best weights are of use to the checkpoint that they go with, and to no other.
    if isBestStale, !usesBest { misfits.append((.bestWeights, "")) }
    let names = try setAside(misfits.map(\.file))
    let end = try outcome(of: result)
    for misfit in misfits where !misfit.problem.isEmpty {
      let name = names[misfit.file].map { "it was set aside as \($0), and " } ?? ""
      result.remarks.append("\(misfit.problem); \(name)\(end)")
    }
    if result.checkpoint == nil, misfits.isEmpty, lineage.epochs > 1 {
      result.remarks.append("\(lineage.epochs) epochs are on record and no checkpoint is left; \(end)")
    }
    return result
  }

  private func outcome(of resumption: RunResumption) throws -> String {
    guard let checkpoint = resumption.checkpoint else { return "the run is trained anew" }
    guard let epoch = checkpoint.progress["epoch"]?.integerValue else { return "the run goes on from the one before" }
    return "the run goes on after epoch \(epoch)"
  }
}

/// A whole file of the run, with what it says of itself.
private struct FileCandidate {
  var content: TensorGroup
  var origin: FileOrigin

  /// Why these are not the best weights that a checkpoint speaks of; nil where they are, or where they are those of an
  /// epoch that will be trained once more, which a process that died just then had already stored.
  ///
  /// - Parameters:
  ///   - epoch: the epoch of the weights, from 0.
  ///   - hash: their hash, where the checkpoint knows it.
  ///   - next: the first epoch that is trained once more.
  func misfit(epoch: Int, hash: ContentHash?, next: Int) -> String? {
    guard let own = origin.epoch else { return "does not say of which epoch it is" }
    if own >= next { return nil }
    guard own == epoch else { return "is of epoch \(own + 1)" }
    guard let hash, hash != content.tensors.contentHash else { return nil }
    return "holds other weights"
  }
}

extension RunFolder {
  /// Reads a file that exists and belongs to the run; notes why it does not where it does not.
  fileprivate func candidate(
    _ file: File, _ lineage: RunLineage, _ misfits: inout [(file: File, problem: String)]
  ) throws -> FileCandidate? {
    guard has(file) else { return nil }
    do {
      let content = try content(of: file)
      let origin = FileOrigin(content)
      guard let problem = lineage.misfit(of: origin, isCheckpoint: file != .bestWeights) else {
        return FileCandidate(content: content, origin: origin)
      }
      misfits.append((file, "\(path(of: file)) \(problem)"))
    } catch let error as StoreError {
      misfits.append((file, "\(error)"))
    }
    return nil
  }
}
