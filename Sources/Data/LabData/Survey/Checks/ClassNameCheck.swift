import Foundation
import LabCore

/// Class names that people or programs take for one another.
enum ClassNameCheck: SurveyCheck {
  static func findings(in survey: DataSurvey) -> [Finding] {
    let names = survey.classNames
    var findings: [Finding] = []
    let blank = names.indices.filter { names[$0] != trimmed(names[$0]) || names[$0].isEmpty }
    if !blank.isEmpty {
      findings.append(
        Finding(
          key: "dataset",
          message: "the names of \(DataSurvey.counted(blank.count, "class", "classes")) begin or end with blanks, or "
            + "are empty: \(DataSurvey.list(blank.map { "\"\(names[$0])\"" }))",
          remedy: "Take the blanks away; with them, names that look alike are different classes"))
    }
    let groups = Dictionary(grouping: names.indices) { folded(names[$0]) }.values.filter { $0.count > 1 }
    for group in groups.sorted(by: { $0[0] < $1[0] }).prefix(5) {
      let isEqual = Set(group.map { Array(names[$0].utf8) }).count == 1
      let list = DataSurvey.list(group.map { "\($0)" })
      findings.append(
        Finding(
          key: "dataset",
          message: isEqual
            ? "the classes \(list) are all called \"\(names[group[0]])\""
            : "the classes \(list) differ only in blanks, case or the encoding of letters: "
              + DataSurvey.list(group.map { "\"\(names[$0])\"" }),
          remedy: "Give every class a name of its own, or make them one class"))
    }
    return findings
  }

  private static func trimmed(_ name: String) -> String { name.trimmingCharacters(in: .whitespacesAndNewlines) }

  private static func folded(_ name: String) -> String {
    trimmed(name).precomposedStringWithCompatibilityMapping.lowercased()
  }
}
