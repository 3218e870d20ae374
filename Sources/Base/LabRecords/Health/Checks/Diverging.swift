/// The training loss was rising when training ended.
///
/// Thresholds: the last epoch's training loss is not finite, or more than half as large again as that of the best epoch
/// before it and above it by more than a tenth of the first epoch's.
struct Diverging: HealthCheck {
  let kind = "diverging"
  let title = "diverging"

  func note(on course: RunCourse) -> HealthNote? {
    guard course.epochs.count > 1, let last = course.epochs.last else { return nil }
    let loss = last.metrics.trainLoss
    guard loss.isFinite else { return found("the training loss of the last epoch is \(loss.shortText)") }
    let earlier = course.epochs.dropLast().filter(\.metrics.trainLoss.isFinite)
    guard let first = earlier.first?.metrics.trainLoss,
      let best = earlier.min(by: { $0.metrics.trainLoss < $1.metrics.trainLoss }),
      loss > 1.5 * best.metrics.trainLoss, loss - best.metrics.trainLoss > 0.1 * abs(first)
    else { return nil }
    return found(
      "the training loss rose from \(best.metrics.trainLoss.shortText) in epoch \(best.epoch + 1) to "
        + "\(loss.shortText) in epoch \(last.epoch + 1)", value: loss / best.metrics.trainLoss)
  }
}
