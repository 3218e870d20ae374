/// The training loss was rising when training ended.
///
/// Thresholds: the last epoch's training loss is not finite, or more than half as large again as that of the best epoch
/// before it and above it by more than a tenth of the first epoch's.
struct Diverging: HealthCheck {
  let kind = "diverging"
  let title = "diverging"

  func note(on course: RunCourse) -> HealthNote? {
    let losses = course.trainLosses
    guard losses.count > 1, let (epoch, loss) = losses.last else { return nil }
    guard loss.isFinite else { return found("the training loss of the last epoch is \(loss.shortText)") }
    let earlier = losses.dropLast().filter(\.loss.isFinite)
    guard let first = earlier.first?.loss, let best = earlier.min(by: { $0.loss < $1.loss }),
      loss > 1.5 * best.loss, loss - best.loss > 0.1 * abs(first)
    else { return nil }
    return found(
      "the training loss rose from \(best.loss.shortText) in epoch \(best.epoch) to "
        + "\(loss.shortText) in epoch \(epoch)", value: loss / best.loss)
  }
}
