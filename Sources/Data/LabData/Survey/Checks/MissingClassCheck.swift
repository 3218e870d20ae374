import LabCore

/// Classes without a single training image.
enum MissingClassCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let labels = Array(survey.classNames.indices)
    let missing = labels.filter { survey.count(.train, of: $0) == 0 }
    guard survey.count(.train) > 0, !missing.isEmpty else { return [] }
    let present = labels.count - missing.count
    guard present > 1 else {
      let only = labels.first { survey.count(.train, of: $0) > 0 } ?? 0
      return [
        Finding(
          .error, key: "dataset",
          message: "all training images are of class \(survey.className(only)), so that there is nothing to tell apart",
          remedy: "Give images of at least two classes")
      ]
    }
    let tested = missing.reduce(0) { $0 + survey.count(.test, of: $1) }
    let unlearnt =
      tested > 0
      ? "; the \(DataSurvey.counted(tested, "test image")) of \(missing.count == 1 ? "it" : "them") cannot be right"
      : ""
    let (message, remedy) = explanation(missing, survey)
    return [
      Finding(
        key: "dataset",
        message: "\(missing.count) of \(labels.count) classes \(missing.count == 1 ? "has" : "have") no "
          + "training image: \(survey.list(missing))"
          + "\(message)\(unlearnt)", remedy: remedy)
    ]
  }

  /// What is likely to have happened, and what to do about it.
  private static func explanation(_ missing: [Int], _ survey: DataSurvey) -> (message: String, remedy: String) {
    let last = survey.classNames.count - 1
    let isNumbered = survey.classNames == survey.classNames.indices.map(String.init)
    if isNumbered, missing == [0] {
      return ("; the labels seem to begin at 1", "Subtract 1 from every label, since labels count from 0")
    }
    // A mark for "none" stands alone, far above the other labels.
    let present = survey.classNames.indices.filter { survey.count(.train, of: $0) > 0 }
    if isNumbered, let before = present.dropLast().last, present.last == last, last - before > 1 {
      return (
        "; the label \(last) may be a mark for \"none\"",
        "Leave its images out, or number the classes without gaps from 0"
      )
    }
    return (
      "; each is an output that is never right",
      "Remove these classes (empty folders, unused numbers or names), or give them training images"
    )
  }
}
