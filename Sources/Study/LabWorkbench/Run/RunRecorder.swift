import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabScheduler
import LabStore
import LabTrain

/// Keeps what a training tells: epochs in the database, checkpoints and weights in the run's folder.
package final class RunRecorder: TrainingObserver {
  private let run: ClaimedRun
  private let context: RunContext
  private let store: StudyStore
  private let folder: HeldRunFolder
  private let card: ModelCard
  private let memory = MemoryMeter()
  private let clock = ContinuousClock()
  private var lastReport: ContinuousClock.Instant?
  /// The hash of the best weights so far, which checkpoints name so that they are not taken up with others.
  private var bestWeightsHash: ContentHash?

  /// The pause between two progress reports, which only people read.
  private static let reportInterval = Duration.milliseconds(100)

  package init(
    run: ClaimedRun, context: RunContext, store: StudyStore, folder: HeldRunFolder, card: ModelCard,
    bestWeightsHash: ContentHash? = nil
  ) {
    self.run = run
    self.context = context
    self.store = store
    self.folder = folder
    self.card = card
    self.bestWeightsHash = bestWeightsHash
  }

  package var stopRequest: StopRequest { context.stopRequest }

  package func didStep(_ step: StepReport) {
    let isLast = step.stepInEpoch == step.stepsPerEpoch
    if let lastReport, clock.now - lastReport < RunRecorder.reportInterval, !isLast { return }
    lastReport = clock.now
    context.report(
      RunProgress(
        run: run.run.identity, epoch: step.epoch, epochs: step.epochs, step: step.stepInEpoch,
        stepsPerEpoch: step.stepsPerEpoch, loss: step.loss, imagesPerSecond: step.imagesPerSecond,
        activity: isLast ? "evaluating" : nil))
  }

  package func didFinishEpoch(_ record: EpochRecord) throws {
    var record = record
    record.timing.peakMemoryBytes = memory.peakBytes
    try store.record(record, lease: run.lease)
  }

  package func didImprove(_ weights: [NamedTensor], epoch: Int) throws {
    try folder.write(weights: weights, as: .best, epoch: epoch, attributes: attributes(epoch: epoch))
    bestWeightsHash = weights.contentHash
  }

  package func didReachCheckpoint(_ checkpoint: Checkpoint) throws {
    // Before the first evaluation there are no best weights for it to go with.
    let hasBest = checkpoint.progress["bestEpoch"]?.integerValue != nil
    try folder.write(checkpoint, bestWeightsHash: hasBest ? bestWeightsHash : nil)
  }

  /// What is said of the weights after an epoch, counted from 0.
  private func attributes(epoch: Int) throws -> [String: JSONValue] {
    try card.at(step: (epoch + 1) * card.position.stepsPerEpoch).attributes()
  }

  /// Keeps the files of a completed training and returns what the database keeps.
  ///
  /// - Throws: `StoreError.misfit` where an epoch is not on record, or the best weights are not those of the result.
  package func keep(_ result: TrainingResult, data: PreparedDataset) throws -> FinalRecord {
    let identity = run.run.identity
    let epochs = try store.epochs(of: identity)
    guard epochs.map(\.epoch) == Array(0..<result.epochs) else {
      throw StoreError.misfit(
        path: store.path,
        problem: "has \(epochs.count) of the \(result.epochs) epochs that run \(identity.short) trained")
    }
    if let epoch = result.record.bestEpoch {
      let files = folder.folder
      let found = files.has(.bestWeights) ? try files.content(of: .bestWeights).attributes["epoch"] : nil
      guard found == .integer(Int64(epoch)) else {
        throw StoreError.misfit(
          path: files.path(of: .bestWeights), problem: "is not of epoch \(epoch + 1), the best one")
      }
    }
    try folder.write(
      weights: result.lastWeights, as: .final, epoch: result.epochs - 1,
      attributes: attributes(epoch: result.epochs - 1))
    try folder.write(
      Predictions(
        logits: result.predictions.logits, labels: result.predictions.labels.map(Int.init),
        confusion: result.record.confusion, classNames: data.classNames))
    var record = result.record
    // Earlier attempts may have been other processes, with peaks of their own.
    record.metrics["peak_memory_bytes"] = epochs.compactMap(\.timing.peakMemoryBytes).max().map(Double.init)
    return record
  }
}
