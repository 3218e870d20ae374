import LabData
import LabGraph
import LabNN
import LabStats

/// Runs a model over a split, in order and without augmentation.
struct Evaluator {
  let programs: TrainingPrograms
  let dataset: PreparedDataset

  /// The metrics of a split under the current weights.
  ///
  /// - Parameters:
  ///   - position: the last training step, for scalars such as a temperature.
  ///   - keepsLogits: whether logits and labels are returned too.
  ///   - shouldContinue: asked before every batch.
  /// - Returns: nil where `shouldContinue` said no.
  func evaluate(
    _ name: SplitName, at position: StepPosition, keepsLogits: Bool = false, shouldContinue: () -> Bool = { true }
  ) throws -> EvaluationResult? {
    let batchSize = programs.evaluationBatchSize
    let loader = try BatchLoader(evaluating: name, of: dataset, batchSize: batchSize)
    let prefetcher = Prefetcher(loader: loader, endEpoch: 1)
    defer { prefetcher.cancel() }
    let images = try programs.evaluation.floatInput(ClassifierTensor.images)
    let labels = try programs.evaluation.integerInput(ClassifierTensor.labels)
    try programs.evaluation.fill(programs.evaluationScalars, at: position)
    var accumulator = ClassificationAccumulator(classCount: dataset.classCount)
    var lossSum = 0.0
    var allLogits: [Float] = []
    var allLabels: [Int32] = []
    let imageElements = dataset.imageShape.elementCount
    while shouldContinue() {
      let count = prefetcher.withNextBatch { batch in
        images.baseAddress!.update(from: batch.images, count: batch.count * imageElements)
        labels.baseAddress!.update(from: batch.labels, count: batch.count)
        return batch.count
      }
      guard let count else {
        guard let metrics = accumulator.metrics else { return nil }
        return EvaluationResult(
          loss: lossSum / Double(accumulator.count), metrics: metrics, confusion: accumulator.confusion,
          logits: allLogits, labels: allLabels)
      }
      // The rows behind a smaller batch hold an earlier one, and are not looked at.
      try programs.evaluation.run()
      let logits = Array(try programs.evaluation.read(ClassifierTensor.logits).prefix(count * dataset.classCount))
      let batchLabels = Array(labels.prefix(count))
      accumulator.add(logits: logits, labels: batchLabels)
      for loss in try programs.evaluation.read(ClassifierTensor.lossPerSample).prefix(count) { lossSum += Double(loss) }
      if keepsLogits {
        allLogits += logits
        allLabels += batchLabels
      }
    }
    return nil
  }
}
