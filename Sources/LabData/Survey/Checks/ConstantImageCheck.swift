import LabCore

/// Images that show nothing: rows that were never written, broken downloads, closed shutters.
enum ConstantImageCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let images = survey.constants
    guard !images.isEmpty else { return [] }
    let total = SplitName.allCases.reduce(0) { $0 + survey.count($1) }
    // A colour may be what tells the classes apart; the same one everywhere is nothing to learn from.
    let isAllAlike = images.count == total && survey.duplicates.contains { $0.count == total }
    return [
      Finding(
        isAllAlike ? .error : .warning, key: "dataset",
        message: "\(images.count) of \(DataSurvey.counted(total, "image")) "
          + "\(images.count == 1 ? "is" : "are") of one colour throughout: "
          + DataSurvey.list(images.map(survey.described), most: 3),
        remedy: "Look whether these images were written and fetched whole, and leave them out if not")
    ]
  }
}
