/// The weights that were evaluated are far worse than those of an earlier epoch of the same run.
///
/// Thresholds: an earlier epoch was at least 10 points better, and by more than three standard deviations of what the
/// choice of images explains. It is about the weights that the final metrics are those of, so a run that evaluates its
/// best epoch has not collapsed.
struct LateCollapse: HealthCheck {
  let kind = "late_collapse"
  let title = "late collapse"

  func note(on course: RunCourse) -> HealthNote? {
    let evaluations = course.evaluations
    let index = course.final.evaluatedEpoch.flatMap { epoch in evaluations.lastIndex { $0.epoch == epoch + 1 } }
    guard let last = index.map({ evaluations[$0] }) ?? evaluations.last,
      let best = evaluations.filter({ $0.epoch < last.epoch }).max(by: { $0.accuracy < $1.accuracy })
    else { return nil }
    let loss = best.accuracy - last.accuracy
    guard loss >= 0.1 - 1e-9, loss > course.chanceDifference(near: best.accuracy, deviations: 3) else { return nil }
    return found(
      "the accuracy fell from \(best.accuracy.percentText) after epoch \(best.epoch) to \(last.accuracy.percentText) "
        + "after epoch \(last.epoch)", value: loss)
  }
}
