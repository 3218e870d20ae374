import LabCore
import LabNN

/// What temperature and learning rate do within the training's length, before it begins and when it has ended.
extension TrainingConfiguration {
  /// Annealings and schedules that the training's length cuts off, or that take nearly all of it.
  ///
  /// - Parameters:
  ///   - scalars: what the training's graph is fed with, such as ``LabNN/TrainingGraph/scalars``.
  ///   - stepsPerEpoch: the number of steps of one epoch.
  public func courseFindings(scalars: [any RuntimeScalar], stepsPerEpoch: Int) -> [Finding] {
    var findings: [Finding] = []
    if let remark = annealingRemark(scalars: scalars, stepsPerEpoch: stepsPerEpoch, trainedSteps: nil) {
      findings.append(
        Finding(
          key: "model.conv", message: remark,
          remedy: "Give the descent's length as a share of the training (\"temperature_share\": 0.1), set "
            + "\"temperature_epochs\", or train for more epochs"))
    }
    if let remark = optimization.schedule.component.remark(epochs: epochs) {
      findings.append(
        Finding(
          key: "training.schedule", message: remark,
          remedy: "Set the drops within the training, or leave them out to have them at half and three quarters of it"))
    }
    return findings
  }

  /// What is odd about the descent of an attention's temperature; nil without one, or where nothing is.
  ///
  /// - Parameters:
  ///   - scalars: what the training's graph is fed with.
  ///   - stepsPerEpoch: the number of steps of one epoch.
  ///   - trainedSteps: the steps that were trained; nil before training, for all of them.
  public func annealingRemark(
    scalars: [any RuntimeScalar], stepsPerEpoch: Int, trainedSteps: Int?
  ) -> String? {
    scalars.lazy.compactMap { $0 as? TemperatureAnnealing }.first?
      .remark(until: end(stepsPerEpoch, trainedSteps))
  }

  /// What an attention's temperature does, in one clause; nil without one.
  public func annealingSummary(scalars: [any RuntimeScalar], stepsPerEpoch: Int) -> String? {
    scalars.lazy.compactMap { $0 as? TemperatureAnnealing }.first?.summary(until: end(stepsPerEpoch, nil))
  }

  /// What is odd about the learning rate's course in a training that has ended; nil where nothing is.
  ///
  /// Thresholds: a warm-up at least as long as the training; what the schedule itself says, such as drops behind the
  /// end; or a training that stopped early, when the learning rate was more than a twentieth above the one that it was
  /// to end with.
  ///
  /// - Parameters:
  ///   - stepsPerEpoch: the number of steps of one epoch.
  ///   - trainedEpochs: the epochs that were trained.
  /// - Throws: ``LabNN/ModelError`` where the options of the learning rate do not fit.
  public func scheduleRemark(stepsPerEpoch: Int, trainedEpochs: Int) throws -> String? {
    let rate = try optimization.learningRateScalar()
    if rate.warmup.steps(stepsPerEpoch: stepsPerEpoch) >= stepsPerEpoch * trainedEpochs {
      return "the learning rate was still rising when training ended: the warm-up is as long as the training"
    }
    if let remark = optimization.schedule.component.remark(epochs: epochs) { return remark }
    let last = end(stepsPerEpoch, nil)
    let (reached, planned) = (
      rate.value(at: last.at(step: stepsPerEpoch * trainedEpochs - 1)), rate.value(at: last.at(step: last.step - 1))
    )
    guard trainedEpochs < epochs, reached > 1.05 * planned else { return nil }
    return
      "training stopped after \(trainedEpochs) of \(epochs) epochs, which cut the schedule off at a learning rate of "
      + "\(Float(reached)) instead of \(Float(planned))"
  }

  private func end(_ stepsPerEpoch: Int, _ trainedSteps: Int?) -> StepPosition {
    let total = stepsPerEpoch * epochs
    return StepPosition(step: trainedSteps ?? total, stepsPerEpoch: stepsPerEpoch, totalSteps: total)
  }
}
