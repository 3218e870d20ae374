import Foundation
import LabCore
import LabRecords

extension Run {
  /// The time until the run has been trained, in seconds, as its process told it last; nil where it tells none.
  ///
  /// - Parameter now: the current time.
  package func toldRemainingSeconds(at now: Date) -> Double? {
    guard let told = progress?.remainingSeconds, told.isFinite else { return nil }
    return max(0, told - max(0, progressAt.map { now.timeIntervalSince($0) } ?? 0))
  }

  /// What its process is about in a few parts, such as `epoch 4/10`, `step 120/400`, `loss 0.6123`, `812 images/s`,
  /// `4 min 05 s left`; empty where it tells nothing.
  ///
  /// - Parameter now: the current time.
  package func progressParts(at now: Date) -> [String] {
    guard let progress else { return [] }
    return [
      "epoch \(epochUnderWay)/\(max(plannedEpochs, progress.epochs))", progress.stepText,
      progress.loss.map { "loss " + NumberText.fixed($0, decimals: 4) },
      progress.imagesPerSecond.map { NumberText.rate($0) + " images/s" },
      toldRemainingSeconds(at: now).map { NumberText.remaining($0) + " left" },
    ].compactMap { $0 }
  }

  /// The epoch that is under way, counted from 1: the first one that is not on record, unless its process is further.
  package var epochUnderWay: Int {
    guard let progress else { return min(completedEpochs + 1, max(plannedEpochs, 1)) }
    return max(progress.epoch, completedEpochs) + 1
  }

  /// What its process told last, as programs read it; null where it tells nothing.
  package var progressJSON: JSONValue {
    guard let progress else { return .null }
    func number(_ value: Double?) -> JSONValue { value.flatMap { $0.isFinite ? .number($0) : nil } ?? .null }
    return [
      "at": progressAt.map { .string($0.ISO8601Format()) } ?? .null, "epoch": .integer(progress.epoch + 1),
      "epochs": .integer(progress.epochs), "step": .integer(progress.step),
      "steps_per_epoch": .integer(progress.stepsPerEpoch), "loss": number(progress.loss),
      "images_per_second": number(progress.imagesPerSecond), "remaining_seconds": number(progress.remainingSeconds),
      "activity": progress.activity.map(JSONValue.string) ?? .null,
    ]
  }
}

extension RunProgress {
  /// The step within the epoch, or what is done where that is not training; nil where no steps are told.
  package var stepText: String? {
    activity?.singleLine ?? (stepsPerEpoch > 0 && step > 0 ? "step \(step)/\(stepsPerEpoch)" : nil)
  }
}
