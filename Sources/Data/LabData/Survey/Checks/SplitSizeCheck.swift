import LabCore

/// So few test images that one of them moves the result.
enum SplitSizeCheck: SurveyCheck {
  /// With fewer images, one weighs more than a point of accuracy.
  static let fewest = 100

  static func findings(in survey: DataSurvey) -> [Finding] {
    let count = survey.count(.test)
    guard count > 0, count < fewest else { return [] }
    let weight = (1000 / Double(count)).rounded() / 10
    return [
      Finding(
        key: "dataset",
        message: "there \(count == 1 ? "is" : "are") only \(DataSurvey.counted(count, "test image")), so that one "
          + "image weighs \(weight) points of accuracy",
        remedy: "Use more test images, or take differences of a few images for chance")
    ]
  }
}
