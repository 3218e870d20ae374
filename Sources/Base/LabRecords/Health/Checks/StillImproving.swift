import Foundation

/// The accuracy was still rising when training ended, so that a longer training would have given another result.
///
/// Thresholds: a gain of more than 1 point an epoch between the last two evaluations, and more than one standard
/// deviation of what the choice of images explains; only of runs that were trained to their end and whose last weights
/// were evaluated.
struct StillImproving: HealthCheck {
  let kind = "still_improving"
  let title = "still improving"
  let makesPreliminary = true

  func summary(of variants: String) -> String? {
    "\(variants) gained more than 1 point in their last epoch: a longer training would change the numbers, and perhaps "
      + "their order"
  }

  func note(on course: RunCourse) -> HealthNote? {
    let evaluations = course.evaluations.suffix(2)
    guard let before = evaluations.first, let last = evaluations.last, evaluations.count == 2,
      last.epoch == course.plannedEpochs, course.final.evaluatedEpoch.map({ $0 + 1 == last.epoch }) ?? true
    else { return nil }
    let gain = last.accuracy - before.accuracy
    let perEpoch = gain / Double(last.epoch - before.epoch)
    guard perEpoch > 0.01 + 1e-9, gain > course.chanceDifference(near: last.accuracy, deviations: 1) else { return nil }
    let points = String(format: "%.1f", locale: Locale(identifier: "en_US_POSIX"), perEpoch * 100)
    return found(
      "the accuracy rose by \(points) points in the last epoch, to \(last.accuracy.percentText)", value: perEpoch)
  }
}
