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
    }.map { issue in
      SpecIssue(
        issue, at: context.draft.root.location(of: issue.path, preferKey: issue.kind == .unknownKey))
    }
  }
}
