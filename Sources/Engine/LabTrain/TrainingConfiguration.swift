import LabCore
import LabData
import LabGraph
import LabNN

/// How a model is trained: duration, batches, augmentation, and the optimisation of ``LabNN/OptimizationConfiguration``.
///
/// The keys of the optimisation stand beside the others in one object.
public struct TrainingConfiguration: Hashable, Sendable {
  /// Passes over the training split.
  public var epochs = 10
  /// Images a step.
  public var batchSize = 64
  /// Whether each epoch has an order of its own; without, images come as they are stored.
  public var shuffle = true
  /// Whether the last, smaller batch of an epoch is left out.
  public var dropsLastBatch = false
  /// How images are varied.
  public var augmentation = AugmentationConfiguration()
  /// Loss, optimiser, learning rate and what goes with them.
  public var optimization = OptimizationConfiguration()
  /// Evaluations without a better validation accuracy after which training ends; nil trains to the end.
  ///
  /// With an ``evaluationInterval`` of 5, an early stopping of 3 waits for 15 epochs.
  public var earlyStoppingEvaluations: Int?
  /// Which weights the final metrics are those of.
  public var finalWeights = FinalWeights.last
  /// Epochs between evaluations; the last epoch is always evaluated.
  public var evaluationInterval = 1
  /// Whether, and over how many training images, running statistics are measured anew before each evaluation.
  public var recalibration = Recalibration.off
  /// A file of weights, by state_dict name, to start from.
  public var initialWeights: String?
  /// What is taken off the names of that file, such as `module.`; nil takes them as they are.
  public var initialPrefix: String?
  /// Whether that file must have exactly the model's weights.
  public var initialMatch = InitialMatch.strict
  /// Patterns of weights that are drawn though that file may have them.
  public var initialExclusions: [String] = []
  /// The algorithms that convolutions may use.
  public var algorithms = ConvolutionAlgorithms.automatic
  /// In what training steps keep activations and weights.
  public var precision = Precision.float32
  /// What the backward pass computes again instead of keeping it.
  public var recomputation = Recomputation.normalizations

  /// Creates a configuration with every key at its default.
  public init() {}

  /// Which weights are evaluated at the end.
  public enum FinalWeights: String, Codable, Sendable, CaseIterable {
    /// Those of the last step.
    case last
    /// Those of the epoch with the best validation accuracy.
    case best
  }

  /// How the weights to start from must fit the model.
  public enum InitialMatch: String, Codable, Sendable, CaseIterable {
    /// Names and shapes are exactly the model's.
    case strict
    /// Weights whose name and shape fit are taken; the model's others are drawn, the file's others left.
    case partial
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case epochs, shuffle, augmentation, algorithms, precision
    case batchSize = "batch_size"
    case recomputation = "recompute"
    case dropsLastBatch = "drop_last"
    case earlyStoppingEvaluations = "early_stopping"
    case finalWeights = "final_weights"
    case evaluationInterval = "evaluate_every"
    case recalibration = "recalibrate_statistics"
    case initialWeights = "initial_weights"
    case initialPrefix = "initial_prefix"
    case initialMatch = "initial_match"
    case initialExclusions = "initial_exclude"
  }
}

