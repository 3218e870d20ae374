import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabScheduler
import LabTrain

/// Keeps what a training tells in the store of its run.
package final class RunRecorder: TrainingObserver {
  private let run: ClaimedRun
  private let context: RunContext
  private let files: any RunFiles
  private let card: ModelCard
  private let memory = MemoryMeter()
  private let clock = ContinuousClock()
  private var lastReport: ContinuousClock.Instant?
  /// The hash of the best weights so far, which checkpoints name so that they are not taken up with others.
  private var bestWeightsHash: ContentHash?

  /// The pause between two progress reports, which only people read.
  private static let reportInterval = Duration.milliseconds(100)

  package init(
    run: ClaimedRun, context: RunContext, files: any RunFiles, card: ModelCard, bestWeightsHash: ContentHash? = nil
  ) {
    self.run = run
    self.context = context
    self.files = files
    self.card = card
    self.bestWeightsHash = bestWeightsHash
  }

  package var stopRequest: StopRequest { context.stopRequest }

  package func didStep(_ progress: RunProgress) {
    let isLast = progress.step == progress.stepsPerEpoch
    if let lastReport, clock.now - lastReport < RunRecorder.reportInterval, !isLast { return }
    lastReport = clock.now
    var progress = progress
    progress.activity = isLast ? "evaluating" : nil
    context.report(progress)
  }

  package func didFinishEpoch(_ record: EpochRecord) throws {
    var record = record
    record.timing.peakMemoryBytes = memory.peakBytes
    try context.store.record(record, lease: run.lease)
  }

  package func didImprove(_ weights: [NamedTensor], epoch: Int) throws {
    try files.write(weights: weights, as: .best, epoch: epoch, attributes: attributes(epoch: epoch))
    bestWeightsHash = weights.contentHash
  }

  package func didReachCheckpoint(_ checkpoint: Checkpoint) throws {
    // Before the first evaluation there are no best weights for it to go with.
    let hasBest = checkpoint.progress["bestEpoch"]?.integerValue != nil
    try files.write(checkpoint, bestWeightsHash: hasBest ? bestWeightsHash : nil)
  }

  /// What is said of the weights after an epoch, counted from 0.
  private func attributes(epoch: Int) throws -> [String: JSONValue] {
    try card.at(step: (epoch + 1) * card.position.stepsPerEpoch).attributes()
  }

  /// Keeps the files of a completed training and returns what the store keeps of it.
  ///
  /// - Throws: a retriable `RunFailure` where an epoch is not on record, or the best weights are not those of the result.
  package func keep(_ result: TrainingResult, data: PreparedDataset) throws -> FinalRecord {
    let epochs = try context.store.epochs(of: run.run.identity)
    try files.check(trainedEpochs: result.epochs, bestEpoch: result.record.bestEpoch)
    try files.write(
      finalWeights: result.lastWeights, epoch: result.epochs - 1, attributes: attributes(epoch: result.epochs - 1),
      predictions: Predictions(
        logits: result.predictions.logits, labels: result.predictions.labels.map(Int.init),
        confusion: result.predictions.confusion.rows, classNames: data.classNames))
    var record = result.record
    // Earlier attempts may have been other processes, with peaks of their own.
    record.metrics["peak_memory_bytes"] = epochs.compactMap(\.timing.peakMemoryBytes).max().map(Double.init)
    return record
  }
}
