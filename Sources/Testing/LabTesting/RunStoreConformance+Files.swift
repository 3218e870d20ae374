import LabCore
import LabRecords

extension RunStoreConformance {
  /// A checkpoint after so many epochs; every number in it depends on that.
  private static func checkpoint(epochs: Int, bestEpoch: Int? = nil) -> Checkpoint {
    var progress: JSONValue = ["epoch": .integer(epochs), "step": .integer(epochs * 2)]
    progress["bestEpoch"] = bestEpoch.map { .integer($0) }
    return Checkpoint(
      parameters: [NamedTensor("conv1.weight", [2], [Float(epochs), 0.5])],
      optimizer: [NamedTensor("conv1.weight.momentum", [2], [Float(epochs), -1])],
      state: [NamedTensor("ema.conv1.weight", [2], [Float(epochs), 2])], progress: progress)
  }

  private static func weights(epoch: Int) -> [NamedTensor] { [NamedTensor("conv1.weight", [2], [Float(epoch), 7])] }

  static let fileChecks = [
    Check("a run without files begins anew") { subject in
      let (_, claimed) = try subject.claimFirst()
      let files = try subject.store.files(of: claimed.lease)
      try require(!files.hasCheckpoint, "there is a checkpoint before the first")
      let found = try files.resumption()
      try requireEqual(found.checkpoint, nil, "the checkpoint")
      try requireEqual(found.bestWeights, nil, "the best weights")
      try requireEqual(found.remarks, [], "the remarks")
    },
    Check("the next attempt goes on from the last checkpoint with its best weights") { subject in
      let (sweep, first) = try subject.claimFirst()
      let files = try subject.store.files(of: first.lease)
      try subject.store.recordStart(RunStoreSamples.provenance(), epoch: 0, step: 0, lease: first.lease)
      for epoch in 0..<2 {
        try subject.store.record(RunStoreSamples.epoch(epoch), lease: first.lease)
        if epoch == 0 {
          try files.write(weights: weights(epoch: 0), as: .best, epoch: 0, attributes: ["note": "first"])
        }
        try files.write(
          checkpoint(epochs: epoch + 1, bestEpoch: 0), bestWeightsHash: weights(epoch: 0).contentHash)
      }
      try subject.store.finish(first.lease, .interrupted(reason: "stopped"))
      let second = try subject.claim(first.lease.run, sweep.id)
      let left = try subject.store.files(of: second.lease)
      try require(left.hasCheckpoint, "the checkpoint is gone")
      let found = try left.resumption()
      try requireEqual(found.checkpoint, checkpoint(epochs: 2, bestEpoch: 0), "the checkpoint")
      try requireEqual(found.bestWeights, weights(epoch: 0), "the best weights")
      try requireEqual(found.bestWeightsHash, weights(epoch: 0).contentHash, "the hash of the best weights")
      try requireEqual(found.remarks, [], "the remarks")
    },
    Check("a fresh claim discards files") { subject in
      let (sweep, first) = try subject.claimFirst()
      try subject.store.record(RunStoreSamples.epoch(0), lease: first.lease)
      try subject.store.files(of: first.lease).write(checkpoint(epochs: 1), bestWeightsHash: nil)
      try subject.store.finish(first.lease, .interrupted(reason: "stopped"))
      subject.clock.advance(seconds: 1)
      let fresh = try subject.claim(first.lease.run, sweep.id, .current, .fresh(endedBefore: subject.clock.now))
      let files = try subject.store.files(of: fresh.lease)
      try require(!files.hasCheckpoint, "the checkpoint is still there")
      try requireEqual(try files.resumption().checkpoint, nil, "the checkpoint")
    },
    Check("a run that lacks what it trained is told to try again") { subject in
      let (_, claimed) = try subject.claimFirst()
      let files = try subject.store.files(of: claimed.lease)
      for epoch in 0..<2 { try subject.store.record(RunStoreSamples.epoch(epoch), lease: claimed.lease) }
      try files.check(trainedEpochs: 2, bestEpoch: nil)
      try requireRetriable("a missing epoch") { try files.check(trainedEpochs: 3, bestEpoch: nil) }
      try requireRetriable("missing best weights") { try files.check(trainedEpochs: 2, bestEpoch: 1) }
      try files.write(weights: weights(epoch: 0), as: .best, epoch: 0, attributes: [:])
      try requireRetriable("best weights of another epoch") { try files.check(trainedEpochs: 2, bestEpoch: 1) }
      try files.check(trainedEpochs: 2, bestEpoch: 0)
    },
    Check("files are refused once the lease is lost") { subject in
      let (sweep, dead) = try subject.claimFirst(owner: RunStoreSamples.deadProcess)
      let files = try subject.store.files(of: dead.lease)
      let successor = try subject.claim(dead.lease.run, sweep.id)
      let own = try subject.store.files(of: successor.lease)
      try own.write(checkpoint(epochs: 1), bestWeightsHash: nil)
      let predictions = Predictions(
        logits: [1, 0], labels: [0], confusion: [[1, 0], [0, 0]], classNames: ["a", "b"])
      let writes: [(String, () throws -> Void)] = [
        ("a checkpoint", { try files.write(checkpoint(epochs: 3), bestWeightsHash: nil) }),
        ("weights", { try files.write(weights: weights(epoch: 3), as: .final, epoch: 3, attributes: [:]) }),
        (
          "a result",
          { try files.write(finalWeights: weights(epoch: 3), epoch: 3, attributes: [:], predictions: predictions) }
        ),
        ("access to files", { _ = try subject.store.files(of: dead.lease) }),
      ]
      for (name, write) in writes { try requireError(.leaseLost(dead.lease), name, write) }
      try subject.store.record(RunStoreSamples.epoch(0), lease: successor.lease)
      try requireEqual(try own.resumption().checkpoint, checkpoint(epochs: 1), "the successor's checkpoint")
      try own.write(finalWeights: weights(epoch: 3), epoch: 3, attributes: [:], predictions: predictions)
    },
  ]

  private static func requireRetriable(_ subject: String, _ body: () throws -> Void) throws {
    do {
      try body()
    } catch let error as any RunFailure {
      return try require(
        error.isRetriable && !error.endsSweep, "\(subject) is not mended by the next attempt: \(error)")
    }
    throw Violation(description: "\(subject) is not noticed")
  }
}
