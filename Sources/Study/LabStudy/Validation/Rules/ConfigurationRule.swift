import LabCore

/// The sections fit the schema: no unknown key, wrong type, unknown name or value out of range.
struct ConfigurationRule: SpecRule {
  func issues(in context: SpecContext) -> [SpecIssue] {
    let overridden = context.draft.factors.map(context.targets(ofEveryLevelOf:)).reduce(into: Set()) {
      $0.formUnion($1)
    }
    return context.base.issues.filter { issue in
      // A required key may be left to a factor; but what is given is given whole.
      issue.kind != .missing
        || !overridden.contains { target in
          issue.path == target || issue.path.hasPrefix(target) && context.draft.sections[at: target] == nil
        }
    }.located(in: context.draft.root)
  }
}

extension [ConfigurationIssue] {
  /// The issues with their places in a spec.
  ///
  /// A place is looked for among all keys of an object; of more issues than anyone reads, the rest is put where the
  /// last one is.
  func located(in root: SourceValue) -> [SpecIssue] {
    var last: SourceLocation?
    return enumerated().map { index, issue in
      if index < SpecIssue.mostLocated { last = root.location(of: issue.path, preferKey: issue.kind == .unknownKey) }
      return SpecIssue(issue, at: last)
    }
  }
}
