import LabCore

/// Files whose images are shown in another way than they are trained on.
enum ImageTraitCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    [
      finding(
        survey.traits.turned, "have an EXIF orientation",
        "pixels are taken as they are stored, so that these photographs lie turned or mirrored",
        remedy: "Turn the pixels first, for example with exiftran -ai or magick mogrify -auto-orient"),
      finding(
        survey.traits.transparent, "are transparent in places",
        "transparency is dropped, and what is stored below it shows",
        remedy: "Put them on a background first, for example with magick mogrify -background white -flatten"),
    ].compactMap(\.self)
  }

  private static func finding(
    _ entry: ImageTraitTally.Entry, _ what: String, _ consequence: String, remedy: String
  ) -> Finding? {
    guard entry.count > 0 else { return nil }
    return Finding(
      key: "dataset",
      message: "\(DataSurvey.counted(entry.count, "image file")) \(entry.count == 1 ? singular(what) : what), but "
        + "\(consequence): \(entry.examples.joined(separator: ", "))"
        + (entry.count > entry.examples.count ? " and \(entry.count - entry.examples.count) more" : ""),
      remedy: remedy)
  }

  private static func singular(_ what: String) -> String {
    what.hasPrefix("have") ? "has" + what.dropFirst(4) : "is" + what.dropFirst(3)
  }
}
