import LabCore

extension OptimizationConfiguration {
  /// The keys of the configuration.
  public static let schema: ConfigurationSchema = {
    let defaults = OptimizationConfiguration()
    return ConfigurationSchema([
      .init("loss", LossFamily.kind, default: "cross-entropy", "The loss."),
      .init("optimizer", OptimizerFamily.kind, default: "sgd", "The optimiser."),
      .init(
        "learning_rate", .number(.positive), default: .number(defaults.learningRate),
        "The learning rate that the schedule multiplies."),
      .init("schedule", ScheduleFamily.kind, default: "cosine", "The course of the learning rate."),
      .init(
        "warmup_epochs", .number(.nonNegative), default: .number(defaults.warmupEpochs),
        "The length in epochs of a linear rise of the learning rate at the start."),
      .init(
        "warmup_steps", .integer(0...(.max)), default: .integer(defaults.warmupSteps),
        "The length of the rise in steps, instead of epochs."),
      .init(
        "warmup_start_factor", .number(.unit), default: .number(defaults.warmupStartFactor),
        "The factor of the learning rate in the first step of the rise."),
      .init(
        "weight_decay", .number(.nonNegative), default: .number(defaults.weightDecay),
        "The weight decay, as the optimiser understands it."),
      .init(
        "no_decay_on_norm_and_bias", .boolean, default: .boolean(defaults.excludesNormAndBiasFromDecay),
        "Whether biases and normalisations are left out of the weight decay."),
      .init(
        "parameter_groups", .array(.object(ParameterGroup.schema)), default: [],
        "Settings for some parameters; the first group that matches counts."),
      .init(
        "frozen_statistics", .array(.string), default: [],
        "Batch normalisations that train with their running statistics and keep them: names with *, [\"*\"] for all."),
      .init(
        "gradient_clip_norm", .optional(.number(.positive)), default: .null,
        "The largest joint norm of the gradients; null for any."),
      .init(
        "ema_decay", .optional(.number(.init(0, 1, includesMaximum: false))), default: .null, revision: 1,
        "The decay a step of a moving average of the weights, which is then evaluated; null for none."),
      .init(
        "ema_warmup", .boolean, default: .boolean(defaults.warmsUpMovingAverage),
        "Whether that decay grows from 0.1 to its value."),
    ])
  }()
}
