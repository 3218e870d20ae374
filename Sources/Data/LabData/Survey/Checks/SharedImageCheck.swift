import LabCore

/// Images that a model has learnt by heart before it is tested, or chosen, by them.
enum SharedImageCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    [
      finding(in: survey, .test, [.train, .validation], remedy: "measures what was memorised"),
      finding(in: survey, .validation, [.train], remedy: "chooses by what was memorised"),
    ].compactMap(\.self)
  }

  private static func finding(
    in survey: DataSurvey, _ split: SplitName, _ sources: Set<SplitName>, remedy: String
  ) -> Finding? {
    var shared = 0
    var examples: [String] = []
    for group in survey.duplicates {
      let members = group.filter { $0.split == split }
      guard let source = group.first(where: { sources.contains($0.split) }), let first = members.first else { continue }
      shared += members.count
      if examples.count < 3 { examples.append("\(first.name) = \(source.name)") }
    }
    guard shared > 0 else { return nil }
    return Finding(
      key: split == .test ? "dataset" : "dataset.validation",
      message: "\(shared) of \(DataSurvey.counted(survey.count(split), "\(split.rawValue) image")) "
        + "(\(DataSurvey.percentage(shared, of: survey.count(split)))) \(shared == 1 ? "is" : "are") also among the "
        + "training images, pixel by pixel, which \(remedy): \(examples.joined(separator: ", "))",
      remedy: "Write the data set anew without them: labrun data prepare … --drop-duplicates")
  }
}
