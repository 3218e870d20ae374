import LabCore

/// Levels of a factor mean different things.
struct EqualLevelsRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    context.draft.factors.flatMap { factor -> [SpecIssue] in
      var first: [JSONValue: String] = [:]
      return factor.levels.compactMap { level in
        guard let configuration = context.configuration(settingLevel: level) else { return nil }
        let resolution = context.schema.configuration.resolve(configuration)
        guard resolution.issues.count == context.base.issues.count else { return nil }
        guard let other = first[resolution.value] else {
          first[resolution.value] = level.label
          return nil
        }
        guard other != level.label else { return nil }
        return SpecIssue(
          .warning, at: level.location, keyPath: level.keyPath,
          message: "the level \"\(level.label)\" means the same as \"\(other)\"; equal cells are trained once")
      }
    }
  }
}
