/// Nearly every test image is given one and the same class.
///
/// Thresholds: at least 95 % of the predictions, of a class that has less than 90 % of the images; from 10 images on.
struct OneClass: HealthCheck {
  let kind = "one_class"
  let title = "one class predicted"

  func note(on course: RunCourse) -> HealthNote? {
    let predictions = course.predictions
    let total = predictions.reduce(0, +)
    guard course.classCount != nil, total >= 10, let most = predictions.max(),
      let index = predictions.firstIndex(of: most)
    else { return nil }
    let (share, images) = (Double(most) / Double(total), Double(course.support[index]) / Double(total))
    guard share >= 0.95, images < 0.9 else { return nil }
    let name = course.final.classNames.indices.contains(index) ? course.final.classNames[index] : "\(index)"
    return found(
      "\(share.percentText) of the test images are given the class \"\(name)\", which \(images.percentText) of them "
        + "belong to", value: share)
  }
}
