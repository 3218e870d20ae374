import LabCore

/// Classes with a single training image, and classes that the test images lack.
enum RareClassCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let labels = Array(survey.classNames.indices)
    let single = labels.filter { survey.count(.train, of: $0) == 1 }
    let untested = labels.filter { survey.count(.train, of: $0) > 0 && survey.count(.test, of: $0) == 0 }
    var findings: [Finding] = []
    if !single.isEmpty {
      findings.append(
        Finding(
          key: "dataset",
          message: "\(DataSurvey.counted(single.count, "class", "classes")) of \(labels.count) "
            + "\(single.count == 1 ? "has" : "have") a single training image: \(survey.list(single))",
          remedy: "Give more images of \(single.count == 1 ? "it" : "them"), or leave the class out"))
    }
    if !untested.isEmpty, survey.count(.test) > 0 {
      findings.append(
        Finding(
          key: "dataset",
          message: "\(DataSurvey.counted(untested.count, "class", "classes")) of \(labels.count) "
            + "\(untested.count == 1 ? "has" : "have") no test image, so that accuracy says nothing of "
            + "\(untested.count == 1 ? "it" : "them"): \(survey.list(untested))",
          remedy: "Give test images of every class"))
    }
    return findings
  }
}
