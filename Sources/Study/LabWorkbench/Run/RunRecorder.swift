import Foundation
import LabCore
import LabData
import LabNN
import LabRecords
import LabScheduler
import LabStats
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

  package func didFinishEpoch(_ report: EpochReport) throws {
    let steps = Double(max(report.steps, 1))
    try store.record(
      EpochRecord(
        epoch: report.epoch,
        metrics: .init(
          trainLoss: report.trainLoss, trainAccuracy: report.trainAccuracy, learningRate: report.learningRate,
          validation: report.validation.map(EvaluationMetrics.init), test: report.test.map(EvaluationMetrics.init)),
        timing: .init(
          trainSeconds: report.trainSeconds, evaluationSeconds: report.evaluationSeconds,
          imagesPerSecond: report.trainSeconds > 0 ? Double(report.images) / report.trainSeconds : 0,
          meanStepMilliseconds: report.trainSeconds / steps * 1e3, peakMemoryBytes: memory.peakBytes,
          plannedMemoryBytes: report.plannedBytes)),
      lease: run.lease)
  }

  package func didImprove(_ weights: [NamedTensor], epoch: Int) throws {
    try folder.write(weights: weights, as: .bestWeights, attributes: attributes(epoch: epoch))
    bestWeightsHash = weights.contentHash
  }

  package func didReachCheckpoint(_ checkpoint: Checkpoint) throws {
    // Before the first evaluation there are no best weights for it to go with.
    let hasBest = checkpoint.progress["bestEpoch"]?.integerValue != nil
    try folder.write(checkpoint, bestWeightsHash: hasBest ? bestWeightsHash : nil)
  }

  /// What is said of the weights after an epoch, counted from 0.
  private func attributes(epoch: Int) throws -> [String: TensorGroup.Attribute] {
    try card.at(step: (epoch + 1) * card.position.stepsPerEpoch).attributes()
      .merging(["epoch": .integer(Int64(epoch))]) { $1 }
  }

  /// Keeps the files of a completed training and returns what the database keeps.
  ///
  /// - Throws: `StoreError.misfit` where an epoch is not on record, or the best weights are not those of the result.
  package func keep(_ result: TrainingResult, data: PreparedDataset) throws -> FinalRecord {
    let identity = run.run.identity
    let epochs = try store.epochs(of: identity).map(\.epoch)
    guard epochs == Array(0..<result.epochs) else {
      throw StoreError.misfit(
        path: store.path,
        problem: "has \(epochs.count) of the \(result.epochs) epochs that run \(identity.short) trained")
    }
    if let epoch = result.bestEpoch {
      let files = folder.folder
      let found = files.has(.bestWeights) ? try files.content(of: .bestWeights).attributes["epoch"] : nil
      guard found == .integer(Int64(epoch)) else {
        throw StoreError.misfit(
          path: files.path(of: .bestWeights), problem: "is not of epoch \(epoch + 1), the best one")
      }
    }
    try folder.write(
      weights: result.lastWeights, as: .finalWeights,
      attributes: attributes(epoch: result.epochs - 1))
    let confusion = result.test.confusion.rows
    try folder.write(
      Predictions(
        logits: result.test.logits, labels: result.test.labels.map(Int.init), confusion: confusion,
        classNames: data.classNames))
    return FinalRecord(
      test: EvaluationMetrics(result.test), validation: result.validation.map(EvaluationMetrics.init),
      bestEpoch: result.bestEpoch, evaluatedEpoch: result.evaluatedEpoch,
      additional: ["train_seconds": result.trainSeconds],
      classes: zip(data.classNames, result.test.metrics.classes).map {
        .init(name: $0, support: $1.support, precision: $1.precision, recall: $1.recall, f1: $1.f1)
      }, confusion: confusion, weightsHash: result.weightsHash)
  }
}

extension EvaluationMetrics {
  /// The store's form of a split's metrics.
  package init(_ result: EvaluationResult) {
    let metrics = result.metrics
    self.init(
      loss: result.loss, accuracy: metrics.accuracy, top5Accuracy: metrics.topKAccuracy[5],
      macroPrecision: metrics.macro.precision, macroRecall: metrics.macro.recall, macroF1: metrics.macro.f1,
      expectedCalibrationError: metrics.expectedCalibrationError, logLoss: metrics.logLoss)
  }
}

extension ConfusionMatrix {
  /// The counts, an array a true class.
  package var rows: [[Int]] {
    (0..<classCount).map { label in (0..<classCount).map { self[label: label, prediction: $0] } }
  }
}
