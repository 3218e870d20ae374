import LabCore

extension TrainingConfiguration {
  /// What is odd about how the model is to be trained, given the number of training images.
  ///
  /// What can't be trained at all is thrown where graphs are built; this is about settings that have no effect, or another
  /// than their author is likely to expect.
  public func findings(trainingImages: Int) -> [Finding] {
    [warmupFinding(trainingImages: trainingImages)].compactMap(\.self)
  }

  /// A single image that makes up the last batch of an epoch, where the network can be trained on it.
  public func lastBatchFinding(trainingImages: Int) -> Finding? {
    guard batchSize > 1, lastBatchSize(trainingImages: trainingImages) == 1 else { return nil }
    return Finding(
      key: "training.batch_size",
      message:
        "the last batch of an epoch has a single image (\(trainingImages) images in batches of \(batchSize)), which "
        + "then weighs as much as a whole batch, and of which alone normalizations take their statistics",
      remedy: "Leave that batch out with \"drop_last\": true, or choose another \"batch_size\"")
  }

  /// Steps of an epoch.
  public func stepsPerEpoch(trainingImages: Int) -> Int {
    let size = max(1, min(batchSize, trainingImages))
    return max(1, dropsLastBatch ? trainingImages / size : (trainingImages + size - 1) / size)
  }

  /// A warm-up that leaves the schedule no step.
  private func warmupFinding(trainingImages: Int) -> Finding? {
    let steps = stepsPerEpoch(trainingImages: trainingImages) * epochs
    let (key, warmup): (String, Double) =
      optimization.warmupSteps > 0
      ? ("warmup_steps", Double(optimization.warmupSteps))
      : ("warmup_epochs", optimization.warmupEpochs * Double(stepsPerEpoch(trainingImages: trainingImages)))
    guard warmup >= Double(steps), warmup > 0 else { return nil }
    let length = key == "warmup_steps" ? "\(optimization.warmupSteps) steps" : "\(optimization.warmupEpochs) epochs"
    return Finding(
      key: ConfigurationPath("training").appending(key),
      message: "the warm-up takes \(length) and the whole training \(epochs) epochs (\(steps) steps), so that the "
        + "learning rate rises throughout and the schedule after it never happens",
      remedy: "Shorten the warm-up or train for more epochs")
  }
}
