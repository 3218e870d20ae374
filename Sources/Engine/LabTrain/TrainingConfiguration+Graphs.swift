import LabGraph
import LabNN

extension TrainingConfiguration {
  /// The images of the smaller batch that ends an epoch; 0 where all batches are equal or that one is left out.
  public func lastBatchSize(trainingImages: Int) -> Int {
    guard trainingImages > 0, !dropsLastBatch else { return 0 }
    return trainingImages % min(batchSize, trainingImages)
  }

  /// The graph of a training step, which has no run's seed yet.
  ///
  /// - Parameters:
  ///   - model: builds the model.
  ///   - batch: the batch of the step.
  ///   - isLastBatch: whether it is the smaller one that ends an epoch.
  /// - Throws: ``TrainingError/singleImage(isLastBatch:layer:)`` where a batch of one image is too small,
  ///   ``LabGraph/GraphError`` or ``LabNN/ModelError`` where something else does not fit.
  public func graph(
    model: ModelFunction, batch: ClassificationBatch, isLastBatch: Bool = false
  ) throws -> TrainingGraph {
    do {
      let step = try TrainingGraph(
        model: model, batch: batch, optimization: optimization, seed: 0,
        options: .init(mixesLabels: augmentation.mixup > 0))
      guard recalibration == .off || step.updatesStatistics else {
        throw TrainingError.configuration(
          key: CodingKeys.recalibration.rawValue,
          problem: "the network has no running statistics to measure, or keeps them all (frozen_statistics); leave it "
            + "out")
      }
      return step
    } catch let error as GraphError {
      guard batch.size == 1, case .shape(BatchNormalization.name, let path, _, _) = error else { throw error }
      throw TrainingError.singleImage(isLastBatch: isLastBatch, layer: path)
    }
  }
}
