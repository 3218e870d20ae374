import LabData
import LabGraph
import LabNN

/// The graphs of a run: a step, a step for the last and smaller batch of an epoch, an evaluation.
///
/// They depend on configuration, model and data, and not on the seed, so that all runs of a variant are given the same.
public struct TrainingGraphs: Sendable {
  /// The step.
  public let step: TrainingGraph
  /// The step of the smaller batch that ends an epoch; nil where there is none.
  public let tailStep: TrainingGraph?
  /// The evaluation, in batches as large as the step's.
  public let evaluation: EvaluationGraph
  /// What running statistics are measured anew with, in batches as large as the step's; nil where they are not.
  public let statistics: StatisticsGraph?

  /// Whether a step draws random numbers, such as dropout's masks, from the seed of its run.
  var drawNumbers: Bool {
    [step, tailStep].contains { $0?.graph.nodes.contains { $0.operation is any SeededOperation } ?? false }
  }

  /// Builds the graphs.
  ///
  /// - Parameters:
  ///   - configuration: how to train.
  ///   - model: builds the model.
  ///   - dataset: the images.
  ///   - step: the graph of the step, where it has been built already.
  /// - Throws: ``TrainingError/singleImage(isLastBatch:layer:)`` where a batch of one image is too small,
  ///   ``LabGraph/GraphError`` or ``LabNN/ModelError`` where something else does not fit.
  public init(
    _ configuration: TrainingConfiguration, model: ModelFunction, dataset: PreparedDataset, step: TrainingGraph? = nil
  ) throws {
    let size = min(configuration.batchSize, dataset.train.count)
    self.step = try step ?? configuration.graph(model: model, batch: ClassificationBatch(of: dataset, size: size))
    let rest = configuration.lastBatchSize(trainingImages: dataset.train.count)
    tailStep =
      rest == 0
      ? nil
      : try configuration.graph(
        model: model, batch: ClassificationBatch(of: dataset, size: rest), isLastBatch: true)
    // Larger batches than training's cost memory and gain nothing: chunks are what the cache wants.
    let optimization = configuration.optimization
    let weights: ModelContext.Weights = optimization.movingAverage == nil ? .current : .averaged
    evaluation = try EvaluationGraph(
      model: model, batch: ClassificationBatch(of: dataset, size: size), loss: optimization.loss, weights: weights)
    statistics =
      configuration.recalibration == .off
      ? nil
      : try StatisticsGraph(
        model: model, batch: ClassificationBatch(of: dataset, size: size),
        frozenStatistics: optimization.frozenStatistics, weights: weights)
  }
}

extension ClassificationBatch {
  /// A batch of a data set's images.
  public init(of dataset: PreparedDataset, size: Int) {
    let shape = dataset.imageShape
    self.init(
      size: size, image: [shape.channels, shape.height, shape.width], classCount: dataset.classCount,
      classCounts: dataset.classCounts)
  }
}
