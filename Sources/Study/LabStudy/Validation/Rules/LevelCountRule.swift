/// A factor has levels, and more than one of them.
struct LevelCountRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.compactMap { factor in
      switch factor.levels.count {
      case 0:
        SpecIssue(
          at: factor.location, keyPath: factor.keyPath, message: "the factor has no levels", found: "no levels",
          expected: "two or more levels")
      case 1:
        SpecIssue(
          .warning, at: factor.location, keyPath: factor.keyPath,
          message: "the factor has one level only and so compares nothing", found: "one level",
          expected: "two or more levels")
      default: nil
      }
    } + emptyLevels(in: context)
  }

  private func emptyLevels(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.flatMap(\.levels).filter(\.settings.isEmpty).filter { !$0.label.isEmpty }.map { level in
      SpecIssue(
        .warning, at: level.location, keyPath: level.keyPath,
        message: "the level \"\(level.label)\" sets nothing and leaves the sections as they are")
    }
  }
}
