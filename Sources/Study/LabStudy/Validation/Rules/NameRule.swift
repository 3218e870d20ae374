import LabCore

/// The name can name files and be typed in a shell.
struct NameRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    guard let name = context.draft.name, !StudySpec.isUsableName(name.text) else { return [] }
    let expected = "a name of letters, digits, \"-\", \"_\" and \".\" that starts with a letter or digit"
    let found = JSONValue.string(name.text).foundDescription
    return [
      SpecIssue(
        at: name.location, keyPath: "name", message: "expected \(expected), found \(found)", found: found,
        expected: expected)
    ]
  }
}
