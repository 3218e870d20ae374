import Foundation

/// The loss on the test images is far above the training loss, and worse than knowing nothing.
///
/// Thresholds: the log loss on the test images is above that of equal probabilities for all classes, and the loss that was
/// trained with is more than three times as large there as in the last epoch's training. A loss that is not finite counts as
/// infinite.
struct TestLoss: HealthCheck {
  let kind = "test_loss"
  let title = "test loss far above training loss"

  func note(on course: RunCourse) -> HealthNote? {
    guard let classes = course.classCount, let last = course.epochs.last?.metrics.trainLoss else { return nil }
    let test = course.final.test
    let logLoss = test.logLoss ?? test.loss
    let equal = log(Double(classes))
    // Values of different loss functions are never set side by side.
    guard !logLoss.isFinite || (logLoss > equal && !(test.loss <= 3 * last)) else { return nil }
    return found(
      "the loss on the test images is \(test.loss.shortText) beside a training loss of \(last.shortText), and their log loss "
        + "of \(logLoss.shortText) is above the \(equal.shortText) of equal probabilities for all classes",
      value: logLoss.isFinite ? logLoss : nil)
  }
}