extension TrainingConfiguration: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let defaults = TrainingConfiguration()
    epochs = try container.decodeIfPresent(Int.self, forKey: .epochs) ?? defaults.epochs
    batchSize = try container.decodeIfPresent(Int.self, forKey: .batchSize) ?? defaults.batchSize
    shuffle = try container.decodeIfPresent(Bool.self, forKey: .shuffle) ?? defaults.shuffle
    dropsLastBatch = try container.decodeIfPresent(Bool.self, forKey: .dropsLastBatch) ?? defaults.dropsLastBatch
    augmentation =
      try container.decodeIfPresent(AugmentationConfiguration.self, forKey: .augmentation) ?? defaults.augmentation
    earlyStoppingEvaluations = try container.decodeIfPresent(Int.self, forKey: .earlyStoppingEvaluations)
    finalWeights = try container.decodeIfPresent(FinalWeights.self, forKey: .finalWeights) ?? defaults.finalWeights
    evaluationInterval =
      try container.decodeIfPresent(Int.self, forKey: .evaluationInterval) ?? defaults.evaluationInterval
    recalibration = try container.decodeIfPresent(Recalibration.self, forKey: .recalibration) ?? defaults.recalibration
    initialWeights = try container.decodeIfPresent(String.self, forKey: .initialWeights)
    initialPrefix = try container.decodeIfPresent(String.self, forKey: .initialPrefix)
    initialMatch = try container.decodeIfPresent(InitialMatch.self, forKey: .initialMatch) ?? defaults.initialMatch
    initialExclusions = try container.decodeIfPresent([String].self, forKey: .initialExclusions) ?? []
    algorithms =
      try container.decodeIfPresent(ConvolutionAlgorithms.self, forKey: .algorithms) ?? defaults.algorithms
    precision = try container.decodeIfPresent(Precision.self, forKey: .precision) ?? defaults.precision
    recomputation = try container.decodeIfPresent(Recomputation.self, forKey: .recomputation) ?? defaults.recomputation
    optimization = try OptimizationConfiguration(from: decoder)
  }

  public func encode(to encoder: any Encoder) throws {
    try optimization.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(epochs, forKey: .epochs)
    try container.encode(batchSize, forKey: .batchSize)
    try container.encode(shuffle, forKey: .shuffle)
    try container.encode(dropsLastBatch, forKey: .dropsLastBatch)
    try container.encode(augmentation, forKey: .augmentation)
    try container.encode(earlyStoppingEvaluations, forKey: .earlyStoppingEvaluations)
    try container.encode(finalWeights, forKey: .finalWeights)
    try container.encode(evaluationInterval, forKey: .evaluationInterval)
    try container.encode(recalibration, forKey: .recalibration)
    try container.encode(initialWeights, forKey: .initialWeights)
    try container.encode(initialPrefix, forKey: .initialPrefix)
    try container.encode(initialMatch, forKey: .initialMatch)
    try container.encode(initialExclusions, forKey: .initialExclusions)
    try container.encode(algorithms, forKey: .algorithms)
    try container.encode(precision, forKey: .precision)
    try container.encode(recomputation, forKey: .recomputation)
  }

  /// The keys of the configuration, those of the optimisation included.
  public static let schema: ConfigurationSchema = {
    let defaults = TrainingConfiguration()
    let own: [ConfigurationSchema.Field] = [
      .init(
        CodingKeys.epochs.rawValue, .integer(1...100_000), default: .integer(defaults.epochs),
        "Passes over the training split."),
      .init(
        CodingKeys.batchSize.rawValue, .integer(1...65_536), default: .integer(defaults.batchSize), "Images a step."),
      .init(
        CodingKeys.shuffle.rawValue, .boolean, default: .boolean(defaults.shuffle),
        "Whether each epoch has an order of its own; without, images come as they are stored."),
      .init(
        CodingKeys.dropsLastBatch.rawValue, .boolean, default: .boolean(defaults.dropsLastBatch),
        "Whether the last, smaller batch of an epoch is left out."),
      .init(
        CodingKeys.augmentation.rawValue, AugmentationConfiguration.kind, default: "none", "How images are varied."),
    ]
    let last: [ConfigurationSchema.Field] = [
      .init(
        CodingKeys.earlyStoppingEvaluations.rawValue, .optional(.integer(1...100_000)), default: .null,
        "Evaluations, of which evaluate_every says how often they are, without a better validation accuracy after which "
          + "training ends; null trains to the end."),
      .init(
        CodingKeys.finalWeights.rawValue, .choice(FinalWeights.allCases.map(\.rawValue)), default: "last",
        "Which weights the final metrics are those of: the last, or the best by validation accuracy."),
      .init(
        CodingKeys.evaluationInterval.rawValue, .integer(1...100_000), default: .integer(defaults.evaluationInterval),
        "Epochs between evaluations; the last epoch is always evaluated."),
      Recalibration.field,
      .init(
        CodingKeys.initialWeights.rawValue, .optional(.string), default: .null,
        "A file of weights (HDF5, safetensors or PyTorch, by state_dict name) to start from; null draws them all."),
      // Runs are told apart by the weights that the prefix leads to.
      .init(
        CodingKeys.initialPrefix.rawValue, .optional(.string), default: .null, isResultRelevant: false,
        "What is taken off the names of that file, such as module. or model.; null takes them as they are."),
      .init(
        CodingKeys.initialMatch.rawValue, .choice(InitialMatch.allCases.map(\.rawValue)), default: "strict",
        "Whether that file must have exactly the model's weights, or those that fit are taken."),
      .init(
        CodingKeys.initialExclusions.rawValue, .array(.string), default: [],
        "Weights that are drawn though that file has them: patterns as in parameter_groups, such as tag:head."),
      .init(
        CodingKeys.algorithms.rawValue, .choice(ConvolutionAlgorithms.allCases.map(\.rawValue)),
        default: .string(defaults.algorithms.rawValue),
        "The algorithms of convolutions: the fastest for each shape by rules that hold on every machine, or by what "
          + "this machine was measured to do; or direct ones only, which round less."),
      .init(
        CodingKeys.precision.rawValue, .choice(Precision.allCases.map(\.rawValue)),
        default: .string(defaults.precision.rawValue),
        "In what steps keep activations and weights: single precision, or bfloat16 with single-precision sums, "
          + "updates and parameters."),
      .init(
        CodingKeys.recomputation.rawValue, .choice(Recomputation.allCases.map(\.rawValue)),
        default: .string(defaults.recomputation.rawValue),
        "What the backward pass computes again instead of keeping it: normalizations and activations, which takes no "
          + "time, or 1×1 convolutions to three times as many channels and more, too, for want of memory."),
    ]
    return ConfigurationSchema(own + OptimizationConfiguration.schema.fields + last)
  }()
}
