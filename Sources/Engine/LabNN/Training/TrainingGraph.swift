import LabCore
import LabGraph

/// A whole training step as one graph: forward, loss, backward, update.
///
/// ## Inputs
/// - `images` `[N, C, H, W]` f32, `labels` `[N]` int32;
/// - `labels2` `[N]` int32 and `mix` `[N]` f32 where ``Options/mixesLabels``: a sample's loss is
///   `mix · loss(labels) + (1 − mix) · loss(labels2)`;
/// - the ``scalars``, among them `learning_rate`; fill them with ``LabGraph/Executable/fill(_:at:)``.
///
/// ## Outputs
/// - `logits` `[N, classes]`, `loss_per_sample` `[N]` with the weighted losses of auxiliary heads, `loss` (the mean), and `gradient_norm` before clipping where
///   ``Options/reportsGradientNorm`` or the gradients are clipped.
public struct TrainingGraph: Sendable {
  /// What a step takes and reports beside the essentials.
  public struct Options: Hashable, Sendable {
    /// Whether each sample has two labels and a share of the first (mixup).
    public var mixesLabels: Bool
    /// Whether the joint norm of the gradients is an output.
    public var reportsGradientNorm: Bool

    /// Creates options.
    public init(mixesLabels: Bool = false, reportsGradientNorm: Bool = false) {
      self.mixesLabels = mixesLabels
      self.reportsGradientNorm = reportsGradientNorm
    }
  }

  /// The graph.
  public private(set) var graph: Graph
  /// The model's parameters and buffers, in order of declaration.
  public let declarations: [ParameterDeclaration]
  /// How each parameter is trained.
  public let plan: [ParameterPlan]
  /// What has to be filled in before every step.
  public let scalars: [any RuntimeScalar]
  /// Whether a step changes running statistics.
  public let updatesStatistics: Bool
  /// The moving average of the weights, where one is kept.
  public let movingAverage: MovingAverageConfiguration?

  /// Builds the step.
  ///
  /// - Parameters:
  ///   - model: builds the model.
  ///   - batch: what a step is fed with.
  ///   - optimization: loss, optimizer and schedule.
  ///   - seed: the run's seed, from which dropout draws its masks.
  ///   - options: what the step takes and reports beside the essentials.
  /// - Throws: ``LabGraph/GraphError`` where shapes do not fit, ``ModelError`` where options do not.
  public init(
    model: ModelFunction, batch: ClassificationBatch, optimization: OptimizationConfiguration, seed: UInt64,
    options: Options = Options()
  ) throws {
    let context = ModelContext(.training, frozenStatistics: optimization.frozenStatistics)
    let builder = context.builder
    let logits = try batch.logits(model, in: context)
    let loss = try builder.scope("loss") {
      try Self.loss(logits, batch, optimization.loss.component, options, context)
    }
    plan = try optimization.plan(for: context.declarations)
    try optimization.checkFrozenStatistics(of: context.declarations)
    declarations = context.declarations
    updatesStatistics = !context.bufferUpdates.isEmpty
    movingAverage = optimization.movingAverage
    try StepUpdates(context: context, optimization: optimization, plan: plan).add(
      loss: loss, reportsNorm: options.reportsGradientNorm)
    scalars = context.scalars
    graph = builder.graph.seeded(seed)
  }

  /// The same step with the random numbers of another seed.
  public func seeded(_ seed: UInt64) -> TrainingGraph {
    var step = self
    step.graph = graph.seeded(seed)
    return step
  }

  /// Adds the loss and its outputs.
  private static func loss(
    _ logits: Tensor, _ batch: ClassificationBatch, _ function: any LossFunction, _ options: Options,
    _ context: ModelContext
  ) throws -> Tensor {
    let builder = context.builder
    func loss(labels name: String) throws -> Tensor {
      let labels = try batch.labels(name, in: context)
      let main = try function(logits, labels: labels, classCounts: batch.classCounts)
      return try context.auxiliaries.reduce(main) { sum, head in
        try sum.adding(function(head.logits, labels: labels, classCounts: batch.classCounts).affine(head.weight))
      }
    }
    var perSample = try loss(labels: ClassifierTensor.labels)
    if options.mixesLabels {
      let other = try loss(labels: ClassifierTensor.secondLabels)
      let share = try builder.input(ClassifierTensor.labelShares, [batch.size])
      perSample = try perSample.multiplied(by: share).adding(other.multiplied(by: share.affine(-1, offset: 1)))
    }
    let mean = try perSample.mean(0)
    try builder.output(ClassifierTensor.logits, logits)
    try builder.output(ClassifierTensor.lossPerSample, perSample)
    try builder.output(ClassifierTensor.loss, mean)
    return mean
  }

  /// The first values of every variable of the graph.
  ///
  /// - Parameters:
  ///   - seed: the run's seed.
  ///   - weights: values that replace drawn ones, by state_dict name, such as those of a trained network.
  public func initialValues(seed: UInt64, replacing weights: [String: [Float]] = [:]) -> [String: [Float]] {
    var values = declarations.filter { weights[$0.name] == nil }.initialValues(seed: seed)
    values.merge(weights) { _, given in given }
    for declaration in declarations where movingAverage != nil {
      values[MovingAverageConfiguration.variableName(of: declaration.name)] = values[declaration.name]
    }
    for variable in graph.variables where values[variable.name] == nil {
      values[variable.name] = [Float](repeating: 0, count: variable.type.shape.elementCount)
    }
    return values
  }
}
