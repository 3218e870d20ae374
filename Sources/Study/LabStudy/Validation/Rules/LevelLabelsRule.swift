/// Levels of a factor can be told apart by their labels.
struct LevelLabelsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.flatMap { factor -> [SpecIssue] in
      var first: [String: SourceLocation] = [:]
      return factor.levels.compactMap { level in
        if let location = first[level.label] {
          return SpecIssue(
            at: level.location, keyPath: level.keyPath,
            message: "the level \"\(level.label)\" is listed twice; the first one is in line \(location.line)",
            found: "a second \"\(level.label)\"")
        }
        first[level.label] = level.location
        guard !level.label.isEmpty, !level.label.contains(where: \.isNewline) else {
          return SpecIssue(
            at: level.location, keyPath: level.keyPath, message: "a level's label is one line of text",
            found: "the label \"\(level.label)\"", expected: "one line of text")
        }
        return nil
      }
    }
  }
}
