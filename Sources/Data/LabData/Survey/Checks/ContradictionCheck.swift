import LabCore

/// One and the same image with different labels.
enum ContradictionCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let groups = survey.duplicates.filter { Set($0.map(\.label)).count > 1 }
    guard !groups.isEmpty else { return [] }
    let examples = groups.prefix(3).map { group in
      let other = group.first { $0.label != group[0].label } ?? group[0]
      return "\(survey.described(group[0])) = \(survey.described(other))"
    }
    return [
      Finding(
        key: "dataset",
        message: "\(DataSurvey.counted(groups.count, "image")) \(groups.count == 1 ? "occurs" : "occur") with more "
          + "than one label: \(examples.joined(separator: ", "))",
        remedy: "Decide on one label, or leave the images out; labrun data inspect lists all")
    ]
  }
}
