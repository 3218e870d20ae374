import Foundation

/// The loss on the test images is far above the training loss, and worse than knowing nothing.
///
/// Thresholds: the log loss on the test images is above that of equal probabilities for all classes, and more than three
/// times the last training loss. A loss that is not finite counts as infinite.
struct TestLoss: HealthCheck {
  let kind = "test_loss"
  let title = "test loss far above training loss"

  func note(on course: RunCourse) -> HealthNote? {
    guard let classes = course.classCount, let last = course.epochs.last?.metrics.trainLoss else { return nil }
    let loss = course.final.test.logLoss ?? course.final.test.loss
    let equal = log(Double(classes))
    guard !loss.isFinite || (loss > equal && loss > 3 * last) else { return nil }
    return found(
      "the log loss on the test images is \(loss.shortText) beside a training loss of \(last.shortText); equal "
        + "probabilities for all classes would have \(equal.shortText)", value: loss.isFinite ? loss : nil)
  }
}
