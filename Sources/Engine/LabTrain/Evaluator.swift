import LabData
import LabGraph
import LabNN
import LabRecords
import LabStats

/// Runs a model over a split, in order and without augmentation.
struct Evaluator {
  let programs: TrainingPrograms
  let dataset: PreparedDataset

  /// What the current weights make of a split.
  ///
  /// - Parameters:
  ///   - position: the last training step, for scalars such as a temperature.
  ///   - occasion: what it is for; at the end, logits and labels are kept for the metrics that need them.
  ///   - shouldContinue: asked before every batch.
  /// - Returns: nil where `shouldContinue` said no.
  func evaluate(
    _ name: SplitName, at position: StepPosition, for occasion: Metric.Occasion, shouldContinue: () -> Bool = { true }
  ) throws -> Evaluation? {
    let batchSize = programs.evaluationBatchSize
    let loader = try BatchLoader(evaluating: name, of: dataset, batchSize: batchSize)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1)
    defer { prefetcher.cancel() }
    let images = try programs.evaluation.floatInput(ClassifierTensor.images)
    let labels = try programs.evaluation.integerInput(ClassifierTensor.labels)
    try programs.evaluation.fill(programs.evaluationScalars, at: position)
    var accumulator = ClassificationAccumulator(
      classCount: dataset.classCount, keepsLogits: occasion == .finalEvaluation)
    var lossSum = 0.0
    let imageElements = dataset.imageShape.elementCount
    while shouldContinue() {
      let count = prefetcher.withNextBatch { batch in
        images.baseAddress!.update(from: batch.images, count: batch.count * imageElements)
        labels.baseAddress!.update(from: batch.labels, count: batch.count)
        return batch.count
      }
      guard let count else {
        guard accumulator.count > 0 else { return nil }
        return Evaluation(split: name, loss: lossSum / Double(accumulator.count), predictions: accumulator)
      }
      // The rows behind a smaller batch hold an earlier one, and are not looked at.
      try programs.evaluation.run()
      let logits = Array(try programs.evaluation.read(ClassifierTensor.logits).prefix(count * dataset.classCount))
      accumulator.add(logits: logits, labels: Array(labels.prefix(count)))
      for loss in try programs.evaluation.read(ClassifierTensor.lossPerSample).prefix(count) { lossSum += Double(loss) }
    }
    return nil
  }
}
