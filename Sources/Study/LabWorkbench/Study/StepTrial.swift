import LabCore
import LabGraph
import LabNN
import LabRecords
import LabTrain

extension CompiledVariant {
  /// The time of a run in seconds, evaluations included, as a few of its steps take on this machine; they are thrown away.
  ///
  /// - Parameter threads: threads of the run.
  /// - Returns: nil where no two steps could be made.
  func triedSeconds(threads: Int) -> Double? {
    guard let trainer = try? trainable.trainer(seed: 0, choices: [:], threads: threads) else { return nil }
    let trial = StepTrial()
    _ = try? trainer.run(observer: trial)
    guard let seconds = trial.secondsPerStep, trainingMultiplyAdds > 0 else { return nil }
    return seconds * Double(trainer.stepsPerEpoch * epochs) * runMultiplyAdds / trainingMultiplyAdds
  }
}

/// Stops a training after a few steps, and knows how long they took.
private final class StepTrial: TrainingObserver {
  private static let mostSteps = 30
  private static let mostSeconds = 0.4

  private let clock = ContinuousClock()
  /// When each step had ended, and what the process had computed by then.
  private var ends: [(instant: ContinuousClock.Instant, processorSeconds: Double)] = []
  private(set) var stopRequest = StopRequest.none

  /// The median of the later half of the steps: the first ones also take what comes once.
  ///
  /// On a busy machine, that is the time of the processor: what else runs now may be gone later.
  var secondsPerStep: Double? {
    let steps = zip(ends, ends.dropFirst()).map { first, second in
      min((second.instant - first.instant).seconds, second.processorSeconds - first.processorSeconds)
    }
    let later = steps.dropFirst(steps.count / 2).sorted()
    return later.isEmpty ? nil : later[later.count / 2]
  }

  func didStep(_ progress: RunProgress) {
    ends.append((clock.now, Machine.processorSeconds))
    let seconds = (clock.now - ends[0].instant).seconds
    let isEnough = ends.count > StepTrial.mostSteps || (ends.count > 1 && seconds > StepTrial.mostSeconds)
    if isEnough || progress.step == progress.stepsPerEpoch { stopRequest = .now }
  }

  func didFinishEpoch(_ record: EpochRecord) {}
  func didImprove(_ weights: [NamedTensor], epoch: Int) {}
  func didReachCheckpoint(_ checkpoint: Checkpoint) {}
}
