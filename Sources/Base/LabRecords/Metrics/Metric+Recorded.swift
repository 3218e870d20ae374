extension Metric {
  /// The numbers of a run that come from elsewhere than from predictions.
  static let recorded: [Metric] = [
    Metric(
      recorded: "loss", title: "loss", direction: .lowerIsBetter,
      summary: "the mean of the loss that was trained with, which other losses cannot be compared with"),
    Metric(
      recorded: "learning_rate", title: "learning rate", direction: .neutral,
      summary: "the base learning rate of the epoch's last step"),
    Metric(
      recorded: "images_per_second", title: "images/s", direction: .higherIsBetter,
      summary: "training throughput in images a second"),
    Metric(
      recorded: "step_milliseconds", title: "step time ms", direction: .lowerIsBetter,
      summary: "the mean duration of a training step in milliseconds"),
    Metric(
      recorded: "train_seconds", title: "train time", unit: .seconds, direction: .lowerIsBetter,
      summary: "time spent in training steps, over all attempts"),
    Metric(
      recorded: "evaluation_seconds", title: "evaluation time", unit: .seconds, direction: .lowerIsBetter,
      summary: "time spent in evaluation"),
    Metric(
      recorded: "peak_memory_bytes", title: "peak memory", unit: .bytes, direction: .lowerIsBetter,
      summary: "the most memory that the process occupied while the run trained"),
    Metric(
      recorded: "planned_memory_bytes", title: "planned memory", unit: .bytes, direction: .lowerIsBetter,
      summary: "the memory that the run by itself was planned to need"),
  ]
}
