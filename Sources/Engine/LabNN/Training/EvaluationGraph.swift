import LabCore
import LabGraph

/// A classifier's evaluation as a graph: running statistics, no dropout, nothing written.
///
/// ## Inputs
/// - `images` `[N, C, H, W]` f32, `labels` `[N]` int32 where there is a loss, and the ``scalars``: fill them with the
///   position of the last training step.
///
/// ## Outputs
/// - `logits` `[N, classes]`; where there is a loss, `loss_per_sample` `[N]`. In a padded batch the caller leaves the
///   rows of the padding out.
public struct EvaluationGraph: Sendable {
  /// The graph.
  public let graph: Graph
  /// The model's parameters and buffers, in order of declaration.
  public let declarations: [ParameterDeclaration]
  /// What has to be filled in before a run.
  public let scalars: [any RuntimeScalar]
  /// The parts that can be replaced after training, in the order in which they are computed.
  public let parts: [ModelPart]

  /// Builds the graph.
  ///
  /// - Parameters:
  ///   - model: the model.
  ///   - batch: what the graph is fed with.
  ///   - loss: the loss to report; nil for a graph without labels, as prediction needs it.
  ///   - weights: the weights themselves or their moving averages.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``ModelError`` where options do not.
  public init(
    model: ModelFunction, batch: ClassificationBatch, loss: LossConfiguration? = nil,
    weights: ModelContext.Weights = .current
  ) throws {
    let context = ModelContext(.evaluation, weights: weights)
    let logits = try batch.logits(model, in: context)
    try context.builder.output(ClassifierTensor.logits, logits)
    if let loss {
      try context.builder.scope("loss") {
        try context.builder.output(
          ClassifierTensor.lossPerSample,
          loss.component(
            logits, labels: batch.labels(ClassifierTensor.labels, in: context), classCounts: batch.classCounts))
      }
    }
    declarations = context.declarations
    scalars = context.scalars
    parts = context.parts
    graph = context.builder.graph
  }
}
