import LabCore

/// How a model is trained, apart from data and duration: loss, optimiser, learning rate and what goes with them.
///
/// Its keys are meant to stand beside those of a training loop in one object; decoding leaves foreign keys alone.
public struct OptimizationConfiguration: Encodable, Hashable, Sendable {
  /// The loss.
  public var loss = LossConfiguration(CrossEntropyLoss())
  /// The optimiser.
  public var optimizer = OptimizerConfiguration(SGD())
  /// The learning rate that the schedule multiplies.
  public var learningRate = 0.1
  /// The course of the learning rate.
  public var schedule = ScheduleConfiguration(CosineSchedule())
  /// The length in epochs of a linear rise of the learning rate; not together with ``warmupSteps``.
  public var warmupEpochs = 0.0
  /// The length in steps of a linear rise of the learning rate.
  public var warmupSteps = 0
  /// The factor of the learning rate in the first step of the rise.
  public var warmupStartFactor = 0.1
  /// The weight decay.
  public var weightDecay = 5e-4
  /// Whether biases and normalisations are left out of the weight decay.
  public var excludesNormAndBiasFromDecay = false
  /// Settings for some parameters; the first group that matches counts.
  public var parameterGroups: [ParameterGroup] = []
  /// Patterns of the normalisations that train with their running statistics and keep them.
  public var frozenStatistics: [String] = []
  /// The largest joint norm of the gradients; nil for any.
  public var gradientClipNorm: Double?
  /// The decay a step of the weights' moving average; nil for none.
  public var movingAverageDecay: Double?
  /// Whether that decay grows from 0.1 to its value.
  public var warmsUpMovingAverage = true

  /// Creates a configuration with every key at its default.
  public init() {}

  enum CodingKeys: String, CodingKey {
    case loss, optimizer, schedule
    case learningRate = "learning_rate"
    case warmupEpochs = "warmup_epochs"
    case warmupSteps = "warmup_steps"
    case warmupStartFactor = "warmup_start_factor"
    case weightDecay = "weight_decay"
    case excludesNormAndBiasFromDecay = "no_decay_on_norm_and_bias"
    case parameterGroups = "parameter_groups"
    case frozenStatistics = "frozen_statistics"
    case gradientClipNorm = "gradient_clip_norm"
    case movingAverageDecay = "ema_decay"
    case warmsUpMovingAverage = "ema_warmup"
  }

  /// The moving average, where there is one.
  public var movingAverage: MovingAverageConfiguration? {
    movingAverageDecay.map { MovingAverageConfiguration(decay: $0, warmsUp: warmsUpMovingAverage) }
  }

  /// The learning rate of each step.
  ///
  /// - Throws: ``ModelError/option(subject:problem:)`` for two lengths of the warm-up.
  public func learningRateScalar() throws -> LearningRate {
    guard warmupSteps == 0 || warmupEpochs == 0 else {
      throw ModelError.option(
        subject: "warmup_steps", problem: "the warm-up has a length in epochs (\(warmupEpochs)) and in steps")
    }
    let length: Warmup.Length = warmupSteps > 0 ? .steps(warmupSteps) : .epochs(warmupEpochs)
    return LearningRate(
      base: learningRate, schedule: schedule, warmup: Warmup(length, startFactor: warmupStartFactor))
  }
}

extension OptimizationConfiguration: Decodable {
  /// Reads the configuration's own keys of an object; absent ones have their defaults.
  ///
  /// - Throws: ``LabCore/ConfigurationError`` with everything that is wrong with them.
  public init(configuration: JSONValue) throws {
    let names = Set(Self.schema.fields.map(\.name))
    let own = (configuration.objectValue ?? [:]).filter { names.contains($0.key) }
    let members = CanonicalMembers(try Self.schema.resolved(.object(own)))
    loss = try members[CodingKeys.loss]
    optimizer = try members[CodingKeys.optimizer]
    learningRate = try members[CodingKeys.learningRate]
    schedule = try members[CodingKeys.schedule]
    warmupEpochs = try members[CodingKeys.warmupEpochs]
    warmupSteps = try members[CodingKeys.warmupSteps]
    warmupStartFactor = try members[CodingKeys.warmupStartFactor]
    weightDecay = try members[CodingKeys.weightDecay]
    excludesNormAndBiasFromDecay = try members[CodingKeys.excludesNormAndBiasFromDecay]
    parameterGroups = try members[CodingKeys.parameterGroups]
    frozenStatistics = try members[CodingKeys.frozenStatistics]
    gradientClipNorm = try members[CodingKeys.gradientClipNorm]
    movingAverageDecay = try members[CodingKeys.movingAverageDecay]
    warmsUpMovingAverage = try members[CodingKeys.warmsUpMovingAverage]
  }

  public init(from decoder: any Decoder) throws {
    try self.init(configuration: JSONValue(from: decoder))
  }
}
