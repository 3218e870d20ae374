import LabCore

/// Every level sets keys that exist, and each name means one key only.
struct FactorKeysRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    var explained = 0
    return context.draft.factors.flatMap { factor -> [SpecIssue] in
      let settings = factor.levels.flatMap(\.settings)
      var issues = settings.filter { !$0.isNamedByFactor }.compactMap { setting in
        issue(
          with: setting.name, matches: setting.matches, at: setting.nameLocation, keyPath: setting.keyPath,
          unknown: "unknown key", hint: labeledValueHint(setting, of: factor), &explained, context)
      }
      // The factor's own name matters only where a level is a plain value; then once for all of them.
      if settings.contains(where: \.isNamedByFactor) {
        issues += [
          issue(
            with: factor.name, matches: factor.matches, at: factor.nameLocation, keyPath: factor.keyPath,
            unknown: "no key is called",
            hint: "A factor is named after the key that its levels are values of, or each level is an object of the "
              + "keys that it sets.", &explained, context)
        ].compactMap(\.self)
      }
      return issues
    }
  }

  private func issue(
    with name: String, matches: [StudySchema.Key], at location: SourceLocation, keyPath: ConfigurationPath,
    unknown: String, hint: String?, _ explained: inout Int, _ context: SpecContext
  ) -> SpecIssue? {
    switch matches.count {
    case 1: return nil
    case 0:
      explained += 1
      let suggestion = explained > SpecIssue.mostExplained ? nil : context.schema.suggestion(forKey: name)
      return SpecIssue(
        at: location, keyPath: keyPath, message: "\(unknown) \"\(name)\"", found: "the name \"\(name)\"",
        expected: "a key of the sections \(context.schema.sections.map(\.name).joined(separator: ", "))",
        suggestion: suggestion, hint: suggestion == nil ? hint : nil)
    default:
      let paths = matches.map(\.path.description).joined(separator: ", ")
      return SpecIssue(
        at: location, keyPath: keyPath, message: "\"\(name)\" could be any of \(paths); write the whole path",
        found: "the name \"\(name)\"", expected: "one of \(paths)")
    }
  }

  /// `{"heavy": {"name": "odconv"}}` is a slip for `{"heavy": {"model.conv": {"name": "odconv"}}}`.
  private func labeledValueHint(_ setting: SpecDraft.Setting, of factor: SpecDraft.Factor) -> String? {
    guard let key = factor.key else { return nil }
    return "A level that is an object names the keys that it sets: write { \"\(key.path)\": { … } }."
  }
}
