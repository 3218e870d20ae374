import LabCore
import LabGraph

/// The statistics of one batch in every batch normalisation, as a graph: what running statistics are measured anew with.
///
/// Layers normalise with the statistics of the batch, as in training; there is no dropout, and nothing is written.
///
/// ## Inputs
/// - `images` `[N, C, H, W]` f32, and the ``scalars``: fill them with the position of the last training step.
///
/// ## Outputs
/// - For each of the ``statistics`` the batch's mean and unbiased variance `[C]`, under the names of the running ones.
public struct StatisticsGraph: Sendable {
  /// The graph.
  public let graph: Graph
  /// The running statistics that the batch's are those for, in the order of the layers.
  public let statistics: [ModelContext.MeasuredStatistics]
  /// What has to be filled in before a run.
  public let scalars: [any RuntimeScalar]

  /// Builds the graph.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - batch: what the graph is fed with.
  ///   - frozenStatistics: patterns of the normalizations that keep their running statistics.
  ///   - weights: the weights themselves or their moving averages.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``ModelError`` where options do not.
  public init(
    model: ModelFunction, batch: ClassificationBatch, frozenStatistics: [String] = [],
    weights: ModelContext.Weights = .current
  ) throws {
    let context = ModelContext(.calibration, weights: weights, frozenStatistics: frozenStatistics)
    _ = try batch.logits(model, in: context)
    for (statistics, batchStatistics) in context.measuredStatistics {
      try context.builder.output(statistics.mean, batchStatistics.mean)
      try context.builder.output(statistics.variance, batchStatistics.variance)
    }
    statistics = context.measuredStatistics.map(\.statistics)
    scalars = context.scalars
    graph = context.builder.graph
  }
}
