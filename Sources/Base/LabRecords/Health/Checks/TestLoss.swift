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
    guard let classes = course.classCount, let last = course.trainLosses.last?.loss,
      let testLoss = course.final.metrics[.test("loss")]
    else { return nil }
    let logLoss = course.final.metrics[.test("log_loss")] ?? testLoss
    let equal = log(Double(classes))
    // Values of different loss functions are never set side by side.
    guard !logLoss.isFinite || (logLoss > equal && !(testLoss <= 3 * last)) else { return nil }
    return found(
      "the loss on the test images is \(testLoss.shortText) beside a training loss of \(last.shortText), and their log loss "
        + "of \(logLoss.shortText) is above the \(equal.shortText) of equal probabilities for all classes",
      value: logLoss.isFinite ? logLoss : nil)
  }
}
