/// The network does no better on the test images than naming the commonest class would.
///
/// Threshold: the accuracy is at most that class's share of the images plus two standard deviations of it. Where nearly
/// one class is predicted, the note says that instead.
struct AtChance: HealthCheck {
  let kind = "at_chance"
  let title = "at chance"

  func note(on course: RunCourse) -> HealthNote? {
    let support = course.support
    let total = support.reduce(0, +)
    guard course.classCount != nil, total > 0, support.count(where: { $0 > 0 }) > 1,
      OneClass().note(on: course) == nil, let accuracy = course.final.metrics[.test("accuracy")]
    else { return nil }
    let share = Double(support.max() ?? 0) / Double(total)
    guard accuracy <= share + 2 * (share * (1 - share) / Double(total)).squareRoot() else { return nil }
    return found(
      "the test accuracy of \(accuracy.percentText) is no better than naming the commonest class for every one of the "
        + "\(total) images (\(share.percentText))", value: accuracy)
  }
}
