import LabCore

/// Images that show nothing: rows that were never written, broken downloads, closed shutters.
enum ConstantImageCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let images = survey.constants
    guard !images.isEmpty else { return [] }
    let total = SplitName.allCases.reduce(0) { $0 + survey.count($1) }
    return [
      Finding(
        key: "dataset",
        message: "\(images.count) of \(DataSurvey.counted(total, "image")) "
          + "\(images.count == 1 ? "is" : "are") of one colour throughout: "
          + DataSurvey.list(images.map(survey.described), most: 3),
        remedy: "Look whether these images were written and fetched whole, and leave them out if not")
    ]
  }
}
