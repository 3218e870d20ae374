import LabCore
import LabRecords
import LabStore
import LabTesting
import Testing

/// The end of a process, at any call of a store.
struct Killed: Error {}

/// A process that trains a run, and may be killed: what it stores is a function of the run only.
struct TrainingLife {
  static let epochs = 4
  private static let accuracies = [0.5, 0.25, 0.75, 0.625]

  /// Whether a checkpoint is written in the middle of each epoch too.
  var checkpointsWithinEpochs = true
  /// The number of epochs after which the process is killed; nil for none.
  var lastEpoch: Int?
  /// The number of calls of the store after which the process is killed; nil for none.
  var lastCall: Int?
  /// What the process said of files that did not fit.
  private(set) var remarks: [String] = []
  private var calls = 0

  init(checkpointsWithinEpochs: Bool = true, lastCall: Int? = nil) {
    self.checkpointsWithinEpochs = checkpointsWithinEpochs
    self.lastCall = lastCall
  }

  /// The weights after an epoch.
  static func weights(epoch: Int) -> [NamedTensor] {
    [NamedTensor("conv1.weight", [100], (0..<100).map { Float($0 * 10 + epoch) })]
  }

  static var finalWeights: [NamedTensor] { weights(epoch: epochs - 1) }

  /// The best of the epochs before one.
  static func bestEpoch(before end: Int) -> Int {
    (0..<end).max { (accuracies[$0], -$0) < (accuracies[$1], -$1) } ?? 0
  }

  /// Trains until the process is killed or the run is completed.
  mutating func live(in store: StudyStore, run: RunIdentity, sweep: Int64) throws {
    do { try train(store, run, sweep) } catch is Killed {}
  }

  /// Counts a call, which is made unless the process is killed before.
  private mutating func call<R>(_ body: () throws -> R) throws -> R {
    calls += 1
    if let lastCall, calls > lastCall { throw Killed() }
    return try body()
  }

  private mutating func train(_ store: StudyStore, _ run: RunIdentity, _ sweep: Int64) throws {
    let result = try call {
      try store.claim(run, sweep: sweep, owner: RunStoreSamples.deadProcess, policy: .unfinished)
    }
    guard case .claimed(let claimed) = result else { return }
    remarks += claimed.remarks
    let lease = claimed.lease
    let files = try call { try store.heldFolder(for: lease) }
    let start = try call { try files.resumption() }
    remarks += start.remarks
    let progress = start.checkpoint?.progress
    let first = progress?["epoch"]?.integerValue ?? 0
    var stepInEpoch = progress?["stepInEpoch"]?.integerValue ?? 0
    var bestEpoch = progress?["bestEpoch"]?.integerValue
    var bestHash = start.bestWeightsHash
    var best = start.bestWeights
    try call {
      try store.recordStart(
        RunStoreSamples.provenance(), epoch: first, step: first * 2 + stepInEpoch, lease: lease)
    }
    for epoch in first..<TrainingLife.epochs {
      if let lastEpoch, epoch >= lastEpoch { throw Killed() }
      if stepInEpoch == 0, checkpointsWithinEpochs {
        let half = checkpoint(epoch, 1, bestEpoch)
        try call { try files.write(half, bestWeightsHash: bestHash) }
      }
      stepInEpoch = 0
      if bestEpoch.map({ TrainingLife.accuracies[epoch] > TrainingLife.accuracies[$0] }) ?? true {
        let weights = TrainingLife.weights(epoch: epoch)
        try call { try files.write(weights: weights, as: .best, epoch: epoch) }
        (bestEpoch, bestHash, best) = (epoch, weights.contentHash, weights)
      }
      try call { try store.record(RunStoreSamples.epoch(epoch), lease: lease) }
      let whole = checkpoint(epoch + 1, 0, bestEpoch)
      try call { try files.write(whole, bestWeightsHash: bestHash) }
    }
    if let lastEpoch, lastEpoch <= TrainingLife.epochs { throw Killed() }
    // What the run is worth is what its best weights are worth.
    let evaluated = try #require(best)
    try call { try files.write(weights: TrainingLife.finalWeights, as: .final) }
    var record = RunStoreSamples.final()
    record.bestEpoch = bestEpoch
    record.metrics["first_weight"] = evaluated[0].floats.map { Double($0[0]) }
    record.weightsHash = TrainingLife.finalWeights.weightsHash
    try call { try store.finish(lease, .completed(record)) }
  }

  private func checkpoint(_ epoch: Int, _ stepInEpoch: Int, _ bestEpoch: Int?) -> Checkpoint {
    let step = epoch * 2 + stepInEpoch
    var progress: JSONValue = [
      "epoch": .integer(epoch), "stepInEpoch": .integer(stepInEpoch), "step": .integer(step),
    ]
    progress["bestEpoch"] = bestEpoch.map { .integer($0) }
    return Checkpoint(parameters: [NamedTensor("conv1.weight", [1], [Float(step)])], progress: progress)
  }
}
